"""Which repository and worktree a working directory belongs to."""

import os
import stat
from collections.abc import Iterator
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from session_lattice.events import CheckoutObserved, Draft, Evidence
from session_lattice.sources.text import digest, is_windows

CACHE_LIMIT = 4096
"""Working directories remembered by one `Checkouts`; the oldest one is forgotten first."""

GITFILE_BYTES = 4096
"""Bytes read of a `.git` file."""

WORKTREES = "worktrees"
"""Part of every path whose layout says that it is one."""

MAX_DEPTH = 64
"""Parents of a working directory that are looked at."""


class Named:
    """Repositories that an upstream names, to find the one that a directory lies in."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._paths: set[str] = set()

    def add(self, path: str) -> None:
        if path not in self._given:
            self._given.add(path)
            self._paths.add(str(_pure(path)))

    def holding(self, path: PurePath) -> PurePath | None:
        """The repository with the longest path that `path` lies in or is; None for none."""
        return next((place for place in _upwards(path) if str(place) in self._paths), None)


class _Disk:
    """What this machine's disk was found to have, as long as it is not worth a second look.

    `barren` are directories in which and above which there is no repository.
    """

    def __init__(self) -> None:
        self.barren: set[PurePath] = set()
        self._there: dict[str, bool] = {}

    def deepest(self, path: PurePath) -> PurePath:
        """The last directory on the way down to `path` that is there."""
        text, there, end = str(path), "/", 0
        while end < len(text):
            end = text.find("/", end + 1)
            end = len(text) if end < 0 else end
            if not self._is_there(text[:end]):
                break
            there = text[:end]
        return type(path)(there)

    def _is_there(self, directory: str) -> bool:
        found = self._there.get(directory)
        if found is None:
            self._bound()
            found = self._there[directory] = os.path.isdir(directory)  # noqa: PTH112
        return found

    def _bound(self) -> None:
        if len(self._there) >= CACHE_LIMIT:
            self._there.clear()
        if len(self.barren) >= CACHE_LIMIT:
            self.barren.clear()


class Checkouts:
    """Turns working directories into CheckoutObserved drafts, each directory once.

    Make one for each run over the transcripts: the disk is asked anew then, and a draft that
    was lost with a failed run comes again. The draft's key holds its content, so repeats
    over runs are no-ops in the log.
    """

    def __init__(self, named: Named | None = None) -> None:
        self._named = named
        self._disk = _Disk()
        self._seen: dict[str, None] = {}

    def observe(self, cwd: str, ts: int) -> Draft | None:
        """The draft for `cwd` the first time it is met, then None; None for an empty cwd."""
        if not cwd or cwd in self._seen:
            return None
        if len(self._seen) >= CACHE_LIMIT:
            del self._seen[next(iter(self._seen))]
        self._seen[cwd] = None
        event = locate(cwd, self._named, self._disk)
        key = f"checkout/{digest(event.cwd, event.repo, event.worktree)}"
        return Draft(f"repo/{digest(event.repo)}", key, ts, event)


def locate(cwd: str, named: Named | None = None, disk: _Disk | None = None) -> CheckoutObserved:
    """The repository of `cwd`: by the `.git` on disk, else by the path's layout, else the one
    among the `named` that it lies in, else itself.
    """
    path, disk = _pure(cwd), disk or _Disk()
    local = path.is_absolute() and isinstance(path, PurePosixPath) == (os.name == "posix")
    # Where the layout tells nothing, only what is there can; most of an upstream is elsewhere.
    start = path if WORKTREES in cwd or not local else disk.deepest(path)
    climbed: list[PurePath] = []
    for place in _upwards(start):
        if place in disk.barren:
            break
        climbed.append(place)
        if local and (found := _from_git(place)):
            return _observed(cwd, found[0], found[1], "git")
        if root := _worktree_root(place):
            repo = _main_repo(root) if local else root
            return _observed(cwd, repo, place, "layout")
    disk.barren.update(climbed)
    held = named.holding(path) if named else None
    if held:
        return _observed(cwd, held, held, "upstream")
    return _observed(cwd, path, path, "cwd")


def _pure(path: str) -> PurePath:
    return PureWindowsPath(path) if is_windows(path) else PurePosixPath(path)


def _observed(cwd: str, repo: PurePath, worktree: PurePath, evidence: Evidence) -> CheckoutObserved:
    return CheckoutObserved(cwd=cwd, repo=str(repo), worktree=str(worktree), evidence=evidence)


def _upwards(path: PurePath) -> Iterator[PurePath]:
    """`path` and its parents, made one by one: mostly the first few are enough."""
    for _ in range(MAX_DEPTH):
        yield path
        if path == path.parent:
            return
        path = path.parent


def _worktree_root(place: PurePath) -> PurePath | None:
    """The repository by layout when `place` is the top of a worktree below it."""
    folder = place.parent
    if folder.name == f".{WORKTREES}":
        return folder.parent
    if folder.name == WORKTREES and folder.parent.name == ".claude":
        return folder.parent.parent
    return None


def _main_repo(root: PurePath) -> PurePath:
    """`root`, or the main repository when `root` is itself a worktree by its `.git`."""
    found = _from_git(root)
    return found[0] if found else root


def _from_git(place: PurePath) -> tuple[PurePath, PurePath] | None:
    """(repository, worktree) when `place` has a `.git`."""
    try:
        mode = os.stat(f"{place}/.git").st_mode  # noqa: PTH116
        if stat.S_ISDIR(mode):
            return place, place
        if not stat.S_ISREG(mode):
            return None
        with open(f"{place}/.git", "rb") as file:  # noqa: PTH123
            content = file.read(GITFILE_BYTES)
    except (OSError, ValueError):
        return None
    return _from_gitfile(place, content.decode("utf-8", "replace"))


def _from_gitfile(place: PurePath, content: str) -> tuple[PurePath, PurePath] | None:
    """Follow `gitdir: …/.git/worktrees/x`; a submodule's `.git` file makes it a repository."""
    if not content.startswith("gitdir:"):
        return None
    first = content.removeprefix("gitdir:").strip().splitlines()
    gitdir = type(place)(os.path.normpath(place / first[0])) if first else place
    if gitdir.parent.name != WORKTREES:
        return place, place
    common = gitdir.parent.parent
    return (common.parent if common.name in (".git", ".bare") else common), place
