"""The commits that references lead to and that were not told yet, parents first."""

from collections import deque
from collections.abc import Iterable

import pygit2
from pygit2.enums import SortMode

from session_lattice.events import CommitObserved
from session_lattice.sources.git import message
from session_lattice.sources.git.changes import Changes, changes
from session_lattice.sources.git.objects import Objects
from session_lattice.sources.git.repository import ERRORS, plain

MAX_COMMITS = 50_000
"""Commits of one reading, the newest."""

SKETCHED_COMMITS = 10_000
"""The newest commits of one reading, whose added lines are kept: sessions are no older."""

MAX_TIPS = 2_000
"""Commits that stand for all that lies behind them, those told last."""

MAX_PARENTS = 16
NAME_CHARS = 200
SECOND = 1_000_000
LAST_SECOND = 253_402_300_799
"""Of the year 9999: a commit may claim any time."""


class Tips:
    """What was told so far, by the commits that nothing told lies on: hide them and all is."""

    def __init__(self, told: Iterable[str]) -> None:
        self._tips = dict.fromkeys(told)

    def add(self, sha: str, parents: Iterable[str]) -> None:
        for parent in parents:
            self._tips.pop(parent, None)
        self._tips[sha] = None
        if len(self._tips) > MAX_TIPS:
            del self._tips[next(iter(self._tips))]

    def listed(self) -> list[str]:
        return list(self._tips)


def untold(
    repository: pygit2.Repository, tips: Iterable[pygit2.Oid], told: Iterable[str]
) -> deque[pygit2.Oid]:
    """At most MAX_COMMITS, each after its parents."""
    walk = repository.walk(None, SortMode.TOPOLOGICAL | SortMode.TIME)
    for tip in tips:
        walk.push(tip)
    for sha in told:
        # A commit that nothing leads to any more may have been swept away.
        if sha in repository:
            walk.hide(pygit2.Oid(hex=sha))
    found: deque[pygit2.Oid] = deque()
    for commit in walk:
        found.appendleft(commit.id)
        if len(found) >= MAX_COMMITS:
            break
    return found


def reachable(
    repository: pygit2.Repository, tips: Iterable[pygit2.Oid], told: Iterable[str]
) -> deque[pygit2.Oid]:
    """As `untold` where commits are missing, which libgit2's walk ends at: around them.

    It may name commits behind the told ones again.
    """
    found: deque[pygit2.Oid] = deque()
    seen = {pygit2.Oid(hex=sha) for sha in told}
    stack = [(tip, False) for tip in tips]
    while stack and len(found) < MAX_COMMITS:
        sha, entered = stack.pop()
        if entered:
            found.append(sha)
        elif sha not in seen:
            seen.add(sha)
            commit = repository.get(sha)
            if isinstance(commit, pygit2.Commit):
                stack.append((sha, True))
                stack += [(parent, False) for parent in commit.parent_ids]
    return found


def observed(
    repo: str, objects: Objects, commit: pygit2.Commit, *, sketched: bool, cut: bool
) -> tuple[CommitObserved, str]:
    """The commit's event, and "" or what of it could not be read.

    `cut` is one whose parents a shallow repository leaves out: it only looks like a beginning.
    """
    trouble, found = "", Changes()
    try:
        found = Changes() if cut else _changes(objects, commit, sketched=sketched)
    except ERRORS:
        trouble = "unreadable_changes"
    said = message.parse(commit.raw_message, commit.message_encoding)
    author, committer = commit.author, commit.committer
    event = CommitObserved(
        repo=repo,
        sha=str(commit.id),
        parents=tuple(str(parent) for parent in commit.parent_ids[:MAX_PARENTS]),
        author_name=plain(author.raw_name, NAME_CHARS),
        author_email=plain(author.raw_email, NAME_CHARS),
        committer_name=plain(committer.raw_name, NAME_CHARS),
        committer_email=plain(committer.raw_email, NAME_CHARS),
        authored_at=_micros(author.time),
        committed_at=_micros(commit.commit_time),
        subject=said.subject,
        body=said.body,
        trailers=said.trailers,
        references=said.references,
        files_changed=found.files_changed,
        additions=found.additions,
        deletions=found.deletions,
        changes=found.files,
    )
    return event, trouble


def _micros(seconds: int) -> int:
    return min(max(seconds, 0), LAST_SECOND) * SECOND


def _changes(objects: Objects, commit: pygit2.Commit, *, sketched: bool) -> Changes:
    """Of a merge none: its parents' commits have them."""
    parents = commit.parent_ids
    if len(parents) > 1:
        return Changes()
    old = b""
    if parents:
        parent = objects.repository.get(parents[0])
        if not isinstance(parent, pygit2.Commit):
            raise KeyError(str(parents[0]))
        old = parent.tree_id.raw
    return changes(objects, old, commit.tree_id.raw, sketched=sketched)
