"""What came to a repository since it was last told, in portions that each stand for themselves."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import msgspec
import pygit2

from session_lattice.events import Ref
from session_lattice.sources.base import count_warning
from session_lattice.sources.git import commits, helpers, reflog, standing
from session_lattice.sources.git.gitdir import git_directory, small, worktrees
from session_lattice.sources.git.objects import Objects
from session_lattice.sources.git.portion import Portion
from session_lattice.sources.git.repository import ERRORS, open_repository

BLOCK_COMMITS = 500
PORTION_FILES = 4_000
"""Commits and changed files after which a portion ends."""

SPREAD_COMMITS = 2_000
"""With so many the work is spread over processes."""

PORTION_MOVES = 1_000
SHALLOW_BYTES = 4 * 1024 * 1024

_encoded = msgspec.json.encode


class _Commit(msgspec.Struct, gc=False):
    """Of a commit's event what says where it stands in the history."""

    sha: str
    parents: tuple[str, ...] = ()


class _Commits(msgspec.Struct):
    commits: list[_Commit]


_decoder = msgspec.json.Decoder(_Commits)


class _Work:
    """The commits that are to be told, in blocks that do not depend on each other."""

    def __init__(self, path: str, repo: str, seconds: float) -> None:
        self._path = path
        self._repo = repo
        self._seconds = seconds
        self.found: Sequence[pygit2.Oid] = ()

    def parts(self) -> Iterator[bytes]:
        """Encoded portions without their tips."""
        blocks = -(-len(self.found) // BLOCK_COMMITS)
        if len(self.found) >= SPREAD_COMMITS:
            yield from helpers.spread(self.block, blocks, self._seconds)
        else:
            for number in range(blocks):
                yield from self.block(number)

    def block(self, number: int) -> Iterator[bytes]:
        objects, cut = self._opened
        portion, files = Portion(), 0
        first = number * BLOCK_COMMITS
        for place in range(first, min(first + BLOCK_COMMITS, len(self.found))):
            sha = self.found[place]
            commit = objects.repository.get(sha)
            if not isinstance(commit, pygit2.Commit):
                continue
            sketched = place >= len(self.found) - commits.SKETCHED_COMMITS
            event, trouble = commits.observed(
                self._repo, objects, commit, sketched=sketched, cut=str(sha) in cut
            )
            if trouble:
                count_warning(portion.warnings, trouble, 1)
            portion.commits.append(event)
            files += len(event.changes)
            if files >= PORTION_FILES:
                yield msgspec.json.encode(portion)
                portion, files = Portion(), 0
        if portion.commits:
            yield msgspec.json.encode(portion)

    @cached_property
    def _opened(self) -> tuple[Objects, frozenset[str]]:
        """Once for each process: what libgit2 has open is not to be shared."""
        return Objects(open_repository(self._path)), _cut(self._path)


def since(
    path: str, repo: str, told: list[str], marks: dict[str, str], seconds: float
) -> Iterator[bytes]:
    """Encoded portions: commits not behind the `told` ones, references, entries after `marks`.

    Of the repository at `path`, which events call `repo`; `seconds` are for one portion.
    """
    try:
        repository = open_repository(path)
    except ERRORS:
        yield _encoded(Portion(warnings={"unreadable_repository": 1}))
        return
    refs, trouble = _tips(repository)
    yield from _commits(_Work(path, repo, seconds), repository, refs, told)
    named = tuple(Ref(name=name, sha=str(sha)) for name, sha in refs if name)
    seen = standing.observed(repo, repository, named)
    yield _encoded(Portion(standing=seen, warnings={trouble: 1} if trouble else {}))
    yield from map(_encoded, _moves(path, repo, marks))
    repository.free()


def _tips(repository: pygit2.Repository) -> tuple[list[tuple[str, pygit2.Oid]], str]:
    found: list[tuple[str, pygit2.Oid]] = []
    try:
        found += standing.tips(repository)
    except ERRORS:
        return found, "unreadable_references"
    return found, ""


def _commits(
    work: _Work, repository: pygit2.Repository, refs: list[tuple[str, pygit2.Oid]], told: list[str]
) -> Iterator[bytes]:
    sources, missing = [sha for _, sha in refs], 0
    try:
        found = commits.untold(repository, sources, told)
    except ERRORS:
        found, missing = commits.reachable(repository, sources, told), 1
    if missing:
        yield _encoded(Portion(warnings={"missing_commits": missing}))
    tips, work.found = commits.Tips(told), found
    for part in work.parts():
        for commit in _decoder.decode(part).commits:
            tips.add(commit.sha, commit.parents)
        # Spliced in: to decode a portion whole and encode it again takes as long as the log does.
        yield b'{"tips":' + msgspec.json.encode(tips.listed()) + b"," + part[1:]


def _cut(path: str) -> frozenset[str]:
    """Commits whose parents a shallow repository does not have."""
    directory = git_directory(path)
    return frozenset(small(f"{directory}/shallow", SHALLOW_BYTES).split() if directory else ())


def _moves(path: str, repo: str, marks: dict[str, str]) -> Iterator[Portion]:
    directory = git_directory(path)
    if directory is None:
        return
    for own, top in ((directory, repo), *worktrees(directory)):
        portion = Portion()
        for move, mark in reflog.moves(repo, top, own, marks.get(top, "")):
            portion.moves.append(move)
            portion.marks[top] = mark
            if len(portion.moves) >= PORTION_MOVES:
                yield portion
                portion = Portion()
        if portion.moves:
            yield portion
