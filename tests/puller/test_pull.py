"""Whatever becomes of a pull's work, the log tells its end exactly once."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from session_lattice import events
from session_lattice.errors import (
    ConfigError,
    GenerationError,
    HomeError,
    LatticeError,
    LogError,
    LogLostError,
    PullTimeoutError,
    SourceError,
    StoreError,
    ViewError,
)
from session_lattice.events import PullFailed
from session_lattice.log.base import Encoded
from session_lattice.log.drainer import Delivery, Drainer
from session_lattice.puller.pull import Ended, Made, Pull
from session_lattice.puller.scope import CancelScope
from session_lattice.testing import MemoryEventLog
from tests.puller.rig import Rig


class Failing(MemoryEventLog):
    """Cannot be written while `broken`."""

    broken = False

    def append(self, batch: Sequence[Encoded], *rest: object) -> int:
        if self.broken:
            raise LogError("the log is away")
        return super().append(batch, *rest)  # type: ignore[arg-type]


def outcome(error: LatticeError, *, seconds: float = 60.0) -> tuple[Ended, PullFailed]:
    """What becomes of a pull whose work raises `error`, and what the log says."""
    log = MemoryEventLog()
    drainer = Drainer(log)

    def work(pull: Pull) -> Made:
        pull.attach(drainer)
        raise error

    scope = CancelScope(seconds, lambda: False)
    ended = Pull("tick", scope, on_start=lambda _: None, on_end=lambda *_: None).run(work)
    drainer.close()
    told = [events.decode(envelope.data) for envelope in log.read(0)]
    assert [type(event).__name__ for event in told] == ["PullStarted", "PullFailed"]
    return ended, told[1]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PullTimeoutError("late"), "timeout"),
        (SourceError("unreadable"), "source"),
        (LogLostError("deleted"), "log"),
        (StoreError("full"), "store"),
        (GenerationError("full"), "store"),
        (ViewError("v", "wrong"), "store"),
        (HomeError("gone"), "error"),
    ],
)
def test_a_failed_pull_names_the_kind_of_its_failure(error: LatticeError, reason: str) -> None:
    ended, told = outcome(error)
    assert (ended.outcome, ended.error) == ("failed", error)
    assert (told.reason, told.error) == (reason, error.what)


def test_what_fails_past_the_deadline_was_late() -> None:
    interrupted = StoreError("Interrupted!")
    ended, told = outcome(interrupted, seconds=0.0)
    assert isinstance(ended.error, PullTimeoutError)
    assert ended.error.__cause__ is interrupted
    assert told.reason == "timeout"


def test_a_setting_that_cannot_work_is_no_failed_pull_but_the_end() -> None:
    with pytest.raises(ConfigError):
        outcome(ConfigError("no such log"))


def test_a_pull_that_fails_before_there_is_a_log_says_so_to_its_caller_alone() -> None:
    def work(pull: Pull) -> Made:
        raise LogError("the log is away")

    scope = CancelScope(60.0, lambda: False)
    ended = Pull("asked", scope, on_start=lambda _: None, on_end=lambda *_: None).run(work)
    assert ended.outcome == "failed"
    assert ended.last is not None
    assert ended.untold == ()


def test_an_end_that_could_not_be_written_is_told_later_and_once(tmp_path: Path) -> None:
    log = Failing()
    rig = Rig(tmp_path, log=log)
    log.broken = True
    ended = rig.pull()
    assert ended.error is not None
    assert rig.told() == []
    log.broken = False
    for _ in range(2):
        rig.drainer.submit(Delivery("", ended.untold, {}))
    rig.drainer.flush()
    assert rig.told() == ["pull.started", "pull.failed"]
    rig.close()


def test_a_stream_never_ends_twice(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    job = rig.job()
    assert job.run(rig.work).outcome == "finished"

    def fail(_: Pull) -> Made:
        raise SourceError("too late")

    assert job.run(fail).outcome == "failed"
    assert rig.ends() == ["pull.finished"]
    assert rig.log.bounds(f"pull/{job.id}").ended
    rig.close()


def test_its_start_is_announced_before_the_log_has_it_and_its_end_too(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    seen: list[tuple[str, list[str]]] = []
    job = Pull(
        "tick",
        CancelScope(60.0, lambda: False),
        on_start=lambda _: seen.append(("start", rig.told())),
        on_end=lambda *_: seen.append(("end", rig.ends())),
    )
    job.run(rig.work)
    assert seen == [("start", []), ("end", [])]
    rig.close()
