"""Makes the repository of the sample sessions, commit by commit, the same each time."""

import tomllib
from pathlib import Path

import pygit2
from pygit2.enums import FileMode

from session_lattice.errors import SourceError
from session_lattice.events import CheckoutObserved, Draft
from session_lattice.sources.text import digest

HISTORY = Path(__file__).parents[2] / "sample" / "repository" / "history.toml"

REPOSITORY = "/home/sam/tidewatch"
"""Where the sample's sessions have it."""

AUTHOR = "Sam Tide <sam@example.org>"
OFFSET_MINUTES = 60
REMOTE = "https://example.org/sam/tidewatch"


def build(place: Path) -> None:
    """A bare repository at `place`, unless it is there. Raises SourceError."""
    if (place / "HEAD").exists():
        return
    try:
        _build(place, tomllib.loads(HISTORY.read_text("utf-8"))["commit"])
    except (OSError, ValueError, KeyError, pygit2.GitError) as error:
        raise SourceError(f"the sample repository cannot be made: {error}") from error


def checkout(ts: int) -> Draft:
    """That the sessions' directory is the repository, though this machine has no such one."""
    event = CheckoutObserved(cwd=REPOSITORY, repo=REPOSITORY, worktree=REPOSITORY, evidence="git")
    key = f"checkout/{digest(event.cwd, event.repo, event.worktree, event.evidence)}"
    return Draft(f"repo/{digest(REPOSITORY)}", key, ts, event)


def _build(place: Path, commits: list[dict[str, object]]) -> None:
    repository = pygit2.init_repository(str(place), bare=True, initial_head="main")
    repository.config["remote.origin.url"] = REMOTE
    made: dict[str, pygit2.Oid] = {}
    for commit in commits:
        parents = [made[name] for name in commit["parents"]]  # type: ignore[attr-defined]
        author = _signature(commit, "author")
        made[str(commit["name"])] = sha = repository.create_commit(
            None,
            author,
            _signature(commit, "committer"),
            str(commit["message"]),
            _tree(repository, parents, commit.get("change", [])),  # type: ignore[arg-type]
            parents,
        )
        repository.references.create(f"refs/heads/{commit['branch']}", sha, force=True)


def _signature(commit: dict[str, object], role: str) -> pygit2.Signature:
    name, _, email = str(commit.get(role, AUTHOR)).partition(" <")
    at = commit["at"]
    assert isinstance(at, int)
    return pygit2.Signature(name, email.rstrip(">"), at, OFFSET_MINUTES)


def _tree(
    repository: pygit2.Repository, parents: list[pygit2.Oid], changes: list[dict[str, str]]
) -> pygit2.Oid:
    """The first parent's files with the others' merged in, then with the changes made."""
    index = pygit2.Index()
    if parents:
        index.read_tree(repository[parents[0]].peel(pygit2.Tree))
    if len(parents) > 1:
        index = repository.merge_commits(parents[0], parents[1])
    for change in changes:
        path, former = change["path"], change.get("former", change["path"])
        text = change.get("text")
        if text is None:
            text = repository[index[former].id].peel(pygit2.Blob).data.decode()
        if "old" in change:
            if text.count(change["old"]) < 1:
                raise ValueError(f"{path} does not hold {change['old']!r}")
            text = text.replace(change["old"], change["new"], 1)
        if former != path:
            index.remove(former)
        index.add(pygit2.IndexEntry(path, repository.create_blob(text.encode()), FileMode.BLOB))
    return index.write_tree(repository)
