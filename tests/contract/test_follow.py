"""What every EventLog does: following, from any cursor, through trims and new lives."""

import threading
from collections.abc import Iterator

import pytest

from session_lattice.errors import CursorError
from session_lattice.events import Envelope
from session_lattice.log.base import Bounds, EventLog, Reset
from session_lattice.log.cursor import Cursor, parse
from session_lattice.log.follow import Follower
from tests.contract.logs import Logs, event

ALL = 1 << 62
"""A time and a position behind everything."""


def fill(log: EventLog, first: int, last: int, stream: str = "s") -> None:
    log.append([event(f"{stream}/{i}", stream) for i in range(first, last + 1)], {})


def numbers(taken: list[Envelope] | Reset) -> list[int]:
    assert not isinstance(taken, Reset)
    return [event.position for event in taken]


NO_CURSORS = (
    *("", "7", "-7", "abc", "abc-", "abc--1", "abc-1.0", "abc-07", "abc-1 ", "ä-1", "a-٣"),
    *("LATEST", "abc-1\n", "abc-1\0", "a" * 41 + "-1", "abc-" + "9" * 19, "x" * 1_000_000),
)


@pytest.mark.parametrize("text", NO_CURSORS, ids=lambda text: text[:20])
def test_what_is_no_cursor_is_refused_in_few_words(text: str) -> None:
    with pytest.raises(CursorError) as caught:
        parse(text)
    assert len(caught.value.what) < 400
    assert caught.value.hint


def test_a_cursor_reads_as_it_was_written(log: EventLog) -> None:
    cursor = Cursor(log.epoch, 12)
    assert parse(str(cursor)) == cursor
    assert [parse("earliest"), parse("latest")] == ["earliest", "latest"]


def test_a_cursor_from_the_future_is_reset_once_and_the_oldest_comes_next(log: EventLog) -> None:
    fill(log, 1, 3)
    follower = Follower(log, Cursor(log.epoch, 9))
    assert follower.take() == Reset("future", Bounds(log.epoch, 1, 3))
    assert numbers(follower.take()) == [1, 2, 3]
    assert follower.take() == []


def test_a_cursor_of_another_epoch_is_reset_even_where_its_number_would_fit(log: EventLog) -> None:
    fill(log, 1, 3)
    follower = Follower(log, Cursor("another", 1))
    assert follower.take() == Reset("epoch", Bounds(log.epoch, 1, 3))
    assert follower.cursor == Cursor(log.epoch, 0)
    assert numbers(follower.take(2)) == [1, 2]


def test_a_cursor_whose_next_event_was_trimmed_is_reset(logs: Logs, log: EventLog) -> None:
    fill(log, 1, 5)
    before = Cursor(log.epoch, 2)
    logs.age()
    assert log.trim(before=logs.now, up_to=3, limit=9) == 3
    follower = Follower(log, before)
    assert follower.take() == Reset("evicted", Bounds(log.epoch, 4, 5))
    assert numbers(follower.take()) == [4, 5]
    assert numbers(Follower(log, Cursor(log.epoch, 3)).take()) == [4, 5]


def test_a_log_of_which_all_was_trimmed_resets_and_then_goes_on(logs: Logs, log: EventLog) -> None:
    fill(log, 1, 5)
    logs.age()
    log.trim(before=ALL, up_to=ALL, limit=ALL)
    lagging, up_to_date = Follower(log, Cursor(log.epoch, 4)), Follower(log, Cursor(log.epoch, 5))
    assert lagging.take() == Reset("evicted", Bounds(log.epoch, 6, 5))
    assert (lagging.take(), up_to_date.take()) == ([], [])
    fill(log, 6, 6)
    assert (numbers(lagging.take()), numbers(up_to_date.take())) == ([6], [6])


