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


_Held = tuple[PurePath, PurePath, Evidence]
"""Repository, worktree, and what says so."""


class _Disk:
    """Which repository directories were found to lie in, so that each costs one look."""

    def __init__(self) -> None:
        self._held: dict[PurePath, _Held | None] = {}

    def held(self, path: PurePath, *, local: bool) -> _Held | None:
        """What `path` lies in by the `.git` on disk or by its layout; None for nothing known."""
        climbed: list[PurePath] = []
        found: _Held | None = None
        for place in _upwards(path):
            if place in self._held:
                found = self._held[place]
                break
            climbed.append(place)
            if found := _at(place, local=local):
                break
        if len(self._held) >= CACHE_LIMIT:
            self._held.clear()
        self._held.update(dict.fromkeys(climbed, found))
        return found


def _at(place: PurePath, *, local: bool) -> _Held | None:
    """The repository whose worktree's top `place` is."""
    if local and (found := _from_git(place)):
        return *found, "git"
    if root := _worktree_root(place):
        return _main_repo(root) if local else root, place, "layout"
    return None


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
        self._seen_folders: dict[str, None] = {}

    def observe(self, cwd: str, ts: int) -> Draft | None:
        """The draft for `cwd` the first time it is met, then None; None for an empty cwd."""
        if not cwd or not _is_new(cwd, self._seen):
            return None
        return _draft(locate(cwd, self._named, self._disk), ts)

    def observe_file(self, path: str, ts: int) -> Draft | None:
        """The draft for the directory that a touched file lies in, likewise.

        None also where nothing is known of it: that it stands for itself is no news, as no
        session worked in it.
        """
        folder = folder_of(path)
        if not folder or folder in self._seen or not _is_new(folder, self._seen_folders):
            return None
        event = locate(folder, self._named, self._disk)
        return None if event.evidence == "cwd" else _draft(event, ts)


def locate(cwd: str, named: Named | None = None, disk: _Disk | None = None) -> CheckoutObserved:
    """The repository of `cwd`: by the `.git` on disk, else by the path's layout, else the one
    among the `named` that it lies in, else itself.
    """
    path, disk = _pure(cwd), disk or _Disk()
    local = path.is_absolute() and isinstance(path, PurePosixPath) == (os.name == "posix")
    if found := disk.held(path, local=local):
        return _observed(cwd, *found)
    if named and (held := named.holding(path)):
        return _observed(cwd, held, held, "upstream")
    return _observed(cwd, path, path, "cwd")


def folder_of(path: str) -> str:
    """The directory of an absolute `path`, as the store has it in `file_touches.dir`, else ""."""
    if not (path.startswith("/") or is_windows(path)):
        return ""
    return path[: max(path.rfind("/"), path.rfind("\\"))] or "/"


def _is_new(directory: str, seen: dict[str, None]) -> bool:
    """Whether `directory` is not among the CACHE_LIMIT last ones that were `seen`; it is now."""
    if directory in seen:
        return False
    if len(seen) >= CACHE_LIMIT:
        del seen[next(iter(seen))]
    seen[directory] = None
    return True


def _draft(event: CheckoutObserved, ts: int) -> Draft:
    key = f"checkout/{digest(event.cwd, event.repo, event.worktree)}"
    return Draft(f"repo/{digest(event.repo)}", key, ts, event)


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
