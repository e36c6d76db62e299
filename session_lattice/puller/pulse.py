"""Keeps the heartbeat file true."""

import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from session_lattice import __version__, heartbeat
from session_lattice.config import Settings
from session_lattice.heartbeat import Heartbeat, LastPull, Problem, SourceState
from session_lattice.home import Home
from session_lattice.puller.progress import Progress
from session_lattice.puller.pull import now_us
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
    pull: str = ""
    pulls: Counter[str] = field(default_factory=Counter)
    pull_seconds: dict[str, float] = field(default_factory=dict)
    last_pull: LastPull | None = None
    sources: list[SourceState] = field(default_factory=list)
    problems: dict[str, Problem] = field(default_factory=dict)
    _beat_at: float = 0.0
    _reading: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def resume(self) -> str:
        """Go on from what the last process wrote; the pull that it left unended, "" for none."""
        before = heartbeat.read(self.home.heartbeat)
        if not before:
            return ""
        self.last_pull = before.last_pull
        self.checked_at = min(before.checked_at, now_us())
        self.problems = {problem.what: problem for problem in before.problems}
        return before.pull

    def count(self, last: LastPull) -> None:
        """A pull has ended."""
        self.last_pull = last
        self.pulls[last.outcome] += 1
        seconds = max(0, last.finished_at - last.started_at) / 1e6
        self.pull_seconds[last.outcome] = self.pull_seconds.get(last.outcome, 0.0) + seconds

    def see(self, statuses: Sequence[SourceStatus]) -> None:
        self.sources = [
            SourceState(
                name=status.name,
                state=status.state,
                root=status.root,
                files=status.files,
                sessions=status.sessions,
                repositories=status.repositories,
                warnings=dict(status.warnings),
            )
            for status in statuses
        ]

    def report(self, problems: Sequence[Problem]) -> None:
        """What is wrong now; one that lasts keeps the earliest time that it was told with."""
        found: dict[str, Problem] = {}
        for problem in problems:
            known = [found.get(problem.what), self.problems.get(problem.what)]
            since = min([problem.since, *(one.since for one in known if one)])
            found[problem.what] = msgspec.structs.replace(problem, since=since)
        self.problems = found

    def step(self, progress: Progress) -> None:
        """A beat while something is read, not more often than once a second, and one after."""
        over = self._reading and not progress.total_bytes
        if over or time.monotonic() - self._beat_at >= STEP_SECONDS:
            self.beat(progress)

    def beat(self, progress: Progress) -> None:
        with self._lock:
            self._beat_at = time.monotonic()
            self._reading = progress.total_bytes > 0
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
            pull=self.pull,
            pulls=dict(self.pulls),
            pull_seconds=dict(self.pull_seconds),
            last_pull=self.last_pull,
            sources=self.sources,
            problems=list(self.problems.values()),
        )
