"""The embedded event log: one SQLite file in WAL mode, written by one process, read by any."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from session_lattice.errors import LogError
from session_lattice.events import Envelope
from session_lattice.log.base import READ_LIMIT, Bounds, Encoded
from session_lattice.log.sqlite_reader import Reader
from session_lattice.log.sqlite_writer import Writer


class SqliteEventLog:
    """An EventLog in the file `path`; `origin` is the machine that appended events come from.

    Idempotence outlives the events: every key leaves its 64-bit hash behind. Among n keys the
    chance that any two collide, and one event is taken for another, is about n² / 2⁶⁵: 3e-6
    for ten million.

    With `readonly` the log must exist and `append` raises. Raises LogError for whatever SQLite
    says; after a failed append the log is as it was, and the object goes on working.
    """

    def __init__(self, path: Path, *, origin: str = "", readonly: bool = False) -> None:
        self._path = path
        self._writer = None if readonly else Writer(path, origin)
        self._reader = Reader(path)

    @property
    def epoch(self) -> str:
        return self._reader.epoch

    def append(
        self,
        events: Sequence[Encoded],
        checkpoints: Mapping[str, Mapping[str, bytes | None]],
    ) -> int:
        if self._writer is None:
            raise LogError(
                f"the event log {self._path} is open for reading only",
                hint="report this as a bug: only the puller appends",
            )
        return self._writer.append(events, checkpoints)

    def checkpoints(self, source: str) -> dict[str, bytes]:
        return self._reader.checkpoints(source)

    def bounds(self) -> Bounds:
        return self._reader.bounds()

    def read(
        self, after: int, *, limit: int = READ_LIMIT, stream: str | None = None
    ) -> list[Envelope]:
        return self._reader.read(after, limit, stream)

    def latest(self, stream_prefix: str, *, terminal: bool) -> Envelope | None:
        return self._reader.latest(stream_prefix, terminal)

    def close(self) -> None:
        self._reader.close()
        if self._writer is not None:
            self._writer.close()
