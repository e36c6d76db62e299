"""Many clients, and one that does not read: none of them is anything to the others."""

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.pair import until
from tests.acceptance.sse import Client
from tests.acceptance.stream_pair import StreamPair, told

VISITS = 1000
VISITORS = 8
"""Threads, each of which holds OPEN_AT_ONCE connections at most."""

OPEN_AT_ONCE = 40
WARM_UP_VISITS = 300
MAX_SIP_BYTES = 100_000
SEED = 20261120

MEMORY_SLACK_BYTES = 32 * 1024 * 1024
"""What an interpreter may keep of what it once needed."""

LONG_EVENTS = 1500
LONG_BYTES = 10_000
"""More than the kernel takes in for a client that does not read."""

STUCK_BUFFER_BYTES = 4096
READ_EVENTS = 5
"""That the client takes before it stops reading."""

TARGETS = ("/events", "/events?after=earliest", "/events?after=earliest&types=none.such")


@dataclass
class Crowd:
    pair: StreamPair
    pid: int
    stuck: Client

    def open_streams(self) -> float:
        """That of the client which does not read among them, until it is cut."""
        return self.pair.metric("session_lattice_streams_open")

    def memory(self) -> int:
        """Resident bytes of the server."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(s.split()[1]) * 1024 for s in status.splitlines() if s[:5] == "VmRSS")


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """A server, a long log that the tests go on writing, and a client that reads no more."""
    pair = StreamPair(tmp_path_factory.mktemp("crowd"))
    pair.speak(LONG_EVENTS, padding=LONG_BYTES)
    with pair.reads() as reads:
        stuck = pair.client("/events?after=earliest", receive_bytes=STUCK_BUFFER_BYTES)
        stuck.until_at(READ_EVENTS)
        yield Crowd(pair, reads.pid, stuck)
        pair.drop_clients()


def visit(pair: StreamPair, rng: random.Random, visits: int, failures: list[Exception]) -> None:
    """Connect, read a little or nothing, and go in one way or another."""
    here: list[Client] = []
    try:
        for _ in range(visits):
            client = Client(pair.port, rng.choice(TARGETS))
            here.append(client)
            connection = client.connect()
            if rng.random() < 0.7:
                connection.sip(rng.randint(1, MAX_SIP_BYTES))
            while len(here) > rng.randint(0, OPEN_AT_ONCE):
                leave(here.pop(rng.randrange(len(here))), rng)
    except Exception as error:
        failures.append(error)
    finally:
        for client in here:
            leave(client, rng)


def leave(client: Client, rng: random.Random) -> None:
    client.vanish() if rng.random() < 0.5 else client.drop()


def come_and_go(pair: StreamPair, visits: int) -> None:
    """So many visits by all visitors together, while things happen."""
    failures: list[Exception] = []
    threads = [
        threading.Thread(
            target=visit, args=(pair, random.Random(SEED + n), visits // VISITORS, failures)
        )
        for n in range(VISITORS)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        pair.speak(5)
        threads[0].join(0.02)
    assert failures == []


def check_since(crowd: Crowd, client: Client, first: int) -> None:
    """The client has every event behind `first`, once and in order."""
    newest = crowd.pair.speak(1)
    until("all has come", lambda: client.events and client.events[-1].number == newest)
    assert told(client.events) == [event for event in crowd.pair.kept() if event[0] > first]


def test_a_thousand_clients_that_come_and_vanish_leave_nothing_and_cost_others_nothing(
    crowd: Crowd,
) -> None:
    pair = crowd.pair
    come_and_go(pair, WARM_UP_VISITS)
    until("they are gone", lambda: crowd.open_streams() <= 1)
    before = crowd.memory()
    first = pair.newest_position()
    with ExitStack() as stack:
        others = [pair.client_from_here() for _ in range(2)]
        for client in others:
            stack.enter_context(client.following())
        come_and_go(pair, VISITS)
        until("they are gone", lambda: crowd.open_streams() <= 1 + len(others))
        for client in others:
            check_since(crowd, client, first)
            assert client.resumed == 0
    until("memory returns", lambda: crowd.memory() - before < MEMORY_SLACK_BYTES)


def test_a_client_that_does_not_read_is_cut_resumes_and_costs_others_nothing(
    crowd: Crowd,
) -> None:
    pair = crowd.pair
    other = pair.client_from_here()
    first = pair.newest_position()
    with other.following():
        until(
            "the one that does not read is cut",
            lambda: pair.speak(1) and pair.metric("session_lattice_slow_clients_cut_total"),
        )
        check_since(crowd, other, first)
        assert other.resumed == 0
    crowd.stuck.until_at(pair.newest_position())
    assert crowd.stuck.resumed == 1
    assert crowd.stuck.resets == []
    assert told(crowd.stuck.events) == pair.kept()
