"""Every EventLog behind the drainer: contention, a live follower, a crash, the end."""

import threading
from itertools import islice

import pytest

from session_lattice import events
from session_lattice.errors import LogError
from session_lattice.log import drainer
from session_lattice.log.base import EventLog, Reset
from session_lattice.log.drainer import Delivery, Drainer
from tests.log.drains import draft

PRODUCERS = 6
DELIVERIES = 30
DRAFTS = 5
TOTAL = PRODUCERS * DELIVERIES * DRAFTS


def produce(to_drain: Drainer, name: int) -> int:
    """Half of what each makes is of a stream of its own, half of one that all share."""
    for number in range(DELIVERIES):
        drafts = [
            draft(f"{name}/{number}/{i}", stream=("shared", f"own {name}")[i % 2])
            for i in range(DRAFTS)
        ]
        try:
            to_drain.submit(Delivery(str(name), drafts, {"made": b"%d" % number}))
        except LogError:
            return number
    return DELIVERIES


def test_a_follower_gets_what_producers_contend_to_write_once_and_in_order(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drainer, "QUEUE_DRAFTS", 3 * DRAFTS)
    to_drain = Drainer(log)
    followed: list[str] = []
    positions: list[int] = []

    def follow() -> None:
        for event in islice(log.follow("earliest"), TOTAL):
            assert not isinstance(event, Reset)
            positions.append(event.position)
            followed.append(events.decode(event.data).message)

    threads = [threading.Thread(target=produce, args=(to_drain, name)) for name in range(PRODUCERS)]
    threads.append(threading.Thread(target=follow))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    to_drain.close()
    assert positions == list(range(1, TOTAL + 1))
    for name in range(PRODUCERS):
        mine = [message for message in followed if message.startswith(f"{name}/")]
        assert mine == [f"{name}/{n}/{i}" for n in range(DELIVERIES) for i in range(DRAFTS)]
    for stream in ("shared", *(f"own {name}" for name in range(PRODUCERS))):
        seqs = [event.seq for event in log.read(0, stream=stream)]
        assert seqs == list(range(1, len(seqs) + 1))


def test_whatever_was_taken_before_the_end_is_in_the_log_with_its_checkpoint(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drainer, "QUEUE_DRAFTS", 2 * DRAFTS)
    to_drain = Drainer(log)
    taken: dict[int, int] = {}

    def run(name: int) -> None:
        taken[name] = produce(to_drain, name)

    threads = [threading.Thread(target=run, args=(name,)) for name in range(PRODUCERS)]
    for thread in threads:
        thread.start()
    log.wait(log.bounds(), 1)
    to_drain.close()
    for thread in threads:
        thread.join(60)
    messages = [events.decode(event.data).message for event in log.read(0)]
    for name, count in taken.items():
        mine = [message for message in messages if message.startswith(f"{name}/")]
        assert mine == [f"{name}/{n}/{i}" for n in range(count) for i in range(DRAFTS)]
        made = log.checkpoints(str(name)).get("made")
        assert made == (b"%d" % (count - 1) if count else None)


def test_what_a_crash_kept_from_its_checkpoint_is_delivered_again_without_a_repeat(
    log: EventLog,
) -> None:
    encoded = drainer.encode([draft(f"{i}") for i in range(9)])
    log.append(encoded[:6], {})
    to_drain = Drainer(log)
    to_drain.submit(Delivery("claude", encoded, {"file": b"9"}))
    to_drain.close()
    assert [event.seq for event in log.read(0)] == list(range(1, 10))
    assert log.checkpoints("claude") == {"file": b"9"}
