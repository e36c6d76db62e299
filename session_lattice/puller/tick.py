"""One pull, from asking the sources to the stamp."""

import secrets
import time
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field
from datetime import UTC, datetime

from session_lattice import __version__
from session_lattice.errors import LatticeError, LogError, PullCancelledError
from session_lattice.events import (
    Draft,
    Event,
    GenerationPublished,
    PullCancelled,
    PullFailed,
    PullFinished,
    PullStarted,
    ViewMaterialized,
)
from session_lattice.heartbeat import LastPull
from session_lattice.log.base import EventLog
from session_lattice.log.drainer import Delivery, Drainer
from session_lattice.puller.ingest import Ingest
from session_lattice.puller.reserve import Reserve
from session_lattice.store.store import Store

APPLY_WAIT_SECONDS = 0.02
"""While sources are read, how long to wait for more events to apply."""

FOLLOW_EVENTS = 10_000
"""While sources are read, as many events are applied at once: a batch has a fixed cost."""

UPSTREAM = "embedded"


def now_us() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


def new_pull_id() -> str:
    """Sorts by time, unique over clocks that jump back."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


@dataclass(slots=True)
class Pull:
    """A bounded job: one pull.started, then exactly one terminal event.

    A pull that finds nothing to do leaves no trace in the log.
    """

    reason: str
    drainer: Drainer
    id: str = field(default_factory=new_pull_id)
    started_at: int = field(default_factory=now_us)
    _began: float = field(default_factory=time.monotonic)
    _events: int = 0

    @property
    def started(self) -> bool:
        return self._events > 0

    def start(self) -> None:
        """Say that there is work; once."""
        if not self.started:
            self.tell(PullStarted(pull=self.id, reason=self.reason))

    def tell(self, event: Event) -> None:
        """Put an event of this pull into the log."""
        self._events += 1
        draft = Draft(f"pull/{self.id}", f"pull/{self.id}/{self._events}", now_us(), event)
        self.drainer.submit(Delivery("", [draft], {}))

    def duration_ms(self) -> int:
        return int((time.monotonic() - self._began) * 1000)

    def ended(self, outcome: str, error: str | None = None) -> LastPull:
        return LastPull(
            id=self.id,
            outcome=outcome,
            started_at=self.started_at,
            finished_at=now_us(),
            error=error,
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a pull: `last` is None when there was nothing to do."""

    last: LastPull | None
    error: LatticeError | None = None


class Tick:
    """Runs pulls over one log and one store."""

    def __init__(
        self, log: EventLog, ingest: Ingest, store: Store, reserve: Reserve, *, sample: bool
    ) -> None:
        self._log = log
        self._ingest = ingest
        self._store = store
        self._reserve = reserve
        self._sample = sample

    def run(self, reason: str) -> Ended:
        """One pull; its terminal event is in the log, unless the log itself cannot be written."""
        pull = Pull(reason, self._ingest.drainer)
        try:
            self._pull(pull)
        except PullCancelledError:
            self._end(pull, PullCancelled(pull=pull.id, duration_ms=pull.duration_ms()))
            return Ended(pull.ended("cancelled") if pull.started else None)
        except LatticeError as error:
            self._fail(pull, error)
            return Ended(pull.ended("failed", error.what), error)
        return Ended(pull.ended("finished") if pull.started else None)

    def _pull(self, pull: Pull) -> None:
        self._store.reload_views()
        scan = self._ingest.scan()
        applied = self._follow(pull, scan)
        scan.result()
        applied += self._apply(pull, at_least=1)
        if self._store.unpublished:
            pull.start()
            generation = self._publish(pull)
            finished = PullFinished(
                pull=pull.id, generation=generation, events=applied, duration_ms=pull.duration_ms()
            )
            self._end(pull, finished)

    def _follow(self, pull: Pull, scan: "Future[int]") -> int:
        """Apply what arrives while the sources are still being read."""
        applied = 0
        while not scan.done():
            some = self._apply(pull, at_least=FOLLOW_EVENTS)
            applied += some
            if not some:
                wait_for([scan], timeout=APPLY_WAIT_SECONDS)
        return applied

    def _apply(self, pull: Pull, at_least: int) -> int:
        """Apply batches while so many events wait; how many there were."""
        position = began = self._store.applied(self._log.epoch)
        while self._log.bounds().newest - position >= at_least:
            events = self._log.read(position)
            self._store.apply(events)
            position = events[-1].position
            if self._store.unpublished:
                pull.start()
        return position - began

    def _publish(self, pull: Pull) -> int:
        for done in self._store.refresh():
            if done.dirty != 0:
                pull.tell(
                    ViewMaterialized(
                        pull=pull.id,
                        view=done.view,
                        dirty=done.rows if done.dirty is None else done.dirty,
                        rows=done.rows,
                        duration_ms=done.duration_ms,
                    )
                )
        generation = self._store.publish(pull.id, UPSTREAM, __version__, self._sample)
        size = generation.path.stat().st_size
        pull.tell(GenerationPublished(pull=pull.id, generation=generation.number, bytes=size))
        return generation.number

    def _fail(self, pull: Pull, error: LatticeError) -> None:
        failed = PullFailed(
            pull=pull.id, error=error.what, hint=error.hint, duration_ms=pull.duration_ms()
        )
        self._reserve.release()
        try:
            pull.start()
            self._end(pull, failed)
        except LogError as unwritten:
            error.add_note(f"pull.failed could not be written either: {unwritten.what}")

    def _end(self, pull: Pull, event: Event) -> None:
        if pull.started:
            pull.tell(event)
            self._ingest.drainer.flush()
