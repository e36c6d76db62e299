"""Watches the log for all clients: one thread, and only while there are any."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import structlog
from prometheus_client import Gauge

from session_lattice.errors import LatticeError
from session_lattice.events import Envelope
from session_lattice.log.base import WAIT_SECONDS, Bounds, EventLog
from session_lattice.log.cursor import Cursor, Start
from session_lattice.log.follow import Follower
from session_lattice.reads.stream.limits import Limits
from session_lattice.reads.stream.log import SharedLog
from session_lattice.reads.stream.ring import Ring

FIRST_RETRY_SECONDS = 0.1
MAX_RETRY_SECONDS = 2.0
"""Between two tries to read a log that cannot be read."""

MAX_REST_SECONDS = 0.05
"""Between two wake-ups of many clients, at most."""

JOIN_SECONDS = 0.3
"""How long the thread may take to end with the server; a log that hangs must not hold it up."""


class News(NamedTuple):
    """The log has come to `cursor`, past `events`; `seen_at` is monotonic."""

    cursor: Cursor
    events: list[Envelope]
    seen_at: float


class Tailer:
    """Fills `ring` with what is appended and calls `on_news` then, on the event loop.

    `version` rises with every news. A client that reads from the log looks at it first: what
    is appended behind its read comes with a higher one, so that no wake-up is lost.
    """

    def __init__(
        self, log: SharedLog, limits: Limits, lag: Gauge, on_news: Callable[[], None]
    ) -> None:
        self.ring = Ring(limits)
        self.version = 0
        self._log = log
        self._limits = limits
        self._lag = lag
        self._on_news = on_news
        self._clients = 0
        self._watch: _Watch | None = None

    def enter(self) -> None:
        """One more client."""
        self._clients += 1
        self.ensure()

    def ensure(self) -> None:
        """Begin to watch, also where an error that nobody foresaw has ended the thread."""
        if self._watch is None or not self._watch.is_alive():
            self._watch = _Watch(self._log, self._limits.ring_events, self._lag, self._take)
            self._watch.start()

    def leave(self) -> None:
        self._clients -= 1
        if not self._clients:
            loop = asyncio.get_running_loop()
            loop.call_later(self._limits.linger_seconds, self._end_if_idle)

    async def close(self) -> None:
        """End the thread; the log must be closed, or be about to answer."""
        if self._watch is not None:
            watch, self._watch = self._watch, None
            watch.end()
            await asyncio.to_thread(watch.join, JOIN_SECONDS)

    def _end_if_idle(self) -> None:
        if self._watch is not None and not self._clients:
            self._watch.end()
            self._watch = None
            self.ring = Ring(self._limits)

    def _take(self, watch: "_Watch", news: News) -> None:
        # A thread that is ending may have some left to say while another has begun.
        if watch is self._watch:
            self.ring.add(news.cursor, news.events)
            self.version += 1
            self._lag.set(time.monotonic() - news.seen_at)
            self._on_news()
        # Behind the turns of all the clients that were woken just now.
        asyncio.get_running_loop().call_soon(watch.taken.set)


class _Watch(threading.Thread):
    """Follows the whole feed from now on; a place that is lost is found again by its Follower."""

    def __init__(
        self,
        log: SharedLog,
        limit: int,
        lag: Gauge,
        take: Callable[["_Watch", News], None],
    ) -> None:
        super().__init__(name="tailer", daemon=True)
        self.taken = threading.Event()
        self._ending = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._log = log
        self._limit = limit
        self._lag = lag
        self._take = take
        self._place: Start = "latest"
        self._failing_since: float | None = None

    def end(self) -> None:
        self._ending.set()
        self.taken.set()

    def run(self) -> None:
        delay = FIRST_RETRY_SECONDS
        while not self._ending.is_set():
            try:
                self._follow_shared()
            except LatticeError as error:
                delay = FIRST_RETRY_SECONDS if self._failing_since is None else delay
                self._fail(error)
                self._ending.wait(delay)
                delay = min(2 * delay, MAX_RETRY_SECONDS)

    def _follow_shared(self) -> None:
        log = self._log.get()
        try:
            self._follow(log)
        except LatticeError:
            self._log.forget(log)
            raise

    def _follow(self, log: EventLog) -> None:
        follower = Follower(log, self._place)
        seen_at = time.monotonic()
        while not self._ending.is_set():
            # After a Reset the follower stands before the oldest event, as the ring then does.
            taken = follower.take(self._limit)
            self._failing_since = None
            self._place = place = follower.cursor
            self._tell(News(place, taken if isinstance(taken, list) else [], seen_at))
            newest = self._newest(log, place)
            seen_at = time.monotonic()
            # Positions have no gaps: of more events than the ring holds only its share is read.
            if newest - place.number > self._limit:
                follower.skip_to(newest - self._limit)

    def _newest(self, log: EventLog, place: Cursor) -> int:
        """Of the log, once it is not `place` any more; of the same life, else what `place` is."""
        seen = Bounds(place.epoch, place.number, place.number)
        while not self._ending.is_set():
            bounds = log.wait(seen, WAIT_SECONDS)
            if (bounds.epoch, bounds.newest) != place:
                return bounds.newest if bounds.epoch == place.epoch else place.number
        return place.number

    def _tell(self, news: News) -> None:
        """Wait until all clients had their turn, then as long again, which leaves half of the
        event loop to others; events that come meanwhile are told of together.
        """
        self.taken.clear()
        told_at = time.monotonic()
        try:
            self._loop.call_soon_threadsafe(self._take, self, news)
        except RuntimeError:
            # The loop is gone, and this thread was not waited for any longer.
            self._ending.set()
            return
        self.taken.wait()
        self._ending.wait(min(time.monotonic() - told_at, MAX_REST_SECONDS))

    def _fail(self, error: LatticeError) -> None:
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
            structlog.get_logger().warning("log_unreadable", error=error.what)
        self._lag.set(now - self._failing_since)
