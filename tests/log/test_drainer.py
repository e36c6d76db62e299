"""The drainer: order, backpressure, what a failure does to whom, and what is done to each event."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_lattice import events
from session_lattice.errors import LogError
from session_lattice.events import (
    Draft,
    MessageUser,
    PullFinished,
    SessionObserved,
    ToolCalled,
    Touch,
)
from session_lattice.log import drainer
from session_lattice.log.base import Encoded, EventLog
from session_lattice.log.drainer import Delivery, Drainer
from session_lattice.log.memory import MemoryEventLog

Start = Callable[[EventLog], Drainer]
Checkpoints = Mapping[str, Mapping[str, bytes | None]]


class HeldLog(MemoryEventLog):
    """Waits in its first append until `go`; counts what each append brought."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.go = threading.Event()
        self.sizes: list[int] = []
        self.failures: list[Exception] = []

    def append(self, events: Sequence[Encoded], checkpoints: Checkpoints) -> int:
        self.entered.set()
        self.go.wait()
        self.sizes.append(len(events))
        if self.failures:
            raise self.failures.pop(0)
        return super().append(events, checkpoints)


def draft(key: str, stream: str = "session/claude_code/1", text: str = "hello") -> Draft:
    event = MessageUser(
        agent="claude_code", session="1", message=key, kind="prompt", text=text, text_bytes=5
    )
    return Draft(stream, key, 1, event)


def delivery(*keys: str, source: str = "claude", **checkpoints: bytes | None) -> Delivery:
    return Delivery(source, [draft(key) for key in keys], checkpoints)


def keys(log: EventLog) -> list[str]:
    return [events.decode(found.data).message for found in log.read(0)]


def in_thread(work: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


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


DISK_FULL = LogError("the disk is full", hint="free some disk space")


# --- failures ----------------------------------------------------------------------------


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


# --- order and bounds --------------------------------------------------------------------


def test_close_writes_what_was_submitted(held: HeldLog) -> None:
    to_drain = Drainer(held)
    for number in range(20):
        to_drain.submit(delivery(str(number)))
    held.go.set()
    to_drain.close()
    assert keys(held) == [str(number) for number in range(20)]


def test_deliveries_that_wait_together_become_one_transaction(held: HeldLog, start: Start) -> None:
    to_drain = start(held)
    to_drain.submit(delivery("0"))
    held.entered.wait()
    for number in range(1, 11):
        to_drain.submit(delivery(str(number), file=b"%d" % number))
    held.go.set()
    to_drain.flush()
    assert held.sizes == [1, 10]
    assert held.checkpoints("claude") == {"file": b"10"}


@pytest.mark.parametrize(("limit", "value"), [("QUEUE_DELIVERIES", 3), ("QUEUE_DRAFTS", 6)])
def test_producers_wait_while_the_queue_is_full(
    held: HeldLog, start: Start, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(drainer, limit, value)
    to_drain = start(held)

    def produce() -> None:
        for number in range(0, 40, 2):
            to_drain.submit(delivery(str(number), str(number + 1)))

    producer = in_thread(produce)
    held.entered.wait()
    held.go.set()
    producer.join()
    to_drain.flush()
    assert max(held.sizes) <= 6
    assert sum(held.sizes) == 40


def test_a_delivery_larger_than_the_queue_goes_alone(
    log: MemoryEventLog, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drainer, "QUEUE_DRAFTS", 2)
    to_drain = start(log)
    to_drain.submit(delivery(*"abcdef"))
    to_drain.submit(delivery(*"ghi"))
    to_drain.flush()
    assert keys(log) == list("abcdefghi")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), max_size=12), min_size=1, max_size=5))
def test_however_many_produce_each_keeps_its_order_and_nothing_is_lost(
    sizes: list[list[int]],
) -> None:
    log = MemoryEventLog()
    to_drain = Drainer(log)
    ready = threading.Barrier(len(sizes))

    def produce(name: int) -> None:
        ready.wait()
        made = 0
        for size in sizes[name]:
            drafts = [draft(f"{name}/{made + i}", stream=f"s/{name}") for i in range(size)]
            made += size
            to_drain.submit(Delivery(str(name), drafts, {"made": b"%d" % made}))

    producers = [threading.Thread(target=produce, args=(name,)) for name in range(len(sizes))]
    for producer in producers:
        producer.start()
    for producer in producers:
        producer.join()
    to_drain.close()
    for name, mine in enumerate(sizes):
        found = log.read(0, stream=f"s/{name}")
        assert [e.seq for e in found] == list(range(1, sum(mine) + 1))
        assert [events.decode(e.data).message for e in found] == [
            f"{name}/{i}" for i in range(sum(mine))
        ]
        assert log.checkpoints(str(name)) == ({"made": b"%d" % sum(mine)} if mine else {})


# --- what is done to each event ----------------------------------------------------------


def test_an_event_is_kept_as_json_with_its_type_and_whether_it_ends_a_job(
    log: MemoryEventLog, start: Start
) -> None:
    to_drain = start(log)
    ended = PullFinished(pull="1", generation=3, events=2, duration_ms=1)
    to_drain.submit(Delivery("", [draft("1"), Draft("pull/1", "pull/1/1", 7, ended)], {}))
    to_drain.flush()
    first, second = log.read(0)
    assert (first.type, first.terminal, first.ts) == ("message.user", False, 1)
    assert (second.type, second.terminal, second.stream) == ("pull.finished", True, "pull/1")
    assert events.decode(second.data) == ended


def test_every_text_is_redacted_before_it_is_kept(log: MemoryEventLog, start: Start) -> None:
    token = "ghp_" + "a1B2" * 9
    called = ToolCalled(
        agent="claude_code",
        session="1",
        call="toolu_1",
        name="Read",
        input=f"TOKEN={token}",
        files=(Touch(path=f"/tmp/{token}", action="read"),),
    )
    to_drain = start(log)
    to_drain.submit(
        Delivery("claude", [Draft("s", "1", 1, called), draft("2", text=f"it is {token}")], {})
    )
    to_drain.flush()
    first, second = (events.decode(found.data) for found in log.read(0))
    assert first.input == "TOKEN=[redacted:github_token]"
    assert first.files[0].path == "/tmp/[redacted:github_token]"
    assert second.text == "it is [redacted:github_token]"
    assert first.call == "toolu_1"


def test_a_file_name_that_is_no_utf_8_is_spelled_out(log: MemoryEventLog, start: Start) -> None:
    name = b"/home/\xff.jsonl".decode("utf-8", "surrogateescape")
    observed = SessionObserved(agent="claude_code", session=name, path=name)
    to_drain = start(log)
    to_drain.submit(Delivery("claude", [Draft(f"session/{name}", name, 1, observed)], {}))
    to_drain.flush()
    (found,) = log.read(0)
    assert found.stream == "session//home/\\udcff.jsonl"
    assert events.decode(found.data).path == "/home/\\udcff.jsonl"
