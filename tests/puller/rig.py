"""A puller's parts around sources that a test holds in its hand."""

from collections.abc import Callable
from pathlib import Path

from session_lattice.home import Home
from session_lattice.log.base import EventLog
from session_lattice.log.drainer import Drainer
from session_lattice.puller.ingest import Ingest
from session_lattice.puller.lanes import Lanes
from session_lattice.puller.progress import Progress
from session_lattice.puller.pull import Ended, Made, Pull
from session_lattice.puller.scope import CancelScope
from session_lattice.puller.tick import Tick
from session_lattice.sources.base import Source
from session_lattice.sources.git.source import GitSource
from session_lattice.store.store import Store
from session_lattice.testing import MemoryEventLog, ScriptedSource
from tests.puller.test_ingest import Given, wanted


class Rig:
    """Pulls over a log in memory and a real store; without other sources a scripted one."""

    def __init__(
        self,
        root: Path,
        *sources: Source,
        log: EventLog | None = None,
        interval_seconds: float = 60.0,
    ) -> None:
        self.interval_seconds = interval_seconds
        self.home = Home(root)
        self.home.create()
        self.log = log or MemoryEventLog()
        self.source = ScriptedSource("1")
        self.progress = Progress(lambda: None, terminal=False)
        self.errors: list[Exception] = []
        self.drainer = Drainer(self.log)
        self.ingest = Ingest(
            self.log,
            self.drainer,
            Given(*(sources or (self.source,))),
            progress=self.progress,
            on_error=self.errors.append,
        )
        self._lanes = [self.ingest]
        self._last: Ingest | None = None
        self.repositories: GitSource | None = None
        self.store = Store(self.home, 60.0)
        self.trimmed = 0
        self.index: Callable[[], bool] = lambda: False

    @property
    def lanes(self) -> Lanes:
        return Lanes(*self._lanes, last=self._last)

    def follow(self, repositories: GitSource, lane: Ingest) -> None:
        """Repositories that are read, in that lane, after the other sources."""
        self.repositories, self._last = repositories, lane

    def add_lane(self, lane: Ingest) -> None:
        """Sources that are asked beside the first ones."""
        self._lanes.append(lane)

    def pull(
        self, reason: str = "tick", *, seconds: float = 60.0, over: Callable[[], bool] = wanted
    ) -> Ended:
        """One pull as the daemon makes it: after a failure the store is opened anew."""
        ended = self.job(reason, seconds=seconds, over=over).run(self.work)
        if ended.error:
            self.reopen()
        return ended

    def job(
        self, reason: str = "tick", *, seconds: float = 60.0, over: Callable[[], bool] = wanted
    ) -> Pull:
        scope = CancelScope(seconds, over)
        return Pull(reason, scope, on_start=lambda _: None, on_end=lambda *_: None)

    def work(self, pull: Pull) -> Made:
        pull.attach(self.drainer)
        tick = Tick(
            self.log,
            self.lanes,
            self.store,
            self.progress,
            interval_seconds=self.interval_seconds,
            sample=False,
            repositories=self.repositories,
            index=self.index,
        )
        try:
            return tick.run(pull)
        finally:
            self.trimmed = tick.trimmed or self.trimmed

    def reopen(self) -> None:
        self.store.close()
        self.store = Store(self.home, 60.0)

    def told(self) -> list[str]:
        return [e.type for e in self.log.read(0) if e.stream.startswith("pull/")]

    def ends(self) -> list[str]:
        return [e.type for e in self.log.read(0) if e.terminal]

    def close(self) -> None:
        self.lanes.close()
        self.drainer.close()
        self.store.close()
