"""The puller's life: the lock, the two cadences, what fails and is tried again."""

import random
import socket
import time
from contextlib import ExitStack
from dataclasses import replace

import structlog

from session_lattice import telemetry
from session_lattice.config import Settings
from session_lattice.errors import LatticeError
from session_lattice.events import Draft, PullFailed
from session_lattice.heartbeat import LastPull, Problem
from session_lattice.home import Home
from session_lattice.log.base import EventLog
from session_lattice.log.choose import open_log
from session_lattice.log.drainer import Delivery, Drainer
from session_lattice.puller.indexing import Indexing
from session_lattice.puller.lanes import Lanes
from session_lattice.puller.progress import Progress
from session_lattice.puller.pull import Ended, Made, Pull, end_draft, now_us, stream_of
from session_lattice.puller.pulse import Pulse
from session_lattice.puller.reserve import Reserve
from session_lattice.puller.retention import Retention
from session_lattice.puller.scope import CancelScope
from session_lattice.puller.signals import Signals
from session_lattice.puller.sources import Sources
from session_lattice.puller.tick import Tick
from session_lattice.puller.watch import Watcher
from session_lattice.sources.base import SourceStatus
from session_lattice.store.store import Store

FIRST_RETRY_SECONDS = 1.0
"""After a pull that failed; doubles with every further failure, up to the refresh interval."""

SCANNING_SECONDS = 2.0
"""Between two looks at an upstream whose first scan is not over, and that has nothing till then."""

JITTER = 0.2
"""Share of a retry's delay that is left to chance, so that neighbours don't retry in step."""

INTERRUPTED = "the puller ended before the pull did"


def serve(settings: Settings, *, once: bool, sample: bool = False) -> int:
    """Run the puller until a signal, or for one pull; the process's exit code.

    Raises HomeError when the home cannot be written and HomeLockedError when another puller
    holds it.
    """
    telemetry.configure(settings.log_level, "puller")
    home = Home(settings.home)
    home.create()
    # Whoever sees the lock held may send a signal.
    with Signals() as signals, home.lock():
        return Puller(settings, home, signals, sample=sample).run(once=once)


