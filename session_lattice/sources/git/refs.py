"""What a repository's references tell: branches, the remote, stashes, an operation under way."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pygit2
from pygit2.enums import RepositoryState

from session_lattice.sources.git.facts import Branch, Facts
from session_lattice.sources.git.repository import ERRORS, plain

MAX_BRANCHES = 500
"""Local branches that are looked at."""

MAX_STALE_BRANCHES = 50
"""Stale branches that are told, the oldest first."""

STALE_SECONDS = 30 * 86_400
"""How old a branch's tip is when the branch is stale."""

NAME_CHARS = 250
URL_CHARS = 2_000
DETACHED = "detached"
ORIGIN_HEAD = "refs/remotes/origin/HEAD"
ORIGIN = "refs/remotes/origin/"
LOCAL = "refs/heads/"

OPERATIONS = {
    RepositoryState.MERGE: "merge",
    RepositoryState.REVERT: "revert",
    RepositoryState.REVERT_SEQUENCE: "revert",
    RepositoryState.CHERRYPICK: "cherry-pick",
    RepositoryState.CHERRYPICK_SEQUENCE: "cherry-pick",
    RepositoryState.BISECT: "bisect",
    RepositoryState.REBASE: "rebase",
    RepositoryState.REBASE_INTERACTIVE: "rebase",
    RepositoryState.REBASE_MERGE: "rebase",
    RepositoryState.APPLY_MAILBOX: "am",
    RepositoryState.APPLY_MAILBOX_OR_REBASE: "am",
}

_SCP_LIKE = re.compile(r"[^/@:]+@([^/:]+:)")


def head(repository: pygit2.Repository, facts: Facts, _now: int) -> None:
    facts.shallow = repository.is_shallow
    if repository.head_is_detached:
        facts.head = DETACHED
        return
    target = str(repository.lookup_reference("HEAD").target)
    facts.head = plain(target.removeprefix(LOCAL), NAME_CHARS)


def default_branch(repository: pygit2.Repository, facts: Facts, _now: int) -> None:
    """The remote's, else main or master if there is one."""
    if ORIGIN_HEAD in repository.references:
        target = repository.lookup_reference(ORIGIN_HEAD).target
        if isinstance(target, str) and target.startswith(ORIGIN):
            facts.default_branch = plain(target.removeprefix(ORIGIN), NAME_CHARS)
            return
    usual = (name for name in ("main", "master") if LOCAL + name in repository.references)
    facts.default_branch = next(usual, None)


def remote(repository: pygit2.Repository, facts: Facts, _now: int) -> None:
    if "remote.origin.url" in repository.config:
        url = repository.config["remote.origin.url"] or ""
        facts.remote_url = without_user(plain(url, URL_CHARS)) or None


def without_user(url: str) -> str:
    """The address without who calls: a token often stands there. Nor with a query."""
    if "://" not in url:
        return _SCP_LIKE.sub(r"\1", url, count=1) if _SCP_LIKE.match(url) else url
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def operation(repository: pygit2.Repository, facts: Facts, _now: int) -> None:
    facts.operation = OPERATIONS.get(repository.state())


def distance(repository: pygit2.Repository, facts: Facts, _now: int) -> None:
    if repository.head_is_detached or repository.head_is_unborn:
        return
    branch = repository.lookup_branch(repository.head.shorthand)
    upstream = branch.upstream if branch else None
    if upstream:
        there = upstream.peel(pygit2.Commit).id
        here = repository.head.peel(pygit2.Commit).id
        facts.ahead, facts.behind = repository.ahead_behind(here, there)


def stashes(repository: pygit2.Repository, facts: Facts, _now: int) -> None:
    facts.stashes = len(repository.listall_stashes())


def stale_branches(repository: pygit2.Repository, facts: Facts, now: int) -> None:
    stale = [
        Branch(name=plain(name, NAME_CHARS), tip_at=tip.commit_time)
        for name, tip in tips(repository)
        if name not in (facts.head, facts.default_branch) and tip.commit_time < now - STALE_SECONDS
    ]
    stale.sort(key=lambda branch: (branch.tip_at, branch.name))
    facts.stale_branches = stale[:MAX_STALE_BRANCHES]


def tips(repository: pygit2.Repository) -> Iterator[tuple[str, pygit2.Commit]]:
    """The first MAX_BRANCHES local branches; one that leads nowhere is left out."""
    for raw in repository.raw_listall_branches()[:MAX_BRANCHES]:
        try:
            name = raw.decode("utf-8")
            yield name, repository.lookup_reference(LOCAL + name).peel(pygit2.Commit)
        except ERRORS:
            continue
