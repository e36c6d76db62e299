"""Keeps the heartbeat file true."""

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from session_lattice import __version__, heartbeat
from session_lattice.config import Settings
from session_lattice.heartbeat import Heartbeat, LastPull, Problem, SourceState
from session_lattice.home import Home
from session_lattice.puller.progress import Progress
from session_lattice.puller.tick import now_us
from session_lattice.sources.base import SourceStatus

STEP_SECONDS = 1.0
"""Between two heartbeats while a pull reads."""


@dataclass(slots=True)
class Pulse:
    """What the puller knows of itself; `beat` writes it down."""

    settings: Settings
    home: Home
    sample: bool
    started_at: int = field(default_factory=now_us)
    checked_at: int = 0
    last_pull: LastPull | None = None
    sources: list[SourceState] = field(default_factory=list)
    problems: dict[str, Problem] = field(default_factory=dict)
    _beat_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def resume(self) -> None:
        """Go on from what the last process wrote."""
        before = heartbeat.read(self.home.heartbeat)
        if before:
            self.last_pull = before.last_pull
            self.checked_at = min(before.checked_at, now_us())

    def see(self, statuses: Sequence[SourceStatus]) -> None:
        self.sources = [
            SourceState(
                name=status.name,
                state=status.state,
                root=status.root,
                files=status.files,
                warnings=dict(status.warnings),
            )
            for status in statuses
        ]

    def report(self, problems: dict[str, str]) -> None:
        """`problems` is what is wrong → what to try; a lasting one keeps its first time."""
        self.problems = {
            what: self.problems.get(what) or Problem(what=what, since=now_us(), advice=advice)
            for what, advice in problems.items()
        }

    def step(self, progress: Progress) -> None:
        """A beat while a pull reads, not more often than once a second."""
        if time.monotonic() - self._beat_at >= STEP_SECONDS:
            self.beat(progress)

    def beat(self, progress: Progress) -> None:
        with self._lock:
            self._beat_at = time.monotonic()
            heartbeat.write(self.home.heartbeat, self._now(progress))

    def _now(self, progress: Progress) -> Heartbeat:
        return Heartbeat(
            pid=os.getpid(),
            version=__version__,
            profile=self.settings.profile,
            started_at=self.started_at,
            beat_at=now_us(),
            checked_at=self.checked_at,
            refresh_interval_seconds=self.settings.refresh_interval_seconds,
            sample=self.sample,
            done_bytes=progress.done_bytes,
            total_bytes=progress.total_bytes,
            last_pull=self.last_pull,
            sources=self.sources,
            problems=list(self.problems.values()),
        )
