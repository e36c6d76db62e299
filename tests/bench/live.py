"""A session that goes on while it is watched: lines appended to a transcript by a bench."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from session_lattice.log.sqlite import SqliteEventLog
from tests.bench.world import compact, stamp

CWD = "/home/dev/src/live"
VERSION = "2.1.220"


def _nothing() -> None: ...


class LiveSession:
    """Appends user lines to a file of its own below `agent_home`/projects."""

    def __init__(self, agent_home: Path) -> None:
        self.session = str(uuid.uuid4())
        self.path = agent_home / "projects" / CWD.replace("/", "-") / f"{self.session}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._leaf: str | None = None

    def append(self, text: str) -> None:
        line = {
            "parentUuid": self._leaf,
            "isSidechain": False,
            "userType": "external",
            "cwd": CWD,
            "sessionId": self.session,
            "version": VERSION,
            "gitBranch": "main",
            "type": "user",
            "message": {"role": "user", "content": text},
            "uuid": str(uuid.uuid4()),
            "timestamp": stamp(time.time_ns() // 1_000_000),
        }
        with self.path.open("ab") as handle:
            handle.write(compact(line))
        self._leaf = str(line["uuid"])

    @contextmanager
    def growing(self, every_seconds: float, then: Callable[[], None] = _nothing) -> Iterator[None]:
        """Append a line again and again while the block runs, and do `then` each time."""
        done = threading.Event()

        def grow() -> None:
            while not done.wait(every_seconds):
                self.append(f"line of {time.time_ns()}")
                then()

        thread = threading.Thread(target=grow, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


class LogWatch:
    """Looks at the log from outside, as any process may, until a marker is in it."""

    def __init__(self, path: Path) -> None:
        self._log = SqliteEventLog(path, readonly=True)
        self._position = self._log.bounds().newest

    def sees(self, marker: str) -> Callable[[], bool]:
        """A condition: whether an event since the last look holds the marker."""
        needle = marker.encode()

        def look() -> bool:
            events = self._log.read(self._position)
            self._position = events[-1].position if events else self._position
            return any(needle in event.data for event in events)

        return look

    def close(self) -> None:
        self._log.close()
