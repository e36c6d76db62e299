"""The embedded event log: one SQLite file in WAL mode, written by one process, read by any."""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from session_lattice.errors import LogError, LogLostError
from session_lattice.events import Envelope
from session_lattice.log import sqlite_file
from session_lattice.log.base import (
    READ_LIMIT,
    WAIT_SECONDS,
    Bounds,
    Clock,
    Encoded,
    Size,
    system_clock,
)
from session_lattice.log.follow import Followable
from session_lattice.log.sqlite_reader import Reader
from session_lattice.log.sqlite_writer import Writer

POLL_SECONDS = 0.004
"""Between two looks for what another process has committed, while somebody waits for it."""


class SqliteEventLog(Followable):
    """An EventLog in the file `path`; `origin` is the machine that appended events come from.

    Idempotence outlives the events: every key leaves its 64-bit hash behind. Among n keys the
    chance that any two collide, and one event is taken for another, is about n² / 2⁶⁵: 3e-6
    for ten million.

    With `readonly` the log must exist and what writes raises. Raises LogError for whatever
    SQLite says; after a failed append the log is as it was, and the object goes on working.
    """

    def __init__(
        self,
        path: Path,
        *,
        origin: str = "",
        readonly: bool = False,
        clock: Clock = system_clock,
    ) -> None:
        self._path = path
        self._origin = origin
        self._clock = clock
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._written = None if readonly else Writer(path, origin, clock)
        self._read = Reader(path)

    @property
    def epoch(self) -> str:
        return self.bounds().epoch

    def append(
        self,
        events: Sequence[Encoded],
        checkpoints: Mapping[str, Mapping[str, bytes | None]],
    ) -> int:
        return self._writer().append(events, checkpoints)

    def checkpoints(self, source: str) -> dict[str, bytes]:
        return self._reader().checkpoints(source)

    def bounds(self, stream: str | None = None) -> Bounds:
        return self._reader().bounds(stream)

    def read(
        self, after: int, *, limit: int = READ_LIMIT, stream: str | None = None
    ) -> list[Envelope]:
        return self._reader().read(after, limit, stream)

    def latest(self, stream_prefix: str, *, terminal: bool) -> Envelope | None:
        return self._reader().latest(stream_prefix, terminal)

    def wait(self, seen: Bounds, seconds: float) -> Bounds:
        try:
            return self._wait(seen, time.monotonic() + min(seconds, WAIT_SECONDS))
        except LogError:
            if self._closing.is_set():
                return seen
            raise

    def _wait(self, seen: Bounds, end: float) -> Bounds:
        while True:
            reader = self._reader()
            version = reader.version()
            bounds = reader.bounds(None)
            if (bounds.epoch, bounds.newest) != (seen.epoch, seen.newest):
                return bounds
            while reader.version() == version and self._reader() is reader:
                left = end - time.monotonic()
                if left <= 0 or self._closing.wait(min(POLL_SECONDS, left)):
                    return bounds

    def trim(self, *, before: int, up_to: int, limit: int) -> int:
        return self._writer().trim(before, up_to, limit)

    def size(self) -> Size:
        paths = (self._path, self._path.with_name(self._path.name + "-wal"))
        return Size(
            sum(path.stat().st_size for path in paths if path.exists()), self._reader().oldest_at()
        )

    def renew(self) -> None:
        self._writer().renew()

    def close(self) -> None:
        self._closing.set()
        self._read.close()
        if self._written is not None:
            self._written.close()

    def _writer(self) -> Writer:
        if self._written is None:
            raise LogError(
                f"the event log {self._path} is open for reading only",
                hint="report this as a bug: only the puller appends",
            )
        self._reader()
        return self._written

    def _reader(self) -> Reader:
        """Of the file that is there now, which need not be the one that was opened."""
        if self._read.identity != sqlite_file.identity(self._path) and not self._closing.is_set():
            with self._lock:
                self._reopen()
        return self._read

    def _reopen(self) -> None:
        if self._read.identity == sqlite_file.identity(self._path):
            return
        if self._written is None:
            fresh = Reader(self._path)
            self._read.close()
            self._read = fresh
            return
        self._read.close()
        self._written.close()
        self._written = Writer(self._path, self._origin, self._clock)
        self._read = Reader(self._path)
        raise LogLostError(
            f"the event log {self._path} was deleted or replaced",
            hint="nothing needs to be done: a new one is begun and transcripts are read again",
        )
