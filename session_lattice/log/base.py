"""The event log's protocol: one order for all events, kept, read from any position."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from session_lattice.errors import LogError
from session_lattice.events import Envelope

READ_LIMIT = 20_000
"""Envelopes that one `read` returns at most."""

READ_BYTES = 16 * 1024 * 1024
"""Bytes of event data that one `read` returns at most, give or take its last event."""


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """A draft that was redacted, encoded and checked; what `append` takes.

    `data` is one line of JSON without a newline, so that many events travel as lines.
    """

    stream: str
    key: str
    ts: int
    type: str
    terminal: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """Positions of the oldest event kept and of the newest; both 0 in an empty log."""

    oldest: int
    newest: int


class EventLog(Protocol):
    """Durable, append-only, read by any process. One process appends; threads may share it."""

    @property
    def epoch(self) -> str:
        """Changes when a log is lost or rebuilt; letters and digits only."""
        ...

    def append(
        self,
        events: Sequence[Encoded],
        checkpoints: Mapping[str, Mapping[str, bytes | None]],
    ) -> int:
        """Append the events not seen before, with their checkpoints, in one transaction.

        `checkpoints` is source name → key → value; None deletes. Returns how many events
        were new. Raises LogError (with the cause chained) and leaves the log as it was.
        """
        ...

    def checkpoints(self, source: str) -> dict[str, bytes]:
        """What the source's last appended batch left, by key."""
        ...

    def bounds(self) -> Bounds: ...

    def read(
        self, after: int, *, limit: int = READ_LIMIT, stream: str | None = None
    ) -> list[Envelope]:
        """Envelopes with a position above `after`, in order, within READ_LIMIT and READ_BYTES."""
        ...

    def latest(self, stream_prefix: str, *, terminal: bool) -> Envelope | None:
        """The newest event of all streams that begin so, or the newest that ended one of them."""
        ...

    def close(self) -> None: ...


def refuse_newlines(events: Iterable[Encoded]) -> None:
    """Raise LogError for an event that is not one line."""
    for event in events:
        if b"\n" in event.data:
            raise LogError(
                f"an event {event.type} of {event.stream} is not one line of JSON",
                hint="report this as a bug of the source that made it",
            )
