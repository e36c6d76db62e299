"""Where a repository's references stand."""

from collections.abc import Iterator

import pygit2
from pygit2.enums import ReferenceType

from session_lattice.events import Ref, RefsObserved
from session_lattice.sources.git import refs
from session_lattice.sources.git.facts import Facts
from session_lattice.sources.git.repository import ERRORS, plain

MAX_REFS = 5_000
"""References that are told and followed: local branches, then remotes' branches, then tags."""

KINDS = (refs.LOCAL, "refs/remotes/", "refs/tags/")


def tips(repository: pygit2.Repository) -> Iterator[tuple[str, pygit2.Oid]]:
    """(name, commit) of the first MAX_REFS references; one that leads nowhere is left out.

    A detached HEAD comes without a name.
    """
    if repository.head_is_detached:
        yield "", repository.head.peel(pygit2.Commit).id
    names = [name for name in repository.raw_listall_references() if _rank(name) < len(KINDS)]
    for raw in sorted(names, key=lambda name: (_rank(name), name))[:MAX_REFS]:
        try:
            reference = repository.lookup_reference(raw.decode("utf-8"))
            if reference.type != ReferenceType.SYMBOLIC:
                yield plain(raw, refs.NAME_CHARS), reference.peel(pygit2.Commit).id
        except ERRORS:
            continue


def observed(repo: str, repository: pygit2.Repository, found: tuple[Ref, ...]) -> RefsObserved:
    """The event, with what of its fields can be read."""
    facts = Facts(path=repo)
    for part in (refs.head, refs.default_branch, refs.remote):
        try:
            part(repository, facts, 0)
        except ERRORS:
            continue
    return RefsObserved(
        repo=repo,
        head=facts.head or "",
        head_sha=_head_sha(repository),
        default_branch=facts.default_branch or "",
        remote_url=facts.remote_url or "",
        shallow=facts.shallow,
        bare=repository.is_bare,
        refs=found,
    )


def _head_sha(repository: pygit2.Repository) -> str:
    try:
        return "" if repository.head_is_unborn else str(repository.head.target)
    except ERRORS:
        return ""


def _rank(name: bytes) -> int:
    kinds = (rank for rank, kind in enumerate(KINDS) if name.startswith(kind.encode()))
    return next(kinds, len(KINDS))
