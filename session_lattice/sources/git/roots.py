"""Finds repositories below directories that somebody named."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from session_lattice.sources.git.gitdir import git_directory

MAX_LEVELS = 3
"""Directories below a named one that are looked into."""

MAX_DIRECTORIES = 5_000
"""That are looked at in all."""


def repositories(roots: Sequence[Path]) -> Iterator[str]:
    """The named directories that are repositories, and those below them, nearest first."""
    waiting = [(str(root), 0) for root in roots]
    for number, (path, level) in enumerate(waiting):
        if number >= MAX_DIRECTORIES:
            return
        if git_directory(path) is not None:
            # Not a linked worktree: its repository has what it has.
            if not os.path.isfile(f"{path}/.git"):  # noqa: PTH113
                yield path
        elif level < MAX_LEVELS:
            waiting += [(name, level + 1) for name in _below(path)]


def _below(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            found = [one for one in entries if one.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return sorted(one.path for one in found if not one.name.startswith("."))
