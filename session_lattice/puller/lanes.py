"""The sources in lanes that run side by side: one that waits for its upstream holds up no other."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for

from session_lattice.errors import SourceError
from session_lattice.puller.ingest import Ingest
from session_lattice.sources.base import Source, SourceStatus


class Scans:
    """One scan of each lane, under way."""

    def __init__(self, scans: Sequence[tuple[Ingest, "Future[int]"]]) -> None:
        self._scans = scans

    @property
    def done(self) -> bool:
        return all(scan.done() for _, scan in self._scans)

    @property
    def some_done(self) -> bool:
        """Whether what is still awaited holds up what others have told."""
        return any(scan.done() for _, scan in self._scans)

    @property
    def doing(self) -> str:
        """What is under way, as the end of "the pull was still ..."."""
        return next((lane.doing for lane, scan in self._scans if not scan.done()), "reading")

    def wait(self, seconds: float) -> None:
        """Until a further scan has ended, at most so long."""
        waiting = [scan for _, scan in self._scans if not scan.done()]
        wait_for(waiting, timeout=seconds, return_when=FIRST_COMPLETED)

    def result(self) -> tuple[int, SourceError | None]:
        """Bytes that were read, and the first failure of a source, which stops only itself.

        Raises any other LatticeError.
        """
        read, failure = 0, None
        for _, scan in self._scans:
            try:
                read += scan.result()
            except SourceError as error:
                failure = failure or error
        return read, failure


class Lanes:
    """Asks all lanes at once but the `last` one, whose turn is after them; knows all sources."""

    def __init__(self, *lanes: Ingest, last: Ingest | None = None) -> None:
        self._first = lanes
        self._last = [last] if last else []
        self._lanes = (*lanes, *self._last)

    @property
    def sources(self) -> list[Source]:
        return [source for lane in self._lanes for source in lane.sources]

    def statuses(self) -> list[SourceStatus]:
        return [source.status() for source in self.sources]

    def scan(self, over: Callable[[], bool]) -> Scans:
        """Ask each lane for a scan that begins from now on, until `over` says that nobody waits."""
        return Scans([(lane, lane.scan(over)) for lane in self._first])

    def scan_last(self, over: Callable[[], bool]) -> Scans:
        """The same of the lane that goes by what the others have told."""
        return Scans([(lane, lane.scan(over)) for lane in self._last])

    def hint(self) -> None:
        """Something on disk changed: those that look at the disk scan soon."""
        for lane in self._lanes:
            if any(source.roots for source in lane.sources):
                lane.hint()

    def abandon(self) -> None:
        """Nobody waits any more for scans that may be stuck: end what can be ended of them."""
        for lane in self._lanes:
            lane.abandon()

    def close(self) -> None:
        """End each between two batches; what was read so far is with the drainer."""
        for lane in self._lanes:
            lane.close()
