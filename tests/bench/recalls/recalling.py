"""The program with an upstream to pull from, and what it has made of it."""

import os
import signal
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from session_lattice import heartbeat
from session_lattice.events import Envelope
from session_lattice.log.sqlite import SqliteEventLog
from session_lattice.store import generations
from tests.bench.measure import BenchError, until
from tests.bench.program import Program, free_port
from tests.upstream import found
from tests.upstream.found import Differences
from tests.upstream.world import World

URL = "SESSION_LATTICE_REPO_RECALL_URL"
LIMIT = "SESSION_LATTICE_REPO_RECALL_{}_SECONDS"
TRANSCRIPTS = "SESSION_LATTICE_TRANSCRIPTS"
READ_EVENTS = 20_000


@dataclass(frozen=True, slots=True)
class Recalling(Program):
    """Pulls from `upstream` alone; `limits` are the steps of asking it, in seconds."""

    upstream: str = ""
    limits: Mapping[str, str] = field(default_factory=dict)

    def environment(self, interval: str) -> Mapping[str, str]:
        given = Program.environment(self, interval)
        limits = {LIMIT.format(step): seconds for step, seconds in self.limits.items()}
        kept = {name: value for name, value in given.items() if name != TRANSCRIPTS}
        return {**kept, **limits, URL: self.upstream}

    def again(self) -> "Recalling":
        """The same on an empty home."""
        Program.fresh(self.root, self.transcripts)
        return self

    def newest_position(self) -> int:
        with closing(SqliteEventLog(self.home.log, readonly=True)) as log:
            return log.bounds().newest

    def events(self, after: int = 0) -> list[Envelope]:
        """What the log has after a position, but for what it holds of the transcripts' lines."""
        every: list[Envelope] = []
        with closing(SqliteEventLog(self.home.log, readonly=True)) as log:
            while batch := log.read(after, limit=READ_EVENTS):
                every += batch
                after = batch[-1].position
        return every

    def differences(self, world: World) -> Differences:
        """The newest generation against the truth."""
        newest = generations.pointed_at(self.home)
        if newest is None:
            raise BenchError("nothing is published")
        with generations.open_reader(newest) as connection:
            return found.differences(connection, world)

    def ended(self) -> int:
        """Pulls that ended since the puller started, however they did."""
        beat = heartbeat.read(self.home.heartbeat)
        return sum(beat.pulls.values()) if beat else 0

    def pull_somehow(self, pid: int, seconds: float) -> float:
        """SIGHUP, and how long until a pull has ended, failed ones too."""
        before = self.ended()
        os.kill(pid, signal.SIGHUP)
        return until(lambda: self.ended() > before, "a pull ends", seconds)


def recalling(root: Path, upstream: str, **limits: str) -> Recalling:
    """An empty home at `root`; what was there is deleted."""
    named = {step.upper(): seconds for step, seconds in limits.items()}
    made = Recalling(root, os.fspath(root / "no-transcripts"), free_port(), upstream, named)
    root.parent.mkdir(parents=True, exist_ok=True)
    return made.again()


def repeated(events: list[Envelope]) -> int:
    """How often a session was reported twice in a row with the same content."""
    last: dict[str, bytes] = {}
    count = 0
    for event in events:
        if event.type == "session.reported":
            count += last.get(event.stream) == event.data
            last[event.stream] = event.data
    return count
