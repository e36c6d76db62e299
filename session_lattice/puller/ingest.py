"""Brings what some sources have into the log, on a thread of its own: a lane."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

from session_lattice.errors import LatticeError, PullCancelledError, SourceError
from session_lattice.log.base import EventLog
from session_lattice.log.drainer import Delivery, Drainer
from session_lattice.puller.bulk import BULK_BYTES, BulkReader
from session_lattice.sources.base import Source

MIN_SCAN_INTERVAL_SECONDS = 0.4
"""Between two scans that changes on disk ask for; a pull asks at once."""

PATIENCE_SECONDS = 0.5
"""How long `close` waits for the batch under way before it ends what can be ended."""

CLOSE_SECONDS = 5.0
"""How long `close` waits for a read to return, which on a dead network disk it never does."""


READING = "reading transcripts"
"""What most lanes do, as the end of "the pull was still ..."."""


class Finder(Protocol):
    """Tells of sources that have appeared since the last call."""

    def found(self) -> list[Source]: ...


class Steps(Protocol):
    """Is told how far a scan is, in bytes, and that it is over."""

    def step(self, done: int, total: int) -> None: ...

    def clear(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A scan that somebody waits for, until `over` says that nobody does any more."""

    over: Callable[[], bool]
    done: "Future[int]" = field(default_factory=Future)


class Ingest:
    """One scan at a time over the sources of a lane, asked for by the watcher or by a pull.

    A source that fails stops only itself; the scan then raises the first failure when the
    others are done. After a failure, and in another epoch of the log, every source starts
    again from the log's checkpoints, because what it had read may not have been kept.
    """

    def __init__(
        self,
        log: EventLog,
        drainer: Drainer,
        finder: Finder,
        *,
        progress: Steps,
        on_error: Callable[[Exception], None],
        bulk: BulkReader | None = None,
        doing: str = READING,
    ) -> None:
        self.doing = doing
        self._log = log
        self._drainer = drainer
        self._finder = finder
        self._progress = progress
        self._on_error = on_error
        self._bulk = bulk
        self._sources: list[Source] = []
        self._reload = False
        self._epoch = ""
        self._stop = threading.Event()
        self._wake = threading.Condition()
        self._asked: list[Asked] = []
        self._wanted: Sequence[Asked] = ()
        self._hinted = False
        self._scanned_at = 0.0
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._thread.start()

    @property
    def sources(self) -> list[Source]:
        return list(self._sources)

    def scan(self, over: Callable[[], bool]) -> "Future[int]":
        """Ask for a scan that begins from now on; the result is how many bytes it read.

        It ends between two batches with PullCancelledError once `over` says so.
        """
        asked = Asked(over)
        with self._wake:
            if self._stop.is_set():
                asked.done.set_exception(_stopping())
            else:
                # Behind a read that does not return, only what is still wanted may wait.
                self._asked = [one for one in self._asked if not one.over()]
                self._asked.append(asked)
                self._wake.notify()
        return asked.done

    def hint(self) -> None:
        """Something on disk changed: scan soon."""
        with self._wake:
            self._hinted = True
            self._wake.notify()

    def abandon(self) -> None:
        """Nobody waits any more for a scan that may be stuck: end what can be ended of it."""
        if self._bulk:
            self._bulk.kill()
        for source in self.sources:
            source.abandon()

    def close(self) -> None:
        """End between two batches; what was read so far is in the log."""
        self._stop.set()
        with self._wake:
            self._wake.notify()
        self._thread.join(PATIENCE_SECONDS)
        if self._thread.is_alive():
            self.abandon()
            self._thread.join(CLOSE_SECONDS)
        if not self._thread.is_alive():
            for source in self._sources:
                source.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._answer(self._next())
        for asked in self._next():
            asked.done.set_exception(_stopping())

    def _next(self) -> list[Asked]:
        """Wait for a pull, or for changes that have had time to gather."""
        with self._wake:
            self._wake.wait_for(lambda: self._asked or self._hinted or self._stop.is_set())
            rest = self._scanned_at + MIN_SCAN_INTERVAL_SECONDS - time.monotonic()
            self._wake.wait_for(lambda: self._asked or self._stop.is_set(), timeout=max(0.0, rest))
            asked, self._asked, self._hinted = self._asked, [], False
            return asked

    def _answer(self, asked: Sequence[Asked]) -> None:
        """Scan and tell who asked; this is the top of the thread, so it passes every error on."""
        try:
            done = self._scan_all(asked)
        except Exception as error:
            self._reload = True
            if not isinstance(error, PullCancelledError):
                self._on_error(error)
            for one in asked:
                one.done.set_exception(error)
        else:
            for one in asked:
                one.done.set_result(done)
        self._progress.clear()
        self._scanned_at = time.monotonic()

    def _scan_all(self, asked: Sequence[Asked]) -> int:
        self._wanted = asked
        self._check()
        epoch = self._log.epoch
        if self._reload or epoch != self._epoch:
            # What a scan that was cut short has submitted need not be read again.
            self._drainer.flush()
            self._take_in(self._sources)
            self._reload, self._epoch = False, epoch
        self._take_in(self._finder.found())
        failures: list[LatticeError] = []
        total = sum(self._pending(source, failures) for source in self._sources)
        done = self._read_all(total, failures)
        self._drainer.flush()
        if failures:
            raise failures[0]
        return done

    def _read_all(self, total: int, failures: list[LatticeError]) -> int:
        done = 0
        if self._bulk and total >= BULK_BYTES:
            try:
                done = self._read_in_bulk(self._bulk, total)
            except SourceError as error:
                # The sources here have not followed: they begin again with the next scan.
                failures.append(error)
                return done
        for source in self._sources:
            try:
                done = self._read(source, done, total)
            except SourceError as error:
                failures.append(error)
        return done

    def _read_in_bulk(self, bulk: BulkReader, total: int) -> int:
        """Let another process read; the sources here go on from what it left in the log."""
        done = 0
        names = [source.name for source in self._sources]
        with closing(bulk.read({name: self._log.checkpoints(name) for name in names})) as portions:
            for portion in portions:
                self._drainer.submit(Delivery(portion.source, portion.events, portion.checkpoints))
                done = self._advance(done + portion.read_bytes, total)
        self._drainer.flush()
        self._take_in(self._sources)
        for source in self._sources:
            source.pending()
        return done

    def _take_in(self, sources: Sequence[Source]) -> None:
        for source in sources:
            source.load(self._log.checkpoints(source.name))
        self._sources += [source for source in sources if source not in self._sources]

    def _pending(self, source: Source, failures: list[LatticeError]) -> int:
        try:
            return source.pending()
        except SourceError as error:
            failures.append(error)
            return 0

    def _read(self, source: Source, done: int, total: int) -> int:
        for batch in source.batches():
            self._drainer.submit(Delivery(source.name, batch.drafts, batch.checkpoints))
            done = self._advance(done + batch.read_bytes, total)
        return done

    def _advance(self, done: int, total: int) -> int:
        """Tell how far the scan is; the place where it can be cancelled."""
        self._progress.step(done, total)
        self._check()
        return done

    def _check(self) -> None:
        """Raise PullCancelledError when the puller stops, or nobody waits any more who did."""
        if self._stop.is_set():
            raise _stopping()
        if self._wanted and all(one.over() for one in self._wanted):
            raise PullCancelledError("the pull was cancelled")


def _stopping() -> PullCancelledError:
    return PullCancelledError("the puller is stopping")
