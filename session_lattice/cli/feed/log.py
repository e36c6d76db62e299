"""Frames straight from the event log."""

from collections.abc import Collection, Generator
from contextlib import closing

from session_lattice.cli.feed.backoff import Backoff
from session_lattice.cli.feed.base import NEWEST, RESET, Frame
from session_lattice.cli.reading import remark
from session_lattice.config import Settings
from session_lattice.errors import LogError, NotFoundError
from session_lattice.events import Envelope, is_bounded
from session_lattice.log.base import EventLog, Reset, number_of
from session_lattice.log.choose import open_log
from session_lattice.log.cursor import Cursor, Start
from session_lattice.reads.stream import frames

FIRST_RETRY_SECONDS = 0.25
MAX_RETRY_SECONDS = 5.0


class LogFeed:
    """A Feed of the log that `settings` mean; no `stream` is all of them, no `types` any.

    Without `start` a bounded stream begins with its first event, all else with the next to come.
    """

    def __init__(
        self, settings: Settings, stream: str, types: Collection[str], start: Start | None
    ) -> None:
        self._settings = settings
        self._stream = stream
        self._types = types
        self._start = start
        self._backoff = Backoff(FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS)
        self._lost = False

    def frames(self) -> Generator[Frame, None, None]:
        with closing(open_log(self._settings, readonly=True)) as log:
            stream = _newest_pull(log) if self._stream == NEWEST else self._stream or None
            place = self._placed(log, stream)
            while True:
                try:
                    self._look(log, place, stream)
                    for taken in log.follow(place, stream=stream):
                        place = _behind(taken, place, stream)
                        if isinstance(taken, Reset) or self._wanted(taken):
                            yield _frame(taken, place)
                    return
                except LogError as error:
                    self._say(error)
                    self._backoff.wait()

    def _placed(self, log: EventLog, stream: str | None) -> Cursor:
        start = self._start or ("earliest" if stream and is_bounded(stream) else "latest")
        bounds = log.bounds(stream)
        if stream and not bounds.newest:
            remark(f"there is nothing of {stream} yet; waiting for it")
        if isinstance(start, Cursor):
            return start
        return Cursor(bounds.epoch, bounds.newest if start == "latest" else bounds.oldest - 1)

    def _look(self, log: EventLog, place: Cursor, stream: str | None) -> None:
        log.read(place.number, limit=1, stream=stream)
        self._backoff.worked()
        if self._lost:
            self._lost = False
            remark("the event log can be read again")

    def _say(self, error: LogError) -> None:
        if not self._lost:
            self._lost = True
            remark(f"{error.what}; trying again")

    def _wanted(self, event: Envelope) -> bool:
        return not self._types or event.type in self._types


def _newest_pull(log: EventLog) -> str:
    newest = log.latest("pull/", terminal=False)
    if newest is None:
        raise NotFoundError("the log has no pull", hint="start one with `session-lattice pull`")
    return newest.stream


def _behind(taken: Envelope | Reset, place: Cursor, stream: str | None) -> Cursor:
    if isinstance(taken, Reset):
        return Cursor(taken.bounds.epoch, taken.bounds.oldest - 1)
    return Cursor(place.epoch, number_of(taken, stream))


def _frame(taken: Envelope | Reset, place: Cursor) -> Frame:
    if isinstance(taken, Reset):
        return Frame(str(place), RESET, frames.reset_data(taken))
    return Frame(str(place), taken.type, frames.data(taken))
