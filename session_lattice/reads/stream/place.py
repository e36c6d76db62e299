"""Where one client stands in the log, and what comes next for it."""

from session_lattice.errors import NoLogError
from session_lattice.events import Envelope
from session_lattice.log.base import Reset, number_of
from session_lattice.log.cursor import Cursor, Start
from session_lattice.log.follow import Follower
from session_lattice.reads.stream.frames import NOTHING, Batch, Types, batch, reset
from session_lattice.reads.stream.limits import FIRST_EVENTS, Limits
from session_lattice.reads.stream.log import SharedLog
from session_lattice.reads.stream.ring import Ring


class Place:
    """Moves on with every batch that is taken, from the log or from the ring.

    Whoever has read the log to its end goes on in the ring; whoever falls out of it goes back
    to the log. Every doubt is the log's to settle, so that all resets come from `Follower`.
    One thread at a time may use a place.
    """

    def __init__(self, start: Start, stream: str | None, types: Types, limits: Limits) -> None:
        self.at = start
        self.stream = stream
        self.ended = False
        """Behind the terminal event of `stream`: nothing more comes."""
        self.replayed = 0
        """Events read from the log so far."""
        self._types = types
        self._limits = limits
        self._limit = min(FIRST_EVENTS, limits.batch_events)
        self._seen: Cursor | None = None
        """The whole feed's position up to which this stream is known."""

    def settle(self, log: SharedLog) -> Cursor:
        """Where it stands in the log as of now. Raises LogError."""
        return self._follower(log).cursor

    def over(self, log: SharedLog) -> bool:
        """Whether the stream ended before this place; changes nothing."""
        follower = Follower(log.get(), self.at, stream=self.stream)
        return not follower.take(1) and follower.ended

    def read(self, shared: SharedLog, newest: Cursor | None) -> Batch:
        """The next batch from the log, which blocks. Raises LogError.

        `newest` is how far the ring had come before.
        """
        follower = self._follower(shared)
        self.at = place = follower.cursor
        taken = follower.take(self._limit)
        if isinstance(taken, Reset):
            self.at, self.ended = follower.cursor, follower.ended
            return reset(taken)
        self._seen = None if taken else newest
        made = self._batch(place, taken)
        self.replayed += made.covered
        self.ended = follower.ended and self.at == follower.cursor
        # What did not fit is read again, so that no client keeps events while it is slow.
        fitting = made.covered * 2 if made.covered == len(taken) else made.covered * 5 // 4
        self._limit = min(self._limits.batch_events, fitting + 1)
        return made

    def next(self, ring: Ring) -> Batch | None:
        """The next batch from the ring; None if the log has to be read."""
        if not isinstance(self.at, Cursor):
            return None
        if self.stream is not None:
            return self._next_of_stream(ring, self.at, self.stream)
        made = ring.batch(self.at, self._types)
        if made is not None and made.covered:
            self.at = Cursor(self.at.epoch, self.at.number + made.covered)
        return made

    def _next_of_stream(self, ring: Ring, at: Cursor, stream: str) -> Batch | None:
        if self._seen is None or self._seen.epoch != at.epoch:
            return None
        found = ring.since(self._seen)
        if found is None:
            return None
        mine = [event for event in found if event.stream == stream and event.seq > at.number]
        # Whether that is the stream's end is the log's to say.
        if any(event.terminal for event in mine):
            return None
        made = self._batch(at, mine[: self._limits.batch_events])
        if made.covered == len(mine):
            self._seen = ring.cursor
        return made

    def _follower(self, shared: SharedLog) -> Follower:
        try:
            return Follower(shared.get(), self.at, stream=self.stream)
        except NoLogError:
            # Its first event will have come after this client.
            if self.at == "latest":
                self.at = "earliest"
            raise

    def _batch(self, place: Cursor, events: list[Envelope]) -> Batch:
        if not events:
            return NOTHING
        made = batch(
            events,
            place.epoch,
            by_seq=self.stream is not None,
            types=self._types,
            max_bytes=self._limits.batch_bytes,
        )
        self.at = Cursor(place.epoch, number_of(events[made.covered - 1], self.stream))
        return made
