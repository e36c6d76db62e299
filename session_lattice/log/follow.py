"""Replay, then tail: the one place that decides what a cursor means."""

import threading
from collections.abc import Iterator

from session_lattice.events import Envelope
from session_lattice.log.base import READ_LIMIT, WAIT_SECONDS, Bounds, EventLog, Reset, number_of
from session_lattice.log.cursor import Cursor, Start


class Follower:
    """A place in a log that moves on with every `take`; it never blocks and keeps no events.

    Replay and tail are the same read behind a number, so there is no seam between them.
    """

    def __init__(self, log: EventLog, start: Start, *, stream: str | None = None) -> None:
        self._log = log
        self._stream = stream
        self._start = start
        self._place: Cursor | None = None if isinstance(start, str) else start
        self._ended = False

    @property
    def cursor(self) -> Cursor:
        """Behind the last event taken. Raises LogError if the log cannot be asked."""
        return self._placed()

    @property
    def ended(self) -> bool:
        """The stream's terminal event lies behind: there is nothing more to take."""
        return self._ended

    def take(self, limit: int = READ_LIMIT) -> list[Envelope] | Reset:
        """The next events, none if there are none yet; or a Reset, after which the oldest come.

        The bounds are looked at after the read: an epoch that still holds then has held for
        the events too, and events that begin with the next number have no gap before them.
        """
        place = self._placed()
        events = self._log.read(place.number, limit=limit, stream=self._stream)
        bounds = self._log.bounds(self._stream)
        if reason := self._refusal(place, events, bounds):
            self._move(Cursor(bounds.epoch, bounds.oldest - 1), bounds)
            return Reset(reason, bounds)
        last = number_of(events[-1], self._stream) if events else place.number
        self._move(Cursor(place.epoch, last), bounds)
        return events

    def skip_to(self, number: int) -> None:
        """Go on behind `number`: what lies between was had from elsewhere."""
        self._place = Cursor(self._placed().epoch, number)

    def _placed(self) -> Cursor:
        if self._place is None:
            bounds = self._log.bounds(self._stream)
            number = bounds.newest if self._start == "latest" else bounds.oldest - 1
            self._place = Cursor(bounds.epoch, number)
        return self._place

    def _move(self, place: Cursor, bounds: Bounds) -> None:
        self._place = place
        self._ended = bounds.ended and place.number >= bounds.newest

    def _refusal(self, place: Cursor, events: list[Envelope], bounds: Bounds) -> str:
        """Why nothing can follow on `place`; "" if something can."""
        if place.epoch != bounds.epoch:
            return "epoch"
        if events:
            return "" if number_of(events[0], self._stream) == place.number + 1 else "evicted"
        if place.number > bounds.newest:
            return "future"
        return "evicted" if place.number < bounds.oldest - 1 else ""


class Followable:
    """Gives every kind of log its `follow`, over the rest of the protocol."""

    def follow(
        self: EventLog,
        after: Start,
        *,
        stream: str | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Envelope | Reset]:
        """See EventLog."""
        follower = Follower(self, after, stream=stream)
        while not (stop and stop.is_set()):
            seen = self.bounds()
            taken = follower.take()
            if isinstance(taken, Reset):
                yield taken
            else:
                yield from taken
            if follower.ended:
                return
            if not taken:
                self.wait(seen, WAIT_SECONDS)
