"""What every EventLog does: appending and reading; one suite over all of them."""

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_lattice.errors import LogError
from session_lattice.log import base
from session_lattice.log.base import Bounds, Encoded, EventLog
from tests.contract.logs import LIMITED, Logs, event

BATCHES = st.lists(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), max_size=12), max_size=8
)
"""Batches of (stream, key)."""


@pytest.mark.parametrize("data", [b"{\n}", b"{\r}"])
def test_an_event_that_is_not_one_line_is_refused_and_nothing_is_appended(
    log: EventLog, data: bytes
) -> None:
    with pytest.raises(LogError) as caught:
        log.append([event("1"), event("2", data=data)], {"source": {"file": b"1"}})
    assert "message.user" in caught.value.what
    assert log.bounds() == Bounds(log.epoch, 1, 0)
    assert log.checkpoints("source") == {}


def test_a_second_delivery_is_a_silent_no_op(log: EventLog) -> None:
    assert log.append([event("1"), event("2")], {}) == 2
    assert log.append([event("2"), event("3"), event("1")], {}) == 1
    assert [e.seq for e in log.read(0)] == [1, 2, 3]


def test_a_key_counts_once_over_all_streams_and_within_a_batch(log: EventLog) -> None:
    assert log.append([event("1", "a"), event("1", "b"), event("1", "a")], {}) == 1
    assert log.append([event("1", "c")], {}) == 0
    assert [e.stream for e in log.read(0)] == ["a"]


def test_an_empty_log_has_no_events_and_its_next_number_is_the_oldest(log: EventLog) -> None:
    assert log.read(0) == []
    assert log.bounds() == log.bounds("a") == Bounds(log.epoch, 1, 0)
    assert log.latest("", terminal=False) is None


def test_an_event_comes_back_as_it_was_with_its_place_and_origin(log: EventLog) -> None:
    data = '{"type":"message.user","text":"Grüße, \\u0000 \\n 漢字"}'.encode()
    given_event = Encoded("session/codex/ä", "k", -5, "message.user", False, data)
    log.append([given_event], {})
    (found,) = log.read(0)
    assert (found.position, found.seq, found.origin) == (1, 1, "here")
    assert (found.stream, found.ts, found.type) == ("session/codex/ä", -5, "message.user")
    assert (found.terminal, found.data) == (False, data)


def test_checkpoints_come_with_the_batch_change_and_are_forgotten(log: EventLog) -> None:
    log.append([event("1")], {"claude": {"a": b"1", "b": b"\x00\xff"}, "codex": {"a": b"9"}})
    log.append([], {"claude": {"a": b"2", "b": None, "never": None}})
    assert log.checkpoints("claude") == {"a": b"2"}
    assert log.checkpoints("codex") == {"a": b"9"}
    assert log.checkpoints("git") == {}


def test_checkpoints_are_kept_when_no_event_of_the_batch_is_new(log: EventLog) -> None:
    log.append([event("1")], {})
    log.append([event("1")], {"claude": {"a": b"1"}})
    assert log.checkpoints("claude") == {"a": b"1"}


def test_reading_goes_on_after_any_position(log: EventLog) -> None:
    log.append([event(str(i)) for i in range(10)], {})
    assert [e.position for e in log.read(7)] == [8, 9, 10]
    assert [e.position for e in log.read(3, limit=2)] == [4, 5]
    assert log.read(10) == []
    assert log.read(99) == []
    assert [e.position for e in log.read(-1, limit=1)] == [1]
    assert log.read(0, limit=0) == []


def test_no_read_returns_more_events_than_its_limit(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in LIMITED:
        monkeypatch.setattr(module, "READ_LIMIT", 3)
    log.append([event(str(i)) for i in range(10)], {})
    assert len(log.read(0, limit=9)) == 3


def test_a_stream_is_read_alone_and_in_order(log: EventLog) -> None:
    log.append([event(str(i), "ab"[i % 2]) for i in range(10)], {})
    found = log.read(2, stream="b")
    assert [(e.position, e.seq) for e in found] == [(6, 3), (8, 4), (10, 5)]
    assert [e.seq for e in log.read(1, stream="b", limit=2)] == [2, 3]
    assert log.read(0, stream="nobody") == []


def test_a_read_ends_with_the_event_that_reaches_its_bytes(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in LIMITED:
        monkeypatch.setattr(module, "READ_BYTES", 100)
    log.append([event(str(i), data=b'"%038d"' % i) for i in range(9)], {})
    assert [len(log.read(after)) for after in (0, 3, 6, 8)] == [3, 3, 3, 1]
    assert [e.seq for e in log.read(3, stream="session/claude_code/1")] == [4, 5, 6]


def test_one_event_larger_than_a_read_still_comes(log: EventLog) -> None:
    large = b'"%s"' % (b"x" * (base.READ_BYTES + 1))
    log.append([event("1", data=large), event("2")], {})
    assert [e.data for e in log.read(0)] == [large]
    assert len(log.read(1)) == 1


def test_the_latest_event_of_streams_with_a_prefix_is_found(log: EventLog) -> None:
    log.append([event("1", "pull/1"), event("2", "pull/1", terminal=True)], {})
    log.append([event("3", "pull/2"), event("4", "session/1"), event("5", "puller")], {})
    newest, ended = log.latest("pull/", terminal=False), log.latest("pull/", terminal=True)
    assert newest is not None
    assert ended is not None
    assert (newest.stream, newest.position) == ("pull/2", 3)
    assert (ended.stream, ended.position, ended.terminal) == ("pull/1", 2, True)
    assert log.latest("repo/", terminal=False) is None
    assert log.latest("session/", terminal=True) is None


def test_each_log_has_an_epoch_of_its_own_of_letters_and_digits(logs: Logs) -> None:
    first, second = logs.make().epoch, logs.make().epoch
    assert first != second
    assert first.isalnum()
    assert first.isascii()


def test_threads_that_append_and_read_at_once_see_whole_batches_only(log: EventLog) -> None:
    start = threading.Barrier(4)
    torn: list[int] = []

    def append(name: str) -> None:
        start.wait()
        for batch in range(20):
            log.append([event(f"{name}/{batch}/{i}", name) for i in range(5)], {})

    def read() -> None:
        start.wait()
        while log.bounds().newest < 300:
            torn.extend(n for n in [len(log.read(0))] if n % 5)

    threads = [threading.Thread(target=append, args=(name,)) for name in "abc"]
    threads.append(threading.Thread(target=read))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torn == []
    assert [[e.seq for e in log.read(0, stream=s)] for s in "abc"] == [list(range(1, 101))] * 3


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
@given(batches=BATCHES)
def test_whatever_is_delivered_seqs_have_no_gap_and_positions_rise(
    logs: Logs, batches: list[list[tuple[str, int]]]
) -> None:
    log = logs.make()
    first: dict[int, str] = {}
    for batch in batches:
        new = {key for _, key in batch} - first.keys()
        for stream, key in batch:
            first.setdefault(key, stream)
        assert log.append([event(str(key), stream) for stream, key in batch], {}) == len(new)
    found = log.read(0)
    assert [e.position for e in found] == list(range(1, len(first) + 1))
    assert [e.stream for e in found] == list(first.values())
    for stream in "abc":
        mine = [e.seq for e in found if e.stream == stream]
        assert mine == list(range(1, len(mine) + 1))
        assert [e.seq for e in log.read(0, stream=stream)] == mine
    assert log.bounds() == Bounds(log.epoch, 1, len(first))
