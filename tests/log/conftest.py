"""Fixtures of the drainer's tests."""

from collections.abc import Iterator

import pytest

from session_lattice.log.base import EventLog
from session_lattice.log.drainer import Drainer
from session_lattice.log.memory import MemoryEventLog
from tests.log.drains import HeldLog, Start


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
