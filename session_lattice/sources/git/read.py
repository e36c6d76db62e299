"""Reads one repository part by part, so that what breaks one part leaves the others."""

from collections.abc import Callable, Iterator, Sequence

import pygit2

from session_lattice.sources.git import history, refs, worktree
from session_lattice.sources.git.facts import Facts
from session_lattice.sources.git.repository import ERRORS, open_repository, plain

PROBLEM_CHARS = 300

PARTS: Sequence[Callable[[pygit2.Repository, Facts, int], None]] = (
    refs.head,
    refs.default_branch,
    refs.remote,
    refs.operation,
    refs.stashes,
    refs.stale_branches,
    refs.distance,
    history.history,
    worktree.files,
)
"""What takes longest comes last: whoever cannot wait has the rest."""


def read(path: str, now: int) -> Iterator[Facts]:
    """The facts of the repository at `path` after each part; `now` is unix seconds."""
    facts = Facts(path=path)
    try:
        repository = open_repository(path)
    except ERRORS as error:
        facts.problems.append(_problem("opening", error))
        yield facts
        return
    facts.found = True
    for part in PARTS:
        try:
            part(repository, facts, now)
        except ERRORS as error:
            facts.problems.append(_problem(part.__name__.replace("_", " "), error))
        yield facts
    repository.free()


def _problem(what: str, error: BaseException) -> str:
    return plain(f"{what}: {type(error).__name__}: {error}", PROBLEM_CHARS)