def test_a_renewed_log_resets_its_followers_and_keeps_its_events(log: EventLog) -> None:
    fill(log, 1, 3)
    follower = Follower(log, Cursor(log.epoch, 2))
    before = log.epoch
    log.renew()
    assert log.epoch != before
    assert follower.take() == Reset("epoch", Bounds(log.epoch, 1, 3))
    assert numbers(follower.take()) == [1, 2, 3]


def test_following_a_stream_counts_by_its_own_numbers(logs: Logs, log: EventLog) -> None:
    for i in range(1, 7):
        fill(log, i, i, "ab"[i % 2])
    follower = Follower(log, Cursor(log.epoch, 1), stream="a")
    taken = follower.take()
    assert not isinstance(taken, Reset)
    assert [(e.position, e.seq) for e in taken] == [(4, 2), (6, 3)]
    assert follower.cursor == Cursor(log.epoch, 3)
    assert Follower(log, Cursor(log.epoch, 4), stream="a").take() == Reset(
        "future", Bounds(log.epoch, 1, 3)
    )
    logs.age()
    log.trim(before=ALL, up_to=4, limit=ALL)
    assert Follower(log, Cursor(log.epoch, 1), stream="a").take() == Reset(
        "evicted", Bounds(log.epoch, 3, 3)
    )


def test_a_stream_that_is_not_known_is_waited_for(log: EventLog) -> None:
    fill(log, 1, 3, "other")
    follower = Follower(log, "earliest", stream="mine")
    assert follower.take() == []
    fill(log, 1, 1, "mine")
    assert numbers(follower.take()) == [4]
    assert not follower.ended


def test_the_places_begin_with_the_oldest_kept_and_with_the_next(logs: Logs, log: EventLog) -> None:
    fill(log, 1, 5)
    logs.age()
    log.trim(before=ALL, up_to=2, limit=ALL)
    early, late = Follower(log, "earliest"), Follower(log, "latest")
    assert (early.cursor, late.cursor) == (Cursor(log.epoch, 2), Cursor(log.epoch, 5))
    assert (numbers(early.take()), late.take()) == ([3, 4, 5], [])


def test_a_stream_ends_behind_its_terminal_event(log: EventLog) -> None:
    fill(log, 1, 2, "job")
    found: list[Envelope | Reset] = []

    def follow() -> None:
        found.extend(log.follow("earliest", stream="job"))

    thread = threading.Thread(target=follow)
    thread.start()
    log.append([event("end", "job", terminal=True)], {})
    thread.join(30)
    assert not thread.is_alive()
    assert [e.seq for e in found if not isinstance(e, Reset)] == [1, 2, 3]
    assert list(log.follow(Cursor(log.epoch, 3), stream="job")) == []
    assert log.bounds("job").ended
    assert not log.bounds().ended


def test_a_stream_that_ended_and_was_trimmed_resets_and_ends(logs: Logs, log: EventLog) -> None:
    log.append([event("1", "job"), event("2", "job", terminal=True)], {})
    logs.age()
    log.trim(before=ALL, up_to=ALL, limit=ALL)
    found = list(log.follow(Cursor(log.epoch, 1), stream="job"))
    assert found == [Reset("evicted", Bounds(log.epoch, 3, 2, ended=True))]


