"""The puller comes and goes, and no client of the stream is told anything twice or never."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.pair import select_nothing, until
from tests.acceptance.stream_pair import StreamPair, end, told

SEED = 20261120
KILLS = 4
MAX_KILL_SECONDS = 0.8


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[StreamPair]:
    made = StreamPair(tmp_path)
    made.grow()
    yield made
    made.drop_clients()


def ends_of_pulls(pair: StreamPair) -> dict[str, int]:
    """Every pull of the log with how many terminal events it has."""
    kept = [event for event in pair.kept() if event[1].startswith("pull/")]
    return {stream: sum(e[4] for e in kept if e[1] == stream) for stream in {e[1] for e in kept}}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_puller_that_restarts_is_no_matter_to_a_client(
    pair: StreamPair, number: signal.Signals
) -> None:
    with pair.reads():
        client = pair.client("/events?after=earliest")
        with pair.puller() as puller:
            client.until_at(pair.settled())
            pair.grow()
            end(puller, number)
        with pair.puller():
            pair.grow()
            client.until_at(pair.settled())
        assert client.resumed == 0
        assert client.resets == []
        assert told(client.events) == pair.kept()
        assert set(ends_of_pulls(pair).values()) == {1}


def test_a_puller_killed_between_append_and_apply_repeats_and_loses_nothing(
    pair: StreamPair,
) -> None:
    """What the log has reaches clients although no generation has it, and once only."""
    with pair.reads():
        client = pair.client("/events?after=earliest")
        for _ in range(KILLS):
            pair.grow(2)
            applied = pair.applied_position()
            with pair.running("serve-puller") as puller:
                until("something is appended", lambda: more_than(pair, applied))  # noqa: B023
                end(puller, signal.SIGKILL)
            assert pair.newest_position() > pair.applied_position()
            client.until_at(pair.newest_position())
        with pair.puller():
            client.until_at(pair.settled())
        assert client.resumed == 0
        assert client.resets == []
        assert told(client.events) == pair.kept()
        assert set(ends_of_pulls(pair).values()) == {1}


def more_than(pair: StreamPair, applied: int) -> bool:
    """The log has come past its pull's beginning, and past what is published."""
    return pair.newest_position() > applied + 1


def test_a_puller_killed_at_random_instants_repeats_and_loses_nothing(pair: StreamPair) -> None:
    rng = random.Random(SEED)
    with pair.reads():
        client = pair.client("/events?after=earliest")
        for _ in range(KILLS):
            with pair.puller() as puller:
                pair.grow(3)
                select_nothing(rng.uniform(0, MAX_KILL_SECONDS))
                end(puller, signal.SIGKILL)
        with pair.puller():
            client.until_at(pair.settled())
        assert told(client.events) == pair.kept()
        assert set(ends_of_pulls(pair).values()) == {1}
