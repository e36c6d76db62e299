"""Asks a running puller for a pull, and follows it in the log to its end."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator

from session_lattice import events, heartbeat
from session_lattice.config import Settings
from session_lattice.errors import LatticeError, LogError
from session_lattice.events import Envelope, PullStarted
from session_lattice.home import Home
from session_lattice.log.base import WAIT_SECONDS, EventLog, Reset
from session_lattice.log.choose import open_log
from session_lattice.log.cursor import Cursor, Start
from session_lattice.log.follow import Follower

OPEN_SECONDS = 5.0
"""How long a puller that has just begun may take to make its log."""

RETRY_SECONDS = 0.05

ASKED_FOR = ("asked", "once")
"""Reasons of pulls that another who asks joins."""


def opened(settings: Settings) -> EventLog:
    """The log, to read. Raises LogError when it does not come."""
    end = time.monotonic() + OPEN_SECONDS
    while True:
        try:
            return open_log(settings, readonly=True)
        except LogError:
            if time.monotonic() >= end:
                raise
        threading.Event().wait(RETRY_SECONDS)


class PullerEndedError(LatticeError):
    """The puller is not there any more."""


class PullWatch:
    """Pulls of the puller `pid` on `home`, as its log tells of them.

    Raises PullerEndedError when the puller ends before the pull does, and LogError.
    """

    def __init__(self, log: EventLog, home: Home, pid: int) -> None:
        self._log = log
        self._home = home
        self._pid = pid
        self._origin = socket.gethostname()

    def under_way(self) -> str:
        """The stream of the pull under way that leaves a trace; "" for none."""
        beat = heartbeat.read(self._home.heartbeat)
        return f"pull/{beat.pull}" if beat and beat.pid == self._pid and beat.pull else ""

    def asked(self) -> str:
        """The stream of the pull under way if it was asked for, else of another one, asked for now.

        "" when the puller ends before it has begun one.
        """
        # The order matters: a pull that begins after this look begins behind this place.
        bounds = self._log.bounds()
        stream = self.under_way()
        if stream and self._was_asked_for(stream) and not self._log.bounds(stream).ended:
            return stream
        try:
            return self._ask(Cursor(bounds.epoch, bounds.newest))
        except PullerEndedError:
            return ""

    def to_the_end(self, stream: str) -> Iterator[Envelope]:
        for taken in self._follow("earliest", stream):
            if isinstance(taken, Envelope):
                yield taken

    def send(self, number: signal.Signals) -> None:
        try:
            os.kill(self._pid, number)
        except ProcessLookupError as error:
            raise self._died() from error
        except PermissionError as error:
            raise LatticeError(
                f"the puller, process {self._pid}, belongs to somebody else",
                hint="ask as the user who runs it",
            ) from error

    def _ask(self, place: Cursor) -> str:
        """Ask for a pull; the stream of the first one behind `place` that was asked for.

        That may be one under way that this request has joined: what is seen then is its end.
        """
        self.send(signal.SIGHUP)
        looked_at: dict[str, bool] = {}
        for taken in self._follow(place, None):
            if isinstance(taken, Reset):
                # What came in between is unknown. To ask twice is to ask once.
                self.send(signal.SIGHUP)
            elif taken.stream.startswith("pull/") and taken.origin == self._origin:
                if taken.stream not in looked_at:
                    looked_at[taken.stream] = self._was_asked_for(taken.stream)
                if looked_at[taken.stream]:
                    return taken.stream
        raise self._died()

    def _was_asked_for(self, stream: str) -> bool:
        first = self._log.read(0, limit=1, stream=stream)
        event = events.decode(first[0].data) if first else None
        return isinstance(event, PullStarted) and event.reason in ASKED_FOR

    def _follow(self, start: Start, stream: str | None) -> Iterator[Envelope | Reset]:
        follower = Follower(self._log, start, stream=stream)
        while not follower.ended:
            alive = self._home.puller_pid() == self._pid
            seen = self._log.bounds()
            taken = follower.take()
            if isinstance(taken, Reset):
                yield taken
            elif taken:
                yield from taken
            elif not alive:
                raise self._died()
            else:
                self._log.wait(seen, WAIT_SECONDS)

    def _died(self) -> PullerEndedError:
        return PullerEndedError(
            f"the puller, process {self._pid}, ended before the pull did",
            hint="start it again: session-lattice serve-puller",
        )
