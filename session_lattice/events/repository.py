"""What is known of a repository and of the directories in it: the events of `repo/<id>`."""

from typing import Literal

import msgspec

from session_lattice.events.base import Count, Event, Text

Evidence = Literal["git", "layout", "upstream", "cwd"]
ChangeStatus = Literal["added", "modified", "deleted", "renamed", "copied", "type_changed"]
ReferenceKind = Literal["pull_request", "issue", "either"]


class CheckoutObserved(Event, frozen=True, kw_only=True, tag="checkout.observed"):
    """A working directory belongs to `repo`; `worktree` is its checkout's top directory.

    `evidence` is "git" when a `.git` on disk says so, "layout" when the path itself does,
    "upstream" when it lies in a repository that an upstream names, "cwd" when nothing is known
    and the directory stands for itself.
    """

    cwd: str
    repo: str
    worktree: str
    evidence: Evidence


class RepoObserved(Event, frozen=True, kw_only=True, omit_defaults=True, tag="repo.observed"):
    """What an upstream says of a repository, whole: what is left out is 0, empty or unknown.

    `repo` is the path of its main checkout. The counts of 30 days end when it was observed.
    `in_progress` is an operation that waits for an end, such as "rebase"; `head` the branch that
    is checked out, or "detached". Those of a forge (pull requests, issues, deployments) are as
    the person sees them whose credentials the upstream has.
    """

    repo: str
    upstream: str
    name: str
    remote_url: str = ""
    default_branch: str = ""
    head: str = ""
    in_progress: str = ""
    commits_30d: Count = 0
    changed_lines_30d: Count = 0
    authors_30d: Count = 0
    untracked_files: Count = 0
    modified_files: Count = 0
    commits_ahead: Count = 0
    commits_behind: Count = 0
    stashes: Count = 0
    stale_branches: tuple[Text, ...] = ()
    open_prs: Count = 0
    draft_prs: Count = 0
    open_issues: Count = 0
    prs_awaiting_my_review: Count = 0
    prs_mine_awaiting_review: Count = 0
    prs_mine_no_reviewer: Count = 0
    my_draft_prs: Count = 0
    issues_assigned_to_me: Count = 0
    deploy_workflow: str = ""
    deploy_status: str = ""
    deployed_at: int | None = None


class Trailer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A `Key: value` line of the last paragraph of a commit's message."""

    key: str
    value: Text


class Reference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A pull request or an issue that a text names.

    `host` is "" where the text does not say, such as `owner/repo#12`; `slug` is "owner/repo" in
    lower case, "" for a bare `#12`: that is one of the repository at hand.
    """

    number: Count
    slug: str = ""
    host: str = ""
    kind: ReferenceKind = "either"


class ChangedFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A file of a commit; paths are relative to the repository's top, with "/" between parts.

    `lines` is the sketch of the lines that were added (`sources.sketch`).
    """

    path: Text
    status: ChangeStatus
    former_path: Text = ""
    additions: Count = 0
    deletions: Count = 0
    binary: bool = False
    lines: tuple[int, ...] = ()


class CommitObserved(Event, frozen=True, kw_only=True, omit_defaults=True, tag="commit.observed"):
    """A commit that a reference of the repository leads to.

    `repo` is its main checkout's directory, of a bare one its own. Times are microseconds, UTC.
    `files_changed`, `additions` and `deletions` are whole also where `changes` is cut. A merge has
    no changes: its parents' commits have them.
    """

    repo: str
    sha: str
    parents: tuple[str, ...] = ()
    author_name: Text = ""
    author_email: Text = ""
    committer_name: Text = ""
    committer_email: Text = ""
    authored_at: int
    committed_at: int
    subject: Text = ""
    body: Text = ""
    trailers: tuple[Trailer, ...] = ()
    references: tuple[Reference, ...] = ()
    files_changed: Count = 0
    additions: Count = 0
    deletions: Count = 0
    changes: tuple[ChangedFile, ...] = ()


class Ref(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A reference by its full name, such as refs/heads/main, and the commit that it leads to."""

    name: str
    sha: str


class RefsObserved(Event, frozen=True, kw_only=True, omit_defaults=True, tag="refs.observed"):
    """Where a repository's references stand, whole: it replaces the one before.

    `head` is the branch that its main checkout is on, "detached" without one.
    """

    repo: str
    head: str = ""
    head_sha: str = ""
    default_branch: str = ""
    remote_url: str = ""
    shallow: bool = False
    bare: bool = False
    refs: tuple[Ref, ...] = ()


class HeadMoved(Event, frozen=True, kw_only=True, omit_defaults=True, tag="head.moved"):
    """An entry of the reflog of a worktree's HEAD: what was checked out from then on.

    `number` is the entry's place in that log, from 0. `action` is the first word of its message,
    such as commit, checkout or reset; `branch` where a checkout went.
    """

    repo: str
    worktree: str
    number: Count
    sha: str
    former_sha: str = ""
    action: str = ""
    branch: str = ""
