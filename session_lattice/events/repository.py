"""What is known of a repository and of the directories in it: the events of `repo/<id>`."""

from typing import Literal

from session_lattice.events.base import Count, Event, Text

Evidence = Literal["git", "layout", "upstream", "cwd"]


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
