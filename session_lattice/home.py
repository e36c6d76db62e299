"""Every path under the home, and the lock that makes one puller its only writer."""

import errno
import fcntl
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from session_lattice.errors import HomeError, HomeLockedError

DIRECTORY_MODE = 0o700
_FLOCK = "qqihh" if sys.platform == "darwin" else "hhqqi"

_held: set[Path] = set()
"""Locks of this process. The kernel would give it the same lock twice, and drops a lock when
its process closes any handle of the file, so these files are not opened again."""


class Home:
    """Names for what lies in the home; nothing here touches the disk but `create` and `lock`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "log.sqlite"
        self.work = root / "work"
        self.database = root / "work" / "lattice.duckdb"
        self.generations = root / "generations"
        self.search = root / "search.sqlite"
        self.pointer = root / "session-lattice.duckdb"
        self.views = root / "views"
        self.heartbeat = root / "puller.json"
        self.reserve = root / "work" / "reserve"
        self.sample_repository = root / "work" / "sample.git"
        self.lock_file = root / "puller.lock"
        self.config = root / "config.toml"

    def create(self) -> None:
        """Make the directories, readable by their owner alone."""
        try:
            for directory in (self.root, self.work, self.generations, self.views):
                directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            if not os.access(self.root, os.W_OK):
                raise PermissionError(errno.EACCES, "not writable", str(self.root))
        except OSError as error:
            raise self._unusable(error) from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the home for as long as the block runs; raises HomeLockedError at once if taken."""
        if self.lock_file in _held:
            raise self._taken(os.getpid())
        handle = self._open_lock()
        try:
            self._take(handle)
            _held.add(self.lock_file)
            yield
        finally:
            _held.discard(self.lock_file)
            os.close(handle)

    def puller_pid(self) -> int:
        """The process that holds the lock, 0 if none does. Takes no lock itself."""
        return os.getpid() if self.lock_file in _held else file_lock_holder(self.lock_file)

    def _open_lock(self) -> int:
        try:
            return os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error) from error

    def _take(self, handle: int) -> None:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                raise self._taken(lock_holder(handle)) from error
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> HomeError:
        return HomeError(
            f"the home {self.root} cannot be used: {error.strerror}",
            hint="choose another with SESSION_LATTICE_HOME, or mend its permissions",
        )

    def _taken(self, holder: int) -> HomeLockedError:
        return HomeLockedError(
            f"process {holder or '?'} is already the puller of {self.root}",
            holder=holder,
            hint="stop it first, or choose another home with SESSION_LATTICE_HOME",
        )


def file_lock_holder(path: Path) -> int:
    """The process that holds a POSIX lock on `path`, 0 if none does or it is not there.

    Not for a file that this very process has locked: see `_held`.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return lock_holder(handle)
    finally:
        os.close(handle)


def lock_holder(handle: int) -> int:
    """Ask with F_GETLK, which tells who would be in the way and changes nothing."""
    darwin = sys.platform == "darwin"
    ask = (0, 0, 0, fcntl.F_WRLCK, 0) if darwin else (fcntl.F_WRLCK, 0, 0, 0, 0)
    answer = struct.unpack(_FLOCK, fcntl.fcntl(handle, fcntl.F_GETLK, struct.pack(_FLOCK, *ask)))
    kind, pid = (answer[3], answer[2]) if darwin else (answer[0], answer[4])
    return 0 if kind == fcntl.F_UNLCK else int(pid)
