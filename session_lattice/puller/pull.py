"""The pull as a job: it begins once and ends in exactly one way, whatever becomes of its work."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from session_lattice.errors import (
    ConfigError,
    GenerationError,
    LatticeError,
    LogError,
    PullCancelledError,
    PullTimeoutError,
    SourceError,
    StoreError,
    ViewError,
)
from session_lattice.events import (
    Draft,
    Event,
    PullCancelled,
    PullFailed,
    PullFinished,
    PullProgressed,
    PullStarted,
)
from session_lattice.heartbeat import LastPull
from session_lattice.log.drainer import Delivery, Drainer
from session_lattice.puller.scope import CancelScope

PROGRESS_SECONDS = 1.0
"""Between two pull.progressed of a pull; one that takes longer than this leaves a trace."""

ASKED_FOR = ("asked", "once")
"""Reasons for which a pull leaves a trace even when nothing has changed."""

REASONS: Sequence[tuple[type[LatticeError], str]] = (
    (PullTimeoutError, "timeout"),
    (SourceError, "source"),
    (LogError, "log"),
    (StoreError, "store"),
    (GenerationError, "store"),
    (ViewError, "store"),
)
"""What pull.failed says of an error; "error" for any other."""


def now_us() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


def new_pull_id() -> str:
    """Sorts by time, unique over clocks that jump back."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def stream_of(pull: str) -> str:
    return f"pull/{pull}"


def end_draft(pull: str, event: Event) -> Draft:
    """The terminal event; a second one of the same pull is a silent no-op in the log."""
    return Draft(stream_of(pull), f"{stream_of(pull)}/end", now_us(), event)


@dataclass(frozen=True, slots=True)
class Made:
    """What a pull's work came to: the generation, None if nothing had changed, and the events."""

    generation: int | None
    events: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a pull: "finished", "failed" or "cancelled"; `last` is None without a trace.

    `untold` is what the log should have of it and perhaps has not; appending it again is safe.
    """

    outcome: str
    last: LastPull | None = None
    error: LatticeError | None = None
    untold: Sequence[Draft] = ()


class Pull:
    """A bounded job: one pull.started, then exactly one terminal event.

    One that finds nothing to do leaves no trace in the log, unless it was asked for, and one
    that fails before there is a log to tell cannot. `on_start` is called before pull.started is
    appended, `on_end` before the terminal event is.
    """

    def __init__(
        self,
        reason: str,
        scope: CancelScope,
        *,
        on_start: Callable[["Pull"], None],
        on_end: Callable[["Pull", LatticeError | None], None],
    ) -> None:
        self.id = new_pull_id()
        self.reason = reason
        self.scope = scope
        self.started_at = now_us()
        self._on_start = on_start
        self._on_end = on_end
        self._began = self._told_at = time.monotonic()
        self._drainer: Drainer | None = None
        self._started = False
        self._told = 0
        self._progress = (0, 0)

    @property
    def attached(self) -> bool:
        return self._drainer is not None

    def attach(self, drainer: Drainer) -> None:
        """There is a log now to tell."""
        self._drainer = drainer
        if self.reason in ASKED_FOR:
            self.start()

    def start(self) -> None:
        """Say that there is work; once."""
        if not self._started:
            self._started = True
            self._on_start(self)
            self._submit([self._start_draft()])

    def tell(self, event: Event) -> None:
        """Put an event of this pull into the log."""
        self.start()
        self._told += 1
        key = f"{stream_of(self.id)}/{self._told}"
        self._submit([Draft(stream_of(self.id), key, now_us(), event)])

    def progress(self, done: int, total: int) -> None:
        """`done` of `total` bytes are read; told now and then while they are."""
        if time.monotonic() - self._told_at < PROGRESS_SECONDS:
            return
        self._told_at = time.monotonic()
        self.start()
        self._tell_progress(done, total)

    def was_read(self, done: int) -> None:
        """Reading is over, after so many bytes."""
        if self._started:
            self._tell_progress(done, done)

    def run(self, work: Callable[["Pull"], Made]) -> Ended:
        """Do the work; its terminal event is in the log, unless the log itself cannot be written.

        Raises ConfigError: what a setting keeps from working will not work later either.
        """
        try:
            made = work(self)
            return self._finished(made) if self._started else Ended("finished")
        except ConfigError:
            raise
        except PullCancelledError:
            event = PullCancelled(pull=self.id, duration_ms=self._duration_ms())
            return self._end("cancelled", event) if self._started else Ended("cancelled")
        except LatticeError as error:
            return self._failed(self._cause(error))

    def _finished(self, made: Made) -> Ended:
        event = PullFinished(
            pull=self.id,
            generation=made.generation,
            events=made.events,
            duration_ms=self._duration_ms(),
        )
        return self._end("finished", event)

    def _failed(self, error: LatticeError) -> Ended:
        event = PullFailed(
            pull=self.id,
            error=error.what,
            reason=next((name for kind, name in REASONS if isinstance(error, kind)), "error"),
            hint=error.hint,
            duration_ms=self._duration_ms(),
        )
        return self._end("failed", event, error)

    def _cause(self, error: LatticeError) -> LatticeError:
        """Past the deadline, whatever fails was interrupted or is late."""
        if not self.scope.expired or isinstance(error, PullTimeoutError):
            return error
        timeout = self.scope.timeout()
        timeout.__cause__ = error
        return timeout

    def _end(self, outcome: str, event: Event, error: LatticeError | None = None) -> Ended:
        self._on_end(self, error)
        last = self._last(outcome, error)
        if self._drainer is None:
            return Ended(outcome, last, error)
        drafts = [self._start_draft(), end_draft(self.id, event)]
        try:
            self._submit(drafts)
            self._drainer.flush()
        except LogError as unwritten:
            return Ended(outcome, last, error or unwritten, drafts)
        return Ended(outcome, last, error)

    def _tell_progress(self, done: int, total: int) -> None:
        if (done, total) not in ((0, 0), self._progress):
            self._progress = (done, total)
            self.tell(PullProgressed(pull=self.id, done_bytes=done, total_bytes=total))

    def _start_draft(self) -> Draft:
        stream = stream_of(self.id)
        event = PullStarted(pull=self.id, reason=self.reason)
        return Draft(stream, f"{stream}/start", self.started_at, event)

    def _submit(self, drafts: Sequence[Draft]) -> None:
        assert self._drainer is not None
        self._drainer.submit(Delivery("", drafts, {}))

    def _duration_ms(self) -> int:
        return int((time.monotonic() - self._began) * 1000)

    def _last(self, outcome: str, error: LatticeError | None) -> LastPull:
        return LastPull(
            id=self.id,
            outcome=outcome,
            started_at=self.started_at,
            finished_at=now_us(),
            error=error.what if error else None,
        )
