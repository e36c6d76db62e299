"""The real pair over a made-up upstream, and what it has made of it."""

import os
import re
import signal
import subprocess
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from session_lattice import heartbeat
from session_lattice.events import Envelope
from session_lattice.store import generations
from tests.acceptance.pair import Pair, until
from tests.puller.held import log_of, under_way
from tests.upstream import found
from tests.upstream.server import SCAN_VERSION, Upstream
from tests.upstream.world import World

LIMITS = {"CONNECT": "1", "READ": "0.4", "WRITE": "1", "POOL": "1", "BODY": "3"}
"""Seconds: short, so that what hangs is given up soon."""

READ_EVENTS = 10_000
NEVER_SECONDS = 3600.0
ADDRESS = "UPSTREAM"
MAX_PROBLEM_CHARS = 240
NOT_FOR_PEOPLE = re.compile(r"Traceback|\b\w+(Error|Exception|Timeout)\b|<[a-z!]|0x[0-9a-f]{6}")
"""Names of classes, markup, addresses of objects."""

Row = tuple[Any, ...]


class RecallPair(Pair):
    """Pulls from `url`; from transcripts as well only where they are set beside it."""

    def __init__(
        self, root: Path, url: str, *, interval: float = 0.2, transcripts: bool = False
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        super().__init__(root, interval=interval)
        self.url = url
        self.environment["SESSION_LATTICE_REPO_RECALL_URL"] = url
        for step, seconds in LIMITS.items():
            self.environment[f"SESSION_LATTICE_REPO_RECALL_{step}_SECONDS"] = seconds
        if not transcripts:
            del self.environment["SESSION_LATTICE_TRANSCRIPTS"]

    def told(self) -> dict[str, list[str]]:
        """The tables that an upstream fills, without its address."""
        newest = self.newest()
        assert newest is not None, "nothing is published"
        with generations.open_reader(newest) as connection:
            tables = found.whole(connection)
        return {
            name: [repr(row).replace(self.url, ADDRESS) for row in rows]
            for name, rows in tables.items()
        }

    def rows(self, sql: str) -> set[Row]:
        """What the newest generation answers; nothing before there is one."""
        newest = self.newest()
        if newest is None:
            return set()
        with generations.open_reader(newest) as connection:
            return found.answer(connection, sql)

    def reports(self) -> set[Row]:
        """In the columns of truth.REPORT_COLUMNS."""
        newest = self.newest()
        if newest is None:
            return set()
        with generations.open_reader(newest) as connection:
            return found.reports(connection)

    def has(self, world: World) -> bool:
        """Whether all that the world's upstream tells is published, once and as it tells it."""
        newest = self.newest()
        if newest is None:
            return False
        with generations.open_reader(newest) as connection:
            return not found.differences(connection, world).any

    def reported(self) -> list[Envelope]:
        """Every session.reported in the log, oldest first."""
        events, after = [], 0
        with log_of(self) as log:
            while batch := log.read(after, limit=READ_EVENTS):
                events += [event for event in batch if event.type == "session.reported"]
                after = batch[-1].position
        return events

    def problem(self) -> dict[str, str] | None:
        """What `/status` says of the upstream, if anything."""
        port = self.url.rpartition(":")[2]
        problems: list[dict[str, str]] = self.get("/status")["problems"]
        return next((problem for problem in problems if port in problem["what"]), None)

    def warnings(self) -> dict[str, int]:
        """Bad input of all sources by kind."""
        counts: dict[str, int] = defaultdict(int)
        for source in self.get("/status")["sources"]:
            for kind, count in source["warnings"].items():
                counts[kind] += count
        return dict(counts)


def understandable(problem: dict[str, str]) -> bool:
    """One line that a person understands, and since when."""
    what, since = problem["what"], datetime.fromisoformat(problem["since"])
    return (
        len(what.splitlines()) == 1
        and len(what) <= MAX_PROBLEM_CHARS
        and not NOT_FOR_PEOPLE.search(what)
        and since <= datetime.now(UTC)
    )


def repeated(events: list[Envelope]) -> list[str]:
    """Streams of sessions that were reported twice in a row with the same content."""
    last: dict[str, bytes] = {}
    twice = []
    for event in events:
        if last.get(event.stream) == event.data:
            twice.append(event.stream)
        last[event.stream] = event.data
    return twice


def ended(pair: Pair) -> int:
    """Pulls that ended since the puller started."""
    beat = heartbeat.read(pair.home.heartbeat)
    return sum(beat.pulls.values()) if beat else 0


def pull(pair: Pair, puller: "subprocess.Popen[str]") -> None:
    """SIGHUP once the first pull is over, and wait until another has ended, however it did."""
    until("no pull is under way", lambda: ended(pair) and not under_way(pair))
    before = ended(pair)
    os.kill(puller.pid, signal.SIGHUP)
    until("the pull that was asked for has ended", lambda: ended(pair) > before)


def pass_ticks(server: Upstream, number: int = 3) -> None:
    """Wait until a puller has begun to ask so often more: all ticks before are over."""
    before = server.count(SCAN_VERSION)
    until(f"{number} more ticks", lambda: server.count(SCAN_VERSION) >= before + number)
