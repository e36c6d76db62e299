"""What came to a repository since it was last told, in portions that each stand for themselves."""

from collections.abc import Iterator

import pygit2

from session_lattice.events import Ref
from session_lattice.sources.base import count_warning
from session_lattice.sources.git import commits, reflog, standing
from session_lattice.sources.git.gitdir import git_directory, small, worktrees
from session_lattice.sources.git.objects import Objects
from session_lattice.sources.git.portion import Portion
from session_lattice.sources.git.repository import ERRORS, open_repository

PORTION_COMMITS = 500
PORTION_FILES = 4_000
"""Commits and their changed files after which a portion ends."""

PORTION_MOVES = 1_000
SHALLOW_BYTES = 4 * 1024 * 1024


def since(path: str, repo: str, told: list[str], marks: dict[str, str]) -> Iterator[Portion]:
    """The commits not behind the `told` ones, where references stand, entries after `marks`.

    Of the repository at `path`, which events call `repo`.
    """
    try:
        repository = open_repository(path)
    except ERRORS:
        yield Portion(warnings={"unreadable_repository": 1})
        return
    refs, trouble = _tips(repository)
    yield from _commits(path, repo, repository, refs, told)
    named = tuple(Ref(name=name, sha=str(sha)) for name, sha in refs if name)
    seen = standing.observed(repo, repository, named)
    yield Portion(standing=seen, warnings={trouble: 1} if trouble else {})
    yield from _moves(path, repo, marks)
    repository.free()


def _tips(repository: pygit2.Repository) -> tuple[list[tuple[str, pygit2.Oid]], str]:
    found: list[tuple[str, pygit2.Oid]] = []
    try:
        found += standing.tips(repository)
    except ERRORS:
        return found, "unreadable_references"
    return found, ""


def _commits(
    path: str,
    repo: str,
    repository: pygit2.Repository,
    refs: list[tuple[str, pygit2.Oid]],
    told: list[str],
) -> Iterator[Portion]:
    sources, warnings = [sha for _, sha in refs], {}
    try:
        found = commits.untold(repository, sources, told)
    except ERRORS:
        found, warnings = commits.reachable(repository, sources, told), {"missing_commits": 1}
    tips, objects, cut = commits.Tips(told), Objects(repository), _cut(path)
    portion, files = Portion(warnings=warnings), 0
    sketched_from = len(found) - commits.SKETCHED_COMMITS
    for number, sha in enumerate(found):
        commit = repository.get(sha)
        if not isinstance(commit, pygit2.Commit):
            continue
        event, trouble = commits.observed(
            repo, objects, commit, sketched=number >= sketched_from, cut=str(sha) in cut
        )
        if trouble:
            count_warning(portion.warnings, trouble, 1)
        tips.add(event.sha, event.parents)
        portion.commits.append(event)
        files += len(event.changes)
        if len(portion.commits) >= PORTION_COMMITS or files >= PORTION_FILES:
            portion.tips = tips.listed()
            yield portion
            portion, files = Portion(), 0
    if portion.commits or portion.warnings:
        portion.tips = tips.listed()
        yield portion


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
