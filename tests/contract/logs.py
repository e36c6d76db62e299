"""Makes event logs of each kind for the contract suites."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from session_lattice.log import memory, redis_reader, sqlite_reader
from session_lattice.log.base import MARK_SECONDS, Encoded, EventLog
from session_lattice.log.memory import MemoryEventLog
from session_lattice.log.redis import RedisEventLog
from session_lattice.log.sqlite import SqliteEventLog
from tests.redis_server import shared

LIMITED: tuple[ModuleType, ...] = (memory, sqlite_reader, redis_reader)
"""Modules whose reads keep to READ_LIMIT and READ_BYTES."""

START = 1_700_000_000_000_000
"""When the clock of the logs stands at first."""

Make = Callable[[int], EventLog]
"""The log of that number: another object for the same log if it was made before."""


def event(
    key: str, stream: str = "session/claude_code/1", *, data: bytes = b"{}", terminal: bool = False
) -> Encoded:
    return Encoded(stream, key, START, "message.user", terminal, data)


class Logs:
    """Logs of one kind, over a clock that moves only when it is told to."""

    def __init__(self, kind: str, make: Make) -> None:
        self.kind = kind
        self._make = make
        self._made: list[EventLog] = []
        self._numbers: dict[int, int] = {}
        self._count = 0
        self.now = START

    def clock(self) -> int:
        return self.now

    def age(self) -> None:
        """Time goes on, so that what was appended before can be told from what comes."""
        self.now += int(2 * MARK_SECONDS * 1e6)

    def make(self) -> EventLog:
        """A log that was not there before."""
        self._count += 1
        return self._opened(self._count)

    def reopened(self, log: EventLog) -> EventLog:
        """As another process, or this one after a restart, opens the same log."""
        number = self._numbers[id(log)]
        if self.kind == "memory":
            return log
        log.close()
        return self._opened(number)

    def close(self) -> None:
        for log in self._made:
            log.close()

    def _opened(self, number: int) -> EventLog:
        log = self._make(number)
        self._made.append(log)
        self._numbers[id(log)] = number
        return log


def memory_logs() -> Logs:
    logs = Logs("memory", lambda _: MemoryEventLog(origin="here", clock=logs.clock))
    return logs


def sqlite_logs(folder: Path) -> Logs:
    logs = Logs(
        "sqlite",
        lambda number: SqliteEventLog(folder / f"{number}.sqlite", origin="here", clock=logs.clock),
    )
    return logs


def redis_logs() -> Logs:
    urls: dict[int, str] = {}

    def make(number: int) -> EventLog:
        url = urls.setdefault(number, "") or shared().new_url()
        urls[number] = url
        return RedisEventLog(url, origin="here", clock=logs.clock)

    logs = Logs("redis", make)
    return logs
