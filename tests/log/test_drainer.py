"""The drainer: order, backpressure, and what is done to each event."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_lattice import events
from session_lattice.events import Draft, PullFinished, SessionObserved, ToolCalled, Touch
from session_lattice.log import drainer
from session_lattice.log.drainer import Delivery, Drainer, encode
from session_lattice.log.memory import MemoryEventLog
from tests.log.drains import HeldLog, Start, delivery, draft, in_thread, keys


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


def test_what_another_process_has_encoded_is_kept_as_it_is_and_in_its_place(
    log: MemoryEventLog, start: Start
) -> None:
    to_drain = start(log)
    to_drain.submit(delivery("1"))
    to_drain.submit(Delivery("claude", encode([draft("2"), draft("3")]), {"file": b"3"}))
    to_drain.submit(delivery("4"))
    to_drain.flush()
    assert keys(log) == ["1", "2", "3", "4"]
    assert log.checkpoints("claude") == {"file": b"3"}


def test_a_file_name_that_is_no_utf_8_is_spelled_out(log: MemoryEventLog, start: Start) -> None:
    name = b"/home/\xff.jsonl".decode("utf-8", "surrogateescape")
    observed = SessionObserved(agent="claude_code", session=name, path=name)
    to_drain = start(log)
    to_drain.submit(Delivery("claude", [Draft(f"session/{name}", name, 1, observed)], {}))
    to_drain.flush()
    (found,) = log.read(0)
    assert found.stream == "session//home/\\udcff.jsonl"
    assert events.decode(found.data).path == "/home/\\udcff.jsonl"


def test_an_event_of_absurd_size_is_cut_to_its_limit_and_keeps_its_identity() -> None:
    touches = tuple(Touch(path="/deep" * 50_000, action="edit") for _ in range(1000))
    event = ToolCalled(agent="codex", session="s", call="c", name="Edit", files=touches)
    (kept,) = encode([Draft("session/codex/s", "key", 1, event)])
    assert len(kept.data) <= drainer.MAX_EVENT_BYTES
    cut = events.decode(kept.data)
    assert (cut.session, cut.call, len(cut.files)) == ("s", "c", drainer.CUT_ITEMS)
