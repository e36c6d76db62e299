"""Where on disk a repository keeps what changes, found without opening it as one."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

PLACES = ("", ".bare")
"""Below a repository's directory, where it can be."""

MAX_WORKTREES = 200
"""Worktrees of one repository that are looked at, by name."""

SMALL_BYTES = 64 * 1024
"""Of a file such as `.git`, `gitdir` or `shallow` that are read."""


def git_directory(path: str) -> str | None:
    """The one of the repository at `path`, also of a submodule or a bare one; None for none."""
    own = f"{path}/.git"
    if os.path.isdir(own):  # noqa: PTH112
        return own
    named = small(own)
    if named.startswith("gitdir:"):
        target = os.path.normpath(Path(path, named.removeprefix("gitdir:").strip()))
        return target if os.path.isdir(target) else None  # noqa: PTH112
    places = [f"{path}/{place}" if place else path for place in reversed(PLACES)]
    return next((place for place in places if _is_git_directory(place)), None)


def worktrees(directory: str) -> Iterator[tuple[str, str]]:
    """(git directory, top directory) of each linked worktree."""
    try:
        names = sorted(os.listdir(f"{directory}/worktrees"))[:MAX_WORKTREES]  # noqa: PTH208
    except OSError:
        return
    for name in names:
        own = f"{directory}/worktrees/{name}"
        there = small(f"{own}/gitdir").strip()
        if there:
            top = Path(os.path.normpath(Path(own, there))).parent
            yield own, str(top)


def small(path: str, limit: int = SMALL_BYTES, *, end: bool = False) -> str:
    """The beginning, or the end, of a plain file as text; "" for anything else."""
    try:
        # What is no file, such as a pipe, must not hold up whoever opens it.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return ""
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            return ""
        if end:
            file.seek(max(0, found.st_size - limit))
        return file.read(limit).decode("utf-8", "replace")


def _is_git_directory(path: str) -> bool:
    return all(os.path.exists(f"{path}/{name}") for name in ("HEAD", "objects"))  # noqa: PTH110
