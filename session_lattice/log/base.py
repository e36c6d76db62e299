"""The event log's protocol: one order for all events, kept, handed on from any cursor."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from session_lattice.errors import LogError
from session_lattice.events import Envelope
from session_lattice.log.cursor import Start

READ_LIMIT = 20_000
"""Envelopes that one `read` returns at most."""

READ_BYTES = 16 * 1024 * 1024
"""Bytes of event data that one `read` returns at most, give or take its last event."""

WAIT_SECONDS = 1.0
"""How long one `wait` blocks at most, so that whoever waits can look around."""

MARK_SECONDS = 60.0
"""How finely the log remembers when events were appended, which is what `trim` goes by."""

LINE_BREAKS = (b"\n", b"\r")

Clock = Callable[[], int]
"""Microseconds since the epoch."""


def system_clock() -> int:
    return time.time_ns() // 1000


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """A draft that was redacted, encoded and checked; what `append` takes.

    `data` is one line of JSON without a line break, so that many events travel as lines.
    """

    stream: str
    key: str
    ts: int
    type: str
    terminal: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is kept of the whole log, by position, or of one stream, by seq.

    `oldest` is the number of the oldest event kept or, where none is, of the next to come, so
    that `newest - oldest + 1` events are kept. `newest` is the last number given out, 0 before
    the first. `ended`: the stream's terminal event has been appended.
    """

    epoch: str
    oldest: int
    newest: int
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """`bytes` that the log takes up; `oldest_at` is when its oldest event was appended.

    `oldest_at` is in microseconds since the epoch, to MARK_SECONDS; None where nothing is kept.
    """

    bytes: int
    oldest_at: int | None


@dataclass(frozen=True, slots=True)
class Reset:
    """Where following went on was not where it had stopped: the cursor was of no use.

    `reason`: "evicted" (events behind the cursor were trimmed), "future" (the log has not come
    that far) or "epoch" (it is of another life of the log). Following goes on with `oldest`.
    """

    reason: str
    bounds: Bounds


class EventLog(Protocol):
    """Durable, append-only, read by any process. Threads may share the object.

    Numbers are positions, or seqs where a `stream` is given. Both rise by one from event to
    event; a trimmed log lacks some at its beginning, and never any in between. Every method but
    `close` raises LogError. Where a log was deleted, replaced or emptied under an object that
    appends, LogLostError is raised once; then it goes on with the new one, of another epoch.
    """

    @property
    def epoch(self) -> str:
        """Which life of the log this is, as of now; letters and digits only.

        Another one when a log was lost, rebuilt or put back to an earlier state.
        """
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

    def bounds(self, stream: str | None = None) -> Bounds:
        """Of the whole log, or of one stream; a stream that is not known has had no event."""
        ...

    def read(
        self, after: int, *, limit: int = READ_LIMIT, stream: str | None = None
    ) -> list[Envelope]:
        """Envelopes numbered above `after`, in order, within READ_LIMIT and READ_BYTES."""
        ...

    def latest(self, stream_prefix: str, *, terminal: bool) -> Envelope | None:
        """The newest event of all streams that begin so, or the newest that ended one of them."""
        ...

    def wait(self, seen: Bounds, seconds: float) -> Bounds:
        """Block until the whole log's epoch or newest differs from `seen`; the bounds then.

        Returns after `seconds`, of which WAIT_SECONDS count at most, or when `close` is called.
        """
        ...

    def follow(
        self,
        after: Start,
        *,
        stream: str | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Envelope | Reset]:
        """Replay, then tail: every event behind `after` once and in order, as they come.

        Ends when `stop` is set, or behind the terminal event of `stream`. A Reset says that
        `after` was of no use; the oldest event kept comes next.
        """
        ...

    def trim(self, *, before: int, up_to: int, limit: int) -> int:
        """Delete the oldest events, at most `limit`; how many there were. 0: nothing is left to do.

        Only those appended earlier than `before` (microseconds since the epoch, to
        MARK_SECONDS), and only up to position `up_to`. Their keys stay known, numbers go on.
        """
        ...

    def size(self) -> Size: ...

    def renew(self) -> None:
        """Begin another epoch with the events that are here: somebody has seen more than these."""
        ...

    def close(self) -> None: ...


def number_of(event: Envelope, stream: str | None) -> int:
    """The event's number in the whole log, or in its stream."""
    return event.position if stream is None else event.seq


def refuse_line_breaks(events: Iterable[Encoded]) -> None:
    """Raise LogError for an event that is not one line."""
    for event in events:
        if any(mark in event.data for mark in LINE_BREAKS):
            raise LogError(
                f"an event {event.type} of {event.stream} is not one line of JSON",
                hint="report this as a bug of the source that made it",
            )
