"""Each test of the contract runs over every kind of log."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.log.base import EventLog
from tests.contract.logs import Logs, memory_logs, redis_logs, sqlite_logs
from tests.redis_server import REDIS

KINDS = ("memory", "sqlite", pytest.param("redis", marks=REDIS))


def logs_of(kind: str, folder: Path) -> Logs:
    if kind == "redis":
        return redis_logs()
    return memory_logs() if kind == "memory" else sqlite_logs(folder)


@pytest.fixture(params=KINDS)
def logs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Logs]:
    logs = logs_of(request.param, tmp_path)
    yield logs
    logs.close()


@pytest.fixture
def log(logs: Logs) -> EventLog:
    return logs.make()
