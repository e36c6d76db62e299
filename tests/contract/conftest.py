"""Each test of the contract runs over every kind of log."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.log.base import EventLog
from tests.contract.logs import Logs, memory_logs, sqlite_logs


@pytest.fixture(params=["memory", "sqlite"])
def logs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Logs]:
    logs = memory_logs() if request.param == "memory" else sqlite_logs(tmp_path)
    yield logs
    logs.close()


@pytest.fixture
def log(logs: Logs) -> EventLog:
    return logs.make()
