"""Clients that do not read, and the end of the server with clients of every kind."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from session_lattice.config import Settings
from session_lattice.reads.app import GRACE_SECONDS
from session_lattice.reads.stream.limits import Limits
from session_lattice.testing import MemoryEventLog
from tests.acceptance.pair import until
from tests.reads.stream.serving import Client, Reads, event, reads

MakeSettings = Callable[..., Settings]
LARGE = b'"%s"' % (b"x" * 50_000)
COUNT = 400
"""Events of that size, which are more than any socket takes unread."""

SMALL_BUFFER_BYTES = 4096
LIMITS = Limits(send_seconds=0.4)
PATIENT = Limits(send_seconds=3600)


@pytest.fixture
def log() -> MemoryEventLog:
    log = MemoryEventLog(origin="here")
    log.append([event(n, data=LARGE) for n in range(COUNT)], {})
    return log


@pytest.fixture
def server(log: MemoryEventLog, make_settings: MakeSettings) -> Iterator[Reads]:
    with reads(make_settings(), lambda: log, LIMITS) as server:
        yield server


def stuck(server: Reads) -> Client:
    """A client that reads no more than its head, of more than the sockets hold."""
    return server.connect("?after=earliest", receive_bytes=SMALL_BUFFER_BYTES).opened()


def test_a_client_that_does_not_read_is_cut_off_and_comes_again_without_loss(
    server: Reads,
) -> None:
    with stuck(server) as client:
        blocks = client.blocks(3)
        until("it is cut", lambda: server.metric("slow_clients_cut_total") == 1)
        assert server.metric("streams_open") == 0
        with pytest.raises(ConnectionError):
            client.rest()
    numbers = [block.number for block in blocks]
    with server.connect("?after=earliest", Last_Event_ID=blocks[-1].id) as again:
        numbers += again.opened().numbers(COUNT - len(numbers))
    assert numbers == list(range(1, COUNT + 1))


def test_a_client_that_reads_slowly_but_reads_is_not_cut(server: Reads) -> None:
    with server.connect("?after=earliest", receive_bytes=SMALL_BUFFER_BYTES) as client:
        client.opened()
        numbers = []
        for _ in range(COUNT):
            # Asking something else takes a while each time.
            assert server.get("/healthz")[0] == 200
            numbers += client.numbers(1)
    assert numbers == list(range(1, COUNT + 1))
    assert server.metric("slow_clients_cut_total") == 0


def test_a_stuck_client_holds_up_nobody(log: MemoryEventLog, make_settings: MakeSettings) -> None:
    with reads(make_settings(), lambda: log, PATIENT) as server, stuck(server):
        with server.connect("?after=earliest") as client:
            assert client.opened().numbers(COUNT) == list(range(1, COUNT + 1))
            log.append([event("more")], {})
            assert client.numbers(1) == [COUNT + 1]
        assert server.metric("streams_open") == 1


def test_the_server_ends_at_once_with_streams_open(
    log: MemoryEventLog, make_settings: MakeSettings
) -> None:
    with reads(make_settings(), lambda: log, PATIENT) as server, ExitStack() as stack:
        idle = [stack.enter_context(server.connect()).opened() for _ in range(200)]
        waiting = stack.enter_context(server.connect("?stream=pull/none")).opened()
        held = stack.enter_context(stuck(server))
        assert server.ended_within(GRACE_SECONDS / 2)
        assert [client.rest() for client in (*idle, waiting)] == [[]] * 201
        assert all(client.silent() for client in idle)
        with pytest.raises(ConnectionError):
            held.rest()
