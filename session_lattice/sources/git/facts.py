"""What is told of one repository; times are unix seconds, UTC."""

import msgspec


class Commit(msgspec.Struct, kw_only=True):
    """One commit; `refs` are the local branches whose tip it is."""

    sha: str
    author_name: str
    author_email: str
    authored_at: int
    committer_name: str
    committer_email: str
    committed_at: int
    offset_minutes: int
    subject: str
    body: str
    parents: list[str]
    refs: list[str] = []


class Branch(msgspec.Struct, kw_only=True):
    """A local branch and when its tip was committed."""

    name: str
    tip_at: int


class Facts(msgspec.Struct, kw_only=True):
    """What could be known of the repository at `path`; `problems` says what could not.

    `head` is the branch that is checked out, "detached" without one. `ahead` and `behind` count
    commits against the branch's upstream. `changes` is a sample of (path, kind) of what is not
    committed; an untracked directory counts as one. The `_30d` counts are of the history of
    `head`, up to the limits of `history`.
    """

    path: str
    found: bool = False
    shallow: bool = False
    head: str | None = None
    default_branch: str | None = None
    remote_url: str | None = None
    operation: str | None = None
    ahead: int = 0
    behind: int = 0
    stashes: int = 0
    stale_branches: list[Branch] = []
    commits: list[Commit] = []
    commits_30d: int = 0
    changed_lines_30d: int = 0
    authors_30d: int = 0
    untracked_files: int = 0
    modified_files: int = 0
    changes: list[tuple[str, str]] = []
    problems: list[str] = []
