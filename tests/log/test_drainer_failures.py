"""What a failure of the drainer does, and to whom."""

import pytest

from session_lattice.errors import LogError
from session_lattice.events import Draft, ToolCalled
from session_lattice.log import drainer
from session_lattice.log.drainer import Delivery, Drainer
from session_lattice.log.memory import MemoryEventLog
from tests.log.drains import HeldLog, Start, delivery, draft, in_thread, keys

DISK_FULL = LogError("the disk is full", hint="free some disk space")


def test_a_failed_append_is_told_and_its_checkpoints_are_not_kept(
    held: HeldLog, start: Start
) -> None:
    held.go.set()
    held.failures = [DISK_FULL]
    to_drain = start(held)
    to_drain.submit(delivery("1", file=b"1"))
    with pytest.raises(LogError, match="disk is full") as caught:
        to_drain.flush()
    assert caught.value.hint == DISK_FULL.hint
    assert held.checkpoints("claude") == {}
    assert held.read(0) == []


def test_after_a_failure_was_told_the_same_delivery_can_be_made_again(
    held: HeldLog, start: Start
) -> None:
    held.go.set()
    held.failures = [DISK_FULL]
    to_drain = start(held)
    to_drain.submit(delivery("1", file=b"1"))
    with pytest.raises(LogError):
        to_drain.flush()
    to_drain.submit(delivery("1", file=b"1"))
    to_drain.flush()
    assert keys(held) == ["1"]
    assert held.checkpoints("claude") == {"file": b"1"}


def test_what_a_producer_submitted_behind_a_failure_is_dropped_until_it_is_told(
    held: HeldLog, start: Start
) -> None:
    held.failures = [DISK_FULL]
    to_drain = start(held)
    to_drain.submit(delivery("1", file=b"1"))
    held.entered.wait()
    to_drain.submit(delivery("2", file=b"2"))
    in_thread(lambda: to_drain.submit(delivery("other", source="codex", file=b"9"))).join()
    held.go.set()
    with pytest.raises(LogError):
        to_drain.flush()
    assert keys(held) == ["other"]
    assert held.checkpoints("claude") == {}
    assert held.checkpoints("codex") == {"file": b"9"}
    to_drain.submit(delivery("1", "2", file=b"2"))
    to_drain.flush()
    assert keys(held) == ["other", "1", "2"]


def test_a_producer_that_waits_for_room_is_told_of_its_failure(
    held: HeldLog, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drainer, "QUEUE_DELIVERIES", 1)
    held.failures = [DISK_FULL]
    to_drain = start(held)
    told: list[str] = []

    def produce() -> None:
        try:
            for number in range(1000):
                to_drain.submit(delivery(str(number), file=b"%d" % number))
        except LogError as error:
            told.append(error.what)

    producer = in_thread(produce)
    held.entered.wait()
    held.go.set()
    producer.join()
    to_drain.flush()
    assert told == [DISK_FULL.what]
    assert held.checkpoints("claude") == {}


def test_another_thread_that_flushes_learns_of_a_failure_and_does_not_take_it_away(
    held: HeldLog, start: Start
) -> None:
    held.go.set()
    held.failures = [DISK_FULL]
    to_drain = start(held)
    to_drain.submit(delivery("1", file=b"1"))
    seen: list[LogError] = []

    def flush() -> None:
        try:
            to_drain.flush()
        except LogError as error:
            seen.append(error)

    in_thread(flush).join()
    assert len(seen) == 1
    with pytest.raises(LogError):
        to_drain.submit(delivery("2", file=b"2"))
    to_drain.flush()


def test_an_error_of_no_known_kind_is_told_as_a_bug_and_stops_nothing(
    held: HeldLog, start: Start
) -> None:
    held.go.set()
    held.failures = [ZeroDivisionError("oops")]
    to_drain = start(held)
    to_drain.submit(delivery("1"))
    with pytest.raises(LogError, match="oops") as caught:
        to_drain.flush()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    to_drain.submit(delivery("1"))
    to_drain.flush()
    assert keys(held) == ["1"]


def test_an_event_that_is_not_valid_is_named_and_costs_no_other_producer_anything(
    held: HeldLog, start: Start
) -> None:
    to_drain = start(held)
    to_drain.submit(delivery("first"))
    held.entered.wait()
    in_thread(lambda: to_drain.submit(delivery("other", source="codex", file=b"9"))).join()
    wrong = ToolCalled(agent="claude_code", session="1", call=None, name="Bash")  # type: ignore[arg-type]
    to_drain.submit(Delivery("claude", [draft("2"), Draft("s", "3", 1, wrong)], {"file": b"1"}))
    to_drain.submit(delivery("4", file=b"2"))
    held.go.set()
    with pytest.raises(LogError, match=r"tool\.called.*call"):
        to_drain.flush()
    assert keys(held) == ["first", "other"]
    assert held.checkpoints("claude") == {}
    assert held.checkpoints("codex") == {"file": b"9"}


def test_close_tells_of_a_failure_that_nobody_was_told_of(held: HeldLog) -> None:
    held.go.set()
    held.failures = [DISK_FULL]
    to_drain = Drainer(held)
    to_drain.submit(delivery("1"))
    with pytest.raises(LogError, match="disk is full"):
        to_drain.close()


def test_nothing_is_taken_after_the_end(log: MemoryEventLog) -> None:
    to_drain = Drainer(log)
    to_drain.close()
    with pytest.raises(LogError, match="ending"):
        to_drain.submit(delivery("1"))
    to_drain.close()
