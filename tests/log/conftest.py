"""Fixtures of the drainer's tests and of those of the log in Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.log.base import EventLog
from session_lattice.log.drainer import Drainer
from session_lattice.log.memory import MemoryEventLog
from session_lattice.log.redis import RedisEventLog
from tests.log.drains import HeldLog, Start
from tests.log.redis_batches import OpenRedis
from tests.redis_server import RedisServer, shared


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Drainer] = []

    def start_on(log: EventLog) -> Drainer:
        started.append(Drainer(log))
        return started[-1]

    yield start_on
    for each in started:
        each.close()


@pytest.fixture
def log() -> MemoryEventLog:
    return MemoryEventLog()


@pytest.fixture
def held() -> HeldLog:
    return HeldLog()


@pytest.fixture
def redis_url() -> str:
    """An empty database of a server that many tests share."""
    return shared().new_url()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the test's own, which forgets everything when it ends."""
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def durable_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the test's own that has on disk what it answered."""
    with RedisServer(tmp_path / "redis", persistent=True) as server:
        yield server


@pytest.fixture
def open_redis() -> Iterator[OpenRedis]:
    """Opens logs and closes them in the end."""
    opened: list[RedisEventLog] = []

    def open_log(url: str, **options: object) -> RedisEventLog:
        opened.append(RedisEventLog(url, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_log
    for log in opened:
        log.close()