def test_followers_that_replay_and_tail_while_others_append_miss_and_repeat_nothing(
    log: EventLog,
) -> None:
    total, writers = 400, "xyz"
    followed: dict[str | None, list[Envelope | Reset]] = {}

    def follow(name: str | None, count: int) -> None:
        events: Iterator[Envelope | Reset] = log.follow("earliest", stream=name)
        followed[name] = [next(events) for _ in range(count)]

    def append(name: str) -> None:
        for i in range(0, total, 4):
            fill(log, i, i + 3, name)

    jobs = [(append, (name,)) for name in writers]
    threads = [threading.Thread(target=work, args=args) for work, args in jobs]
    threads += [threading.Thread(target=follow, args=(name, total)) for name in writers]
    threads.append(threading.Thread(target=follow, args=(None, total * len(writers))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    everything = [e.position for e in followed[None] if not isinstance(e, Reset)]
    assert everything == list(range(1, total * len(writers) + 1))
    for name in writers:
        seqs = [e.seq for e in followed[name] if not isinstance(e, Reset)]
        assert seqs == list(range(1, total + 1))


def test_following_ends_when_it_is_told_to(log: EventLog) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=lambda: list(log.follow("latest", stop=stop)))
    thread.start()
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def test_waiting_returns_at_once_when_something_is_new_already(log: EventLog) -> None:
    seen = log.bounds()
    fill(log, 1, 1)
    assert log.wait(seen, 60) == log.bounds()
    log.renew()
    assert log.wait(Bounds(seen.epoch, 1, 1), 60).epoch == log.epoch


def test_waiting_returns_with_what_was_appended_meanwhile(logs: Logs, log: EventLog) -> None:
    seen = log.bounds()
    thread = threading.Thread(target=fill, args=(log, 1, 1))
    thread.start()
    while (now := log.wait(seen, 60)) == seen:
        pass
    thread.join()
    assert now == Bounds(log.epoch, 1, 1)


def test_waiting_is_over_after_its_time_and_when_the_log_is_closed(log: EventLog) -> None:
    seen = log.bounds()
    assert log.wait(seen, 0.001) == seen
    waiting = threading.Thread(target=log.wait, args=(seen, 60))
    waiting.start()
    log.close()
    waiting.join(30)
    assert not waiting.is_alive()


def test_only_what_is_old_and_applied_is_trimmed_in_steps(logs: Logs, log: EventLog) -> None:
    fill(log, 1, 10)
    logs.age()
    border = logs.now
    fill(log, 11, 15)
    logs.age()
    assert log.trim(before=border, up_to=0, limit=9) == 0
    assert [log.trim(before=border, up_to=8, limit=3) for _ in range(4)] == [3, 3, 2, 0]
    assert log.bounds() == Bounds(log.epoch, 9, 15)
    assert [log.trim(before=border, up_to=ALL, limit=9) for _ in range(2)] == [2, 0]
    assert numbers(log.read(0)) == [11, 12, 13, 14, 15]
    assert log.bounds("s") == Bounds(log.epoch, 11, 15)


def test_what_was_trimmed_stays_known_and_numbers_go_on(logs: Logs, log: EventLog) -> None:
    log.append([event("1", "a"), event("2", "b")], {"source": {"file": b"1"}})
    logs.age()
    log.trim(before=ALL, up_to=ALL, limit=ALL)
    assert log.append([event("1", "a"), event("3", "a")], {}) == 1
    assert [(e.position, e.seq) for e in log.read(0)] == [(3, 2)]
    assert log.checkpoints("source") == {"file": b"1"}
    again = logs.reopened(log)
    assert again.bounds() == Bounds(log.epoch if again is log else again.epoch, 3, 3)
    assert [(e.position, e.seq) for e in again.read(0)] == [(3, 2)]
    assert again.latest("b", terminal=False) is None


def test_a_reopened_log_is_the_same_life(logs: Logs, log: EventLog) -> None:
    fill(log, 1, 3)
    cursor = Cursor(log.epoch, 2)
    assert numbers(Follower(logs.reopened(log), cursor).take()) == [3]


def test_the_size_tells_of_bytes_and_of_the_oldest_event(logs: Logs, log: EventLog) -> None:
    assert log.size().oldest_at is None
    began = logs.now
    log.append([event("1", data=b'"%s"' % (b"x" * 100_000))], {})
    logs.age()
    fill(log, 2, 3)
    assert log.size().oldest_at == began
    assert log.size().bytes > 100_000
    log.trim(before=logs.now, up_to=ALL, limit=ALL)
    assert log.size().oldest_at == logs.now
