"""The event log's protocol: one order for all events, kept, read from any position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from session_lattice.events import Draft, Envelope

READ_LIMIT = 20_000
"""Envelopes that one `read` returns at most."""

READ_BYTES = 16 * 1024 * 1024
"""Bytes of event data that one `read` returns at most, give or take its last event."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A draft that was redacted, encoded and checked; what `append` takes."""

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
    """Durable, append-only, read by any process. One process appends."""

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

    def checkpoints(self, source: str) -> dict[str, bytes]: ...

    def bounds(self) -> Bounds: ...

    def read(self, after: int, *, limit: int = READ_LIMIT, stream: str | None = None) -> list[Envelope]:
        """Envelopes with a position above `after`, in order, within READ_BYTES."""
        ...

    def close(self) -> None: ...
