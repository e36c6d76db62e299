"""What the log holds that the store has not applied."""

from collections.abc import Sequence

from session_lattice.events import Envelope
from session_lattice.log.base import Bounds, EventLog, Reset
from session_lattice.log.cursor import Cursor
from session_lattice.log.follow import Follower
from session_lattice.store.store import Store

APPLY_EVENTS = 10_000
"""Taken at once: a batch has a fixed cost, and all of it is in memory."""


class Backlog:
    """Hands out batches behind the store's applied position, whatever has become of the log.

    A log that is behind the store was put back from a backup: it begins another epoch, whose
    events the store absorbs. `trimmed` counts events that the log gave up before they were
    applied; the store goes on with the oldest that is left.
    """

    def __init__(self, log: EventLog, store: Store) -> None:
        self._log = log
        self._store = store
        self._follower = self._from_applied(log.bounds())
        self.trimmed = 0

    def take(self, at_least: int) -> Sequence[Envelope]:
        """The next batch if at least so many events wait, else none."""
        while self._waits(self._log.bounds(), at_least):
            place = self._follower.cursor
            taken = self._follower.take(APPLY_EVENTS)
            if not isinstance(taken, Reset):
                return taken
            self._follower = self._recovered(taken, place)
        return ()

    def _waits(self, bounds: Bounds, at_least: int) -> bool:
        """Whether so many events wait, or the log is not the one that was applied."""
        place = self._follower.cursor
        waiting = bounds.newest - place.number
        return bounds.epoch != place.epoch or waiting < 0 or waiting >= at_least

    def _recovered(self, reset: Reset, place: Cursor) -> Follower:
        if reset.reason == "evicted":
            self.trimmed += reset.bounds.oldest - 1 - place.number
            return self._follower
        if reset.reason == "future":
            self._log.renew()
        return self._from_oldest(self._log.bounds())

    def _from_applied(self, bounds: Bounds) -> Follower:
        applied = self._store.applied(bounds.epoch)
        return Follower(self._log, Cursor(bounds.epoch, applied))

    def _from_oldest(self, bounds: Bounds) -> Follower:
        """What an epoch lacks at its beginning was applied in the one before."""
        applied = self._store.applied(bounds.epoch)
        return Follower(self._log, Cursor(bounds.epoch, max(applied, bounds.oldest - 1)))
