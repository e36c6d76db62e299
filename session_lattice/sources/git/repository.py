"""Opens a repository so that nothing in it runs: what git would start is not in libgit2.

libgit2 knows no hooks for what is done here, no fsmonitor, no filters and no diff drivers but its
own, and it connects nowhere unless it is told to. What is left is its time and memory, which the
process that reads has limits for (`__main__`).
"""

from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel, Option, RepositoryOpenFlag

from session_lattice.sources.git.gitdir import PLACES

ERRORS = (pygit2.GitError, KeyError, ValueError, OSError, MemoryError)
"""What a repository can make libgit2's functions raise."""

CACHE_BYTES = 32 * 1024 * 1024
"""Of objects that libgit2 keeps."""

MAPPED_BYTES = 256 * 1024 * 1024
"""Of pack files that libgit2 maps at a time."""

_SHARED = (ConfigLevel.SYSTEM, ConfigLevel.GLOBAL, ConfigLevel.XDG, ConfigLevel.PROGRAMDATA)


def harden() -> None:
    """Once for the process: only a repository's own settings count, whoever owns it."""
    for level in _SHARED:
        pygit2.settings.search_path[level] = ""
    pygit2.option(Option.SET_OWNER_VALIDATION, False)
    # git does not hash again what it reads either, and it takes a third of the time.
    pygit2.option(Option.ENABLE_STRICT_HASH_VERIFICATION, False)
    pygit2.settings.cache_max_size(CACHE_BYTES)
    pygit2.settings.mwindow_mapped_limit = MAPPED_BYTES


def open_repository(path: str) -> pygit2.Repository:
    """The repository at `path` and not one above it. Raises one of ERRORS."""
    place = next((one for one in PLACES[1:] if Path(path, one).is_dir()), "")
    if Path(path, ".git").exists():
        place = ""
    return pygit2.Repository(str(Path(path, place)), RepositoryOpenFlag.NO_SEARCH)


def plain(text: str | bytes, limit: int) -> str:
    """At most `limit` characters that are sound UTF-8, whatever was in the repository."""
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return data.decode("utf-8", "replace")[:limit]
