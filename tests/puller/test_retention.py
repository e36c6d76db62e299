"""Old events go once a generation holds what they told."""

import pytest

from session_lattice.log.base import Encoded
from session_lattice.log.memory import MemoryEventLog
from session_lattice.puller import retention as retention_module
from session_lattice.puller.pull import now_us
from session_lattice.puller.retention import DAY_US, Retention
from tests.puller.test_ingest import wanted


def log_of(events: int, *, days_old: float = 2.0) -> MemoryEventLog:
    log = MemoryEventLog(clock=lambda: now_us() - int(days_old * DAY_US))
    some = [Encoded("s", str(key), 1, "message.user", False, b"{}") for key in range(events)]
    log.append(some, {})
    return log


def test_what_is_not_in_a_generation_stays_however_old() -> None:
    log = log_of(10)
    assert Retention(1.0).trim(log, 4, wanted) == 4
    assert log.bounds().oldest == 5


def test_what_is_not_old_enough_stays() -> None:
    log = log_of(10, days_old=0.5)
    assert Retention(1.0).trim(log, 10, wanted) == 0


def test_it_goes_in_steps_of_which_only_so_many_are_taken_in_a_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention_module, "TRIM_EVENTS", 2)
    monkeypatch.setattr(retention_module, "TRIM_STEPS", 3)
    log, retention = log_of(10), Retention(1.0)
    assert retention.trim(log, 10, wanted) == 6
    assert retention.trim(log, 10, wanted) == 4
    assert log.bounds().newest == 10


def test_a_stop_ends_it_between_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention_module, "TRIM_EVENTS", 2)
    log = log_of(10)
    looks = iter([False, True])
    assert Retention(1.0).trim(log, 10, lambda: next(looks)) == 2


def test_it_looks_only_now_and_then() -> None:
    log, retention = log_of(10), Retention(1.0)
    assert retention.trim(log, 4, wanted) == 4
    assert retention.trim(log, 10, wanted) == 0
    always = Retention(1.0, interval_seconds=0.0)
    assert always.trim(log, 5, wanted) == 1
    assert always.trim(log, 10, wanted) == 5
