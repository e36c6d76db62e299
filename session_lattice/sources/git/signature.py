"""Whether a repository may hold something new, told by `stat` alone."""

import os
from collections.abc import Iterator

from session_lattice.sources.git.gitdir import git_directory
from session_lattice.sources.text import digest

MAX_ENTRIES = 4_000
"""Loose references and worktrees' files that are looked at."""

MAX_DEPTH = 10

FILES = ("HEAD", "packed-refs", "shallow", "config", "logs/HEAD", "reftable/tables.list")
WORKTREE_FILES = ("HEAD", "logs/HEAD")


def signature(path: str) -> str | None:
    """It differs when references, HEADs or their logs have changed; None without a repository."""
    directory = git_directory(path)
    if directory is None:
        return None
    seen = [directory, *(_mark(f"{directory}/{name}") for name in FILES)]
    for number, mark in enumerate(_below(f"{directory}/refs", 0)):
        if number >= MAX_ENTRIES:
            break
        seen.append(mark)
    for number, entry in enumerate(_entries(f"{directory}/worktrees")):
        if number >= MAX_ENTRIES:
            break
        seen += [entry.name, *(_mark(f"{entry.path}/{name}") for name in WORKTREE_FILES)]
    return digest(*seen)


def _below(directory: str, depth: int) -> Iterator[str]:
    for entry in _entries(directory):
        if entry.is_dir(follow_symlinks=False):
            if depth < MAX_DEPTH:
                yield from _below(entry.path, depth + 1)
        else:
            yield f"{entry.path} {_mark(entry.path)}"


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _mark(path: str) -> str:
    """What changes when a file is written or replaced."""
    try:
        found = os.stat(path, follow_symlinks=False)  # noqa: PTH116
    except (OSError, ValueError):
        return ""
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns}"
