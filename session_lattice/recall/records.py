"""The shapes of the API, field by field as the original service writes them."""

from hashlib import blake2b
from pathlib import PurePosixPath, PureWindowsPath

import msgspec

from session_lattice.sources.text import is_windows

ID_BYTES = 6
"""Of an id: small enough for a number in JavaScript, and the same in every scan."""

Link = tuple[int, str, str]
"""Id, name and path of a repository that a session worked in."""


class Session(msgspec.Struct, kw_only=True):
    id: int
    session_uuid: str
    cwd: str | None
    started_at: int | None
    ended_at: int | None
    message_count: int
    user_message_count: int
    assistant_message_count: int
    last_prompt: str | None
    source_file: str
    duration_ms: int | None
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_creation_tokens: int
    parent_uuid: str | None = None
    request_id: str | None = None
    message_id: str | None = None
    is_sidechain_count: int
    models_used: list[str]
    tools_used: list[str]
    tool_call_counts_json: str
    stop_reason_counts_json: str = "{}"


class SessionWithRepos(msgspec.Struct):
    session: Session
    repos: list[Link]


class StaleBranch(msgspec.Struct):
    name: str
    tip_age_secs: int


class Repo(msgspec.Struct, kw_only=True):
    id: int
    path: str
    name: str
    session_count: int
    commits_30d: int = 0
    loc_churn_30d: int = 0
    untracked_files: int = 0
    modified_files: int = 0
    authors_30d: int = 0
    commits_ahead: int = 0
    commits_behind: int = 0
    stash_count: int = 0
    head_ref: str | None = None
    in_progress_op: str | None = None
    stale_branches: list[StaleBranch] = []
    open_prs: int = 0
    draft_prs: int = 0
    open_issues: int = 0
    prs_awaiting_my_review: int = 0
    prs_mine_awaiting_review: int = 0
    prs_mine_no_reviewer: int = 0
    my_draft_prs: int = 0
    issues_assigned_to_me: int = 0
    deploy_workflow: str | None = None
    deploy_status: str | None = None
    deploy_last_success_ts: int | None = None
    remote_url: str | None = None
    default_branch: str | None = None
    action_required: bool = False
    action_signals: list[str] = []
    activity_score: float = 0.0


class Commit(msgspec.Struct, kw_only=True):
    id: int
    repo_id: int
    sha: str
    author_name: str
    author_email: str
    timestamp: int
    subject: str
    committer_name: str
    committer_email: str
    committer_date_iso: str
    parents: str
    refs: str
    body: str


class CommitWithRepo(msgspec.Struct):
    commit: Commit
    repo_id: int
    repo_name: str
    repo_path: str
    repo_remote_url: str | None


class UncommittedGroup(msgspec.Struct):
    """`sample` is a few of the changes, as (path, kind)."""

    repo_id: int
    repo_name: str
    repo_path: str
    repo_remote_url: str | None
    total: int
    sample: list[tuple[str, str]]


class Action(msgspec.Struct):
    """What somebody should see to in a repository; `id` is the same while it is to be done."""

    id: str
    repo_id: int
    repo_name: str
    repo_path: str
    remote_url: str | None
    signal: str
    detail: str


class Banner(msgspec.Struct, frozen=True, kw_only=True):
    """How many repositories show each signal; those of a forge stay 0."""

    dirty_repos: int = 0
    in_progress_ops: int = 0
    detached_heads: int = 0
    review_requested: int = 0
    issue_assigned: int = 0
    push: int = 0
    deploy_failing: int = 0
    deploy_stale: int = 0


class Counts(msgspec.Struct, frozen=True):
    repos: int = 0
    sessions: int = 0
    links: int = 0
    commits: int = 0


class Page(msgspec.Struct, kw_only=True):
    """All of `/` but which scan it is of."""

    repos: list[Repo] = []
    recent_sessions: list[msgspec.Raw] = []
    recent_commits: list[CommitWithRepo] = []
    uncommitted_groups: list[UncommittedGroup] = []
    action_required: list[Action] = []
    banner: Banner = Banner()
    counts: Counts = Counts()
    earliest_session: int | None = None


def identity(*parts: str) -> int:
    """A number that stands for `parts`."""
    joined = "\0".join(parts).encode("utf-8", "replace")
    return int.from_bytes(blake2b(joined, digest_size=ID_BYTES).digest())


def name_of(repo: str) -> str:
    """A repository's name: the last part of its path."""
    path = PureWindowsPath(repo) if is_windows(repo) else PurePosixPath(repo)
    return path.name or repo


def link(repo: str) -> Link:
    return identity(repo), name_of(repo), repo