class Puller:
    """Holds the log and the store once they are open; listens on no port."""

    def __init__(self, settings: Settings, home: Home, signals: Signals, *, sample: bool) -> None:
        self._settings = settings
        self._home = home
        self._signals = signals
        self._sample = sample
        self._logger = structlog.get_logger()
        self._pulse = Pulse(settings, home, sample)
        self._progress = Progress(self._step)
        self._sources = Sources(settings, home, self._progress, self._scan_failed, sample=sample)
        self._watcher = Watcher(self._changed, self._watch_failed)
        self._reserve = Reserve(home.reserve)
        self._retention = Retention(settings.log_retention_days)
        self._indexing = Indexing(home)
        self._log: EventLog | None = None
        self._drainer: Drainer | None = None
        self._lanes: Lanes | None = None
        self._store: Store | None = None
        self._orphan = ""
        self._untold: list[Draft] = []
        self._owed = False
        self._trimmed = 0
        self._failures = 0
        self._error: LatticeError | None = None

    def run(self, *, once: bool) -> int:
        self._orphan = self._pulse.pull = self._pulse.resume()
        place = {"home": str(self._home.root), "profile": self._settings.profile}
        self._logger.info("puller_started", **place)
        try:
            self._pull("once" if once else "start")
            while once and not self._signals.stopping and self._index():
                pass
            while not once and not self._signals.stopping:
                self._watch()
                self._rest(self._delay())
                if not self._signals.stopping:
                    self._pull("asked" if self._signals.asked or self._owed else "tick")
        finally:
            self._close()
        return 1 if once and self._failures else 0

    def _rest(self, seconds: float) -> None:
        """Index what was published while there is time for it, a step at least; then wait."""
        end = time.monotonic() + seconds
        while self._index() and time.monotonic() < end:
            if self._signals.stopping or self._signals.asked:
                return
        self._signals.wait(max(0.0, end - time.monotonic()))

    def _index(self) -> bool:
        """A step of the search index; whether there is more to do."""
        if not self._store:
            return False
        before, more = self._indexing.problem, self._indexing.step(self._store)
        if self._indexing.problem is not before:
            self._report()
            self._beat()
        return more

    def _delay(self) -> float:
        interval = self._settings.refresh_interval_seconds
        if not self._failures:
            scanning = any(status.state == "scanning" for status in self._statuses())
            return min(interval, SCANNING_SECONDS) if scanning else interval
        backoff = min(FIRST_RETRY_SECONDS * 2.0 ** min(self._failures - 1, 16), interval)
        return backoff * (1 - JITTER * random.random())

    def _pull(self, reason: str) -> None:
        """One pull; what makes it fail is told, and tried again later."""
        self._signals.cancelled = False
        scope = CancelScope(self._settings.pull_seconds, self._signals.over)
        pull = Pull(reason, scope, on_start=self._began, on_end=self._ending)
        ended = self._settled(pull.run(self._work))
        if ended.error:
            self._failed(ended.error)
        elif ended.outcome == "finished":
            self._succeeded(ended.last)
        self._error = ended.error
        self._report()
        self._beat()

    def _work(self, pull: Pull) -> Made:
        """Open what is not open, then do the pull's work. Raises LatticeError."""
        log = self._log = self._log or open_log(self._settings, origin=socket.gethostname())
        drainer = self._drainer = self._drainer or Drainer(log)
        lanes = self._lanes = self._lanes or self._sources.start(log, drainer)
        self._tell_untold(log, drainer)
        pull.attach(drainer)
        if self._failures:
            # A failure that was told is followed by its end, even where that brings nothing new.
            pull.start()
        self._store = self._store or self._open_store()
        tick = Tick(
            log,
            lanes,
            self._store,
            self._progress,
            interval_seconds=self._settings.refresh_interval_seconds,
            sample=self._sample,
            repositories=self._sources.repositories,
            index=self._index,
        )
        try:
            return tick.run(pull)
        finally:
            self._trimmed = tick.trimmed or self._trimmed

    def _open_store(self) -> Store:
        store = Store(self._home, self._settings.refresh_interval_seconds)
        if store.restored_from is not None:
            self._logger.warning("store_restored", generation=store.restored_from)
        return store

    def _tell_untold(self, log: EventLog, drainer: Drainer) -> None:
        """End the streams of pulls that ended with another process or while the log was away."""
        if self._orphan:
            bounds = log.bounds(stream_of(self._orphan))
            if bounds.newest and not bounds.ended:
                failed = PullFailed(pull=self._orphan, error=INTERRUPTED, reason="interrupted")
                self._untold.append(end_draft(self._orphan, failed))
            self._orphan = ""
        if self._untold:
            drainer.submit(Delivery("", self._untold, {}))
            drainer.flush()
            self._untold = []

    def _began(self, pull: Pull) -> None:
        """Told before the log is, so that a pull in the log that was cut short is known."""
        self._pulse.pull = pull.id
        self._beat()

    def _ending(self, pull: Pull, error: LatticeError | None) -> None:
        """Whoever asks from now on asks for another pull."""
        if pull.reason == "asked":
            self._signals.asked = False
            self._owed = not pull.attached
        if error:
            self._reserve.release()

    def _settled(self, ended: Ended) -> Ended:
        """Keep what became of the pull, then trim the log if all is well."""
        self._untold += ended.untold
        if ended.last:
            self._pulse.count(ended.last)
        if not (self._untold or self._orphan):
            self._pulse.pull = ""
        if ended.error or ended.outcome != "finished":
            return ended
        try:
            self._trim()
        except LatticeError as error:
            return replace(ended, error=error)
        return ended

    def _trim(self) -> None:
        assert self._log
        assert self._store
        up_to = self._store.published_position(self._log.epoch)
        trimmed = self._retention.trim(self._log, up_to, self._signals.over)
        if trimmed:
            self._logger.info("log_trimmed", events=trimmed)

    def _failed(self, error: LatticeError) -> None:
        self._failures += 1
        self._logger.error(
            "pull_failed", error=error.what, hint=error.hint, failures=self._failures
        )
        self._close_store()

    def _succeeded(self, last: LastPull | None) -> None:
        self._failures = 0
        self._reserve.restore()
        # Repositories tell of what sessions did, and nothing of sessions.
        statuses = [status for status in self._statuses() if status.repositories is None]
        if not (statuses and all(status.silent for status in statuses)):
            self._pulse.checked_at = now_us()
        if last:
            seconds = (last.finished_at - last.started_at) / 1e6
            self._logger.info("pull_finished", pull=last.id, seconds=round(seconds, 3))

    def _report(self) -> None:
        """Everything that is wrong now, for whoever asks for the status."""
        statuses = self._statuses()
        problems = [
            Problem(what=error.what, since=now_us(), advice=error.hint)
            for error in (self._error, self._indexing.problem)
            if error
        ]
        if self._trimmed:
            what = f"{self._trimmed} events were trimmed from the log before they were applied"
            advice = "raise SESSION_LATTICE_LOG_RETENTION_DAYS"
            problems.append(Problem(what=what, since=now_us(), advice=advice))
        if self._store:
            problems += [
                Problem(what=broken.what, since=now_us(), advice=broken.hint)
                for broken in self._store.view_errors
            ]
        problems += [
            Problem(what=trouble.what, since=trouble.since, advice=trouble.advice)
            for trouble in (status.trouble for status in statuses)
            if trouble
        ]
        self._pulse.see([*statuses, *self._missing()])
        self._pulse.report(problems)

    def _statuses(self) -> list[SourceStatus]:
        return self._lanes.statuses() if self._lanes else []

    def _missing(self) -> list[SourceStatus]:
        """Agents' homes that somebody asked for and that are not there."""
        if self._settings.provenance["transcripts"] == "default":
            return []
        return [
            SourceStatus(str(p), "missing", str(p), files=0)
            for p in self._sources.discovery.missing
        ]

    def _step(self) -> None:
        try:
            self._pulse.step(self._progress)
        except OSError as error:
            self._unwritten(error)

    def _beat(self) -> None:
        try:
            self._pulse.beat(self._progress)
        except OSError as error:
            self._unwritten(error)

    def _unwritten(self, error: OSError) -> None:
        # The heartbeat is the first thing that a full disk stops; pulls say so themselves.
        self._logger.error("heartbeat_unwritten", error=str(error))

    def _watch(self) -> None:
        sources = self._lanes.sources if self._lanes else []
        self._watcher.watch([root for source in sources for root in source.roots])

    def _changed(self) -> None:
        if self._lanes:
            self._lanes.hint()

    def _scan_failed(self, error: Exception) -> None:
        self._logger.error("scan_failed", error=str(error))

    def _watch_failed(self, error: Exception) -> None:
        self._logger.warning(
            "watch_failed", error=str(error), then="the next tick finds the changes"
        )

    def _close_store(self) -> None:
        if self._store:
            self._store.close()
            self._store = None

    def _close(self) -> None:
        """In reverse order, each whatever becomes of the others."""
        with ExitStack() as stack:
            stack.callback(self._logger.info, "puller_stopped")
            stack.callback(self._beat)
            if self._log:
                stack.callback(self._log.close)
            stack.callback(self._close_store)
            stack.callback(self._indexing.close)
            if self._drainer:
                stack.callback(self._drainer.close)
            if self._lanes:
                stack.callback(self._lanes.close)
            stack.callback(self._watcher.close)
