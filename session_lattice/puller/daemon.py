"""The puller's life: the lock, the two cadences, signals."""

import random
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from session_lattice import telemetry
from session_lattice.config import Settings
from session_lattice.errors import ConfigError, LatticeError
from session_lattice.heartbeat import LastPull
from session_lattice.home import Home
from session_lattice.log.sqlite import SqliteEventLog
from session_lattice.puller.bulk import BulkReader
from session_lattice.puller.discovery import Discovery
from session_lattice.puller.ingest import Ingest
from session_lattice.puller.progress import Progress
from session_lattice.puller.pulse import Pulse
from session_lattice.puller.reserve import Reserve
from session_lattice.puller.tick import Ended, Tick, now_us
from session_lattice.puller.watch import Watcher
from session_lattice.sources.base import SourceStatus
from session_lattice.store.store import Store

FIRST_RETRY_SECONDS = 1.0
"""After a pull that failed; doubles with every further failure, up to the refresh interval."""

JITTER = 0.2
"""Share of a retry's delay that is left to chance, so that neighbours don't retry in step."""


def serve(settings: Settings, *, once: bool, sample: bool = False) -> int:
    """Run the puller until a signal, or for one pull; the process's exit code.

    Raises HomeError when the home cannot be written and HomeLockedError when another puller
    holds it.
    """
    _refuse_unsupported(settings)
    telemetry.configure(settings.log_level, "puller")
    home = Home(settings.home)
    home.create()
    with home.lock():
        return Puller(settings, home, sample=sample).run(once=once)


def _refuse_unsupported(settings: Settings) -> None:
    if settings.repo_recall_url:
        raise ConfigError(
            "this version reads transcripts on disk only",
            hint="unset SESSION_LATTICE_REPO_RECALL_URL",
        )
    if settings.log_url:
        raise ConfigError(
            "this version keeps its event log in the home only",
            hint="unset SESSION_LATTICE_LOG_URL",
        )


class Puller:
    """Holds the log and the store for its life; listens on no port."""

    def __init__(self, settings: Settings, home: Home, *, sample: bool) -> None:
        self._settings = settings
        self._home = home
        self._sample = sample
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._log = structlog.get_logger()
        self._pulse = Pulse(settings, home, sample)
        self._progress = Progress(lambda: self._pulse.step(self._progress))
        self._events = SqliteEventLog(home.log, origin=socket.gethostname())
        self._discovery = Discovery(settings.transcripts, sample=sample)
        self._ingest = Ingest(
            self._events,
            self._discovery,
            on_progress=self._progress.step,
            on_error=self._ingest_failed,
            bulk=BulkReader(settings.transcripts, sample),
        )
        self._watcher = Watcher(self._ingest.hint, self._watch_failed)
        self._reserve = Reserve(home.reserve)
        self._store: Store | None = None
        self._failures = 0

    def run(self, *, once: bool) -> int:
        with self._signals():
            self._pulse.resume()
            self._log.info(
                "puller_started", home=str(self._home.root), profile=self._settings.profile
            )
            try:
                self._pull("once" if once else "start")
                while not once and not self._stop.is_set():
                    self._watch()
                    reason = self._wait()
                    if not self._stop.is_set():
                        self._pull(reason)
            finally:
                self._close()
        return 1 if once and self._failures else 0

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(*_: object) -> None:
            self._stop.set()
            self._wake.set()
            self._ingest.cancel()

        def pull_now(*_: object) -> None:
            self._wake.set()

        handlers: dict[signal.Signals, Callable[..., None]] = {
            signal.SIGTERM: stop,
            signal.SIGINT: stop,
            signal.SIGHUP: pull_now,
        }
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _wait(self) -> str:
        """Until the next tick, a retry, SIGHUP or the end, whichever comes first."""
        signalled = self._wake.wait(self._delay())
        self._wake.clear()
        return "signal" if signalled else "tick"

    def _delay(self) -> float:
        interval = self._settings.refresh_interval_seconds
        if not self._failures:
            return interval
        backoff = min(FIRST_RETRY_SECONDS * 2.0 ** min(self._failures - 1, 16), interval)
        return backoff * (1 - JITTER * random.random())

    def _watch(self) -> None:
        self._watcher.watch([root for source in self._ingest.sources for root in source.roots])

    def _pull(self, reason: str) -> None:
        """One pull; what makes it fail is told, and tried again later."""
        try:
            self._store = self._store or self._open_store()
            tick = Tick(self._events, self._ingest, self._store, self._reserve, sample=self._sample)
            ended = tick.run(reason)
        except LatticeError as error:
            ended = Ended(None, error)
        if ended.error:
            self._failed(ended.error)
        elif not self._stop.is_set():
            self._succeeded(ended.last)
        self._pulse.last_pull = ended.last or self._pulse.last_pull
        self._report(ended.error)
        self._progress.clear()
        self._beat()

    def _open_store(self) -> Store:
        store = Store(self._home, self._settings.refresh_interval_seconds)
        if store.restored_from is not None:
            self._log.warning("store_restored", generation=store.restored_from)
        return store

    def _failed(self, error: LatticeError) -> None:
        self._failures += 1
        self._log.error("pull_failed", error=error.what, hint=error.hint, failures=self._failures)
        self._close_store()

    def _succeeded(self, last: LastPull | None) -> None:
        self._failures = 0
        self._reserve.restore()
        self._pulse.checked_at = now_us()
        if last:
            seconds = (last.finished_at - last.started_at) / 1e6
            self._log.info("pull_finished", pull=last.id, seconds=round(seconds, 3))

    def _report(self, error: LatticeError | None) -> None:
        """Everything that is wrong now, for whoever asks for the status."""
        problems = {error.what: error.hint} if error else {}
        if self._store:
            problems |= {broken.what: broken.hint for broken in self._store.view_errors}
        self._pulse.see([*self._ingest.statuses(), *self._missing()])
        self._pulse.report(problems)

    def _missing(self) -> list[SourceStatus]:
        """Agents' homes that somebody asked for and that are not there."""
        if self._settings.provenance["transcripts"] == "default":
            return []
        return [SourceStatus(str(p), "missing", str(p), files=0) for p in self._discovery.missing]

    def _beat(self) -> None:
        try:
            self._pulse.beat(self._progress)
        except OSError as error:
            # The heartbeat is the first thing that a full disk stops; pulls say so themselves.
            self._log.error("heartbeat_unwritten", error=str(error))

    def _ingest_failed(self, error: Exception) -> None:
        self._log.error("scan_failed", error=str(error))

    def _watch_failed(self, error: Exception) -> None:
        self._log.warning("watch_failed", error=str(error), then="the next tick finds the changes")

    def _close_store(self) -> None:
        if self._store:
            self._store.close()
            self._store = None

    def _close(self) -> None:
        self._watcher.close()
        self._ingest.close()
        self._close_store()
        self._events.close()
        self._beat()
        self._log.info("puller_stopped")
