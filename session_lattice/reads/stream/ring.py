"""The newest events in memory, for the clients that have all that came before."""

from itertools import islice

from session_lattice.events import Envelope
from session_lattice.log.cursor import Cursor
from session_lattice.reads.stream.frames import Batch, Types, batch
from session_lattice.reads.stream.limits import Limits

SHARED_BATCHES = 16
"""Batches of the whole feed that are kept until the next news, each for all who are there."""


class Ring:
    """The newest events of one life of the log, without a gap; of the event loop alone.

    `cursor` is behind the newest one, and None until the log has been seen.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._events: list[Envelope] = []
        self._bytes = 0
        self._shared: dict[tuple[int, Types], Batch] = {}
        self.cursor: Cursor | None = None

    def add(self, cursor: Cursor, events: list[Envelope]) -> None:
        """The log has come to `cursor`, and these lie before it."""
        before = Cursor(cursor.epoch, cursor.number - len(events))
        if self.cursor != before:
            self._events = []
            self._bytes = 0
        self.cursor = cursor
        self._events += events
        self._bytes += sum(len(event.data) for event in events)
        self._shared.clear()
        self._trim()

    def since(self, place: Cursor, limit: int | None = None) -> list[Envelope] | None:
        """What came behind `place`; None where the ring cannot tell."""
        if self.cursor is None or place.epoch != self.cursor.epoch:
            return None
        behind = self.cursor.number - place.number
        if not 0 <= behind <= len(self._events):
            return None
        if not behind:
            return []
        first = len(self._events) - behind
        return self._events[first : None if limit is None else first + limit]

    def batch(self, place: Cursor, types: Types) -> Batch | None:
        """The next of the whole feed behind `place`, made once for all who are there."""
        made = self._shared.get((place.number, types))
        if made is not None and self.cursor is not None and place.epoch == self.cursor.epoch:
            return made
        events = self.since(place, self._limits.batch_events)
        if events is None:
            return None
        limit = self._limits.batch_bytes
        made = batch(events, place.epoch, by_seq=False, types=types, max_bytes=limit)
        if len(self._shared) >= SHARED_BATCHES:
            self._shared.clear()
        self._shared[place.number, types] = made
        return made

    def _trim(self) -> None:
        excess = max(0, len(self._events) - self._limits.ring_events)
        self._bytes -= sum(len(event.data) for event in islice(self._events, excess))
        while self._bytes > self._limits.ring_bytes:
            self._bytes -= len(self._events[excess].data)
            excess += 1
        del self._events[:excess]
