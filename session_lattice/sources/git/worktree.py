"""What in a repository's main checkout is not committed."""

from pathlib import Path

import pygit2
from pygit2.enums import FileStatus

from session_lattice.sources.git.facts import Facts
from session_lattice.sources.git.repository import plain

MAX_FILES = 200_000
"""Of a repository with more tracked files, the files are not looked at."""

SAMPLE_FILES = 4
"""Changed files that are named."""

PATH_CHARS = 1_000
UNTRACKED = "untracked"

_KINDS = (
    (FileStatus.CONFLICTED, "conflicted"),
    (FileStatus.INDEX_NEW, "added"),
    (FileStatus.INDEX_DELETED | FileStatus.WT_DELETED, "deleted"),
    (FileStatus.INDEX_RENAMED | FileStatus.WT_RENAMED, "renamed"),
    (FileStatus.WT_NEW, UNTRACKED),
)


def files(repository: pygit2.Repository, facts: Facts, _now: int) -> None:
    """Count them; an untracked directory counts as one file, as `git status` shows it."""
    if repository.is_bare:
        return
    if not Path(repository.workdir).samefile(facts.path):
        facts.problems.append("core.worktree leads elsewhere; the files are not looked at")
        return
    if len(repository.index) > MAX_FILES:
        facts.problems.append(f"more than {MAX_FILES} files are tracked; they are not looked at")
        return
    status = repository.status(untracked_files="normal")
    changes = [(plain(path, PATH_CHARS), _kind(state)) for path, state in status.items()]
    facts.untracked_files = sum(kind == UNTRACKED for _, kind in changes)
    facts.modified_files = len(changes) - facts.untracked_files
    facts.changes = sorted(changes)[:SAMPLE_FILES]


def _kind(state: int) -> str:
    return next((name for flag, name in _KINDS if state & flag), "modified")
