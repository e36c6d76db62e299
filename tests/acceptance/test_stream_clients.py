"""What befalls a client: it goes, its network goes, its server goes, and it loses nothing."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.cable import Cable
from tests.acceptance.history import SAMPLE, renamed
from tests.acceptance.sse import Client
from tests.acceptance.stream_pair import StreamPair, end, told

SEED = 20261120
MAX_SIP_BYTES = 30_000
OPEN_STREAMS = 50
MALFORMED = ("%00", "0", "latest-", "x" * 65, "a-1%0Aevent:x", "-1", "a-01")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamPair]:
    """Both daemons run, for all tests of this module; each lets the history grow."""
    made = StreamPair(tmp_path_factory.mktemp("pair"))
    made.grow()
    with made.puller(), made.reads():
        made.settled()
        yield made


@pytest.fixture
def pair(running: StreamPair) -> Iterator[StreamPair]:
    yield running
    running.drop_clients()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[StreamPair]:
    """A pair of which nothing runs yet."""
    made = StreamPair(tmp_path)
    made.grow()
    yield made
    made.drop_clients()


def grown(pair: StreamPair, copies: int = 1) -> int:
    """More happens; the newest position when it has."""
    pair.grow(copies)
    return pair.settled()


def check_whole(pair: StreamPair, client: Client) -> None:
    """The client has every event from its first to its last once and in order."""
    assert client.resets == []
    numbers = [frame.number for frame in client.events]
    kept = [event for event in pair.kept() if numbers[0] <= event[0] <= numbers[-1]]
    assert told(client.events) == kept


def listening(client: Client) -> Client:
    """Connected, so that what happens from now on is for it."""
    client.connect()
    return client


def test_a_client_that_closes_at_any_byte_resumes_with_each_event_once(pair: StreamPair) -> None:
    rng = random.Random(SEED)
    bystander = listening(pair.client())
    client = pair.client("/events?after=earliest")
    newest = grown(pair)
    while not client.events or client.events[-1].number < newest:
        for frame in client.connect().sip(rng.randint(1, MAX_SIP_BYTES)):
            client.take(frame)
        client.vanish() if rng.random() < 0.5 else client.drop()
    assert client.resumed >= 10
    assert client.events[0].number == 1
    check_whole(pair, client)
    bystander.until_at(newest)
    assert bystander.resumed == 0
    check_whole(pair, bystander)


def test_a_network_that_is_cut_and_mended_costs_a_client_nothing(pair: StreamPair) -> None:
    with Cable(pair.port) as cable:
        client = listening(pair.client(port=cable.port))
        client.until_at(grown(pair))
        cable.cut()
        missed = grown(pair)
        assert client.events[-1].number < missed
        cable.mend()
        client.until_at(missed)
        assert client.resumed == 1
        check_whole(pair, client)


def test_a_network_that_stalls_in_silence_costs_a_client_nothing(pair: StreamPair) -> None:
    """One client waits until the network is back, the other gives up on its connection."""
    with Cable(pair.port) as cable:
        patient, hasty = (
            listening(pair.client(port=cable.port)),
            listening(pair.client(port=cable.port)),
        )
        before = grown(pair)
        patient.until_at(before)
        hasty.until_at(before)
        cable.stall()
        missed = grown(pair)
        for client in (patient, hasty):
            client.step()
            assert client.events[-1].number == before
        hasty.drop()
        cable.mend()
        for client in (patient, hasty):
            client.until_at(missed)
            check_whole(pair, client)
        assert (patient.resumed, hasty.resumed) == (0, 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_reads_that_restart_are_resumed_from(own: StreamPair, number: signal.Signals) -> None:
    with own.puller():
        with own.reads() as reads:
            client = own.client("/events?after=earliest")
            client.until_at(own.settled())
            end(reads, number)
        client.step()
        assert client.ends == (number == signal.SIGTERM), "SIGTERM is a clean end"
        missed = grown(own)
        with own.reads():
            client.until_at(missed)
            client.until_at(grown(own))
            assert client.resumed == 1
            check_whole(own, client)


def test_sigterm_ends_fifty_open_streams_cleanly(own: StreamPair) -> None:
    own.pull_once()
    with own.reads() as reads:
        clients = [own.client("/events?after=earliest") for _ in range(OPEN_STREAMS)]
        for client in clients:
            client.until_at(own.newest_position())
        assert own.metric("session_lattice_streams_open") == OPEN_STREAMS
        assert end(reads, signal.SIGTERM) == 0
        for client in clients:
            client.until("it ends", lambda client=client: client.ends)  # type: ignore[misc]
            check_whole(own, client)


def test_a_filter_moves_the_cursor_over_what_it_leaves_out(pair: StreamPair) -> None:
    only = "/events?after=earliest&types=pull.finished,tool.called"
    client = pair.client(only, gaps=True)
    newest = grown(pair)
    client.until("the cursor is at the end", lambda: client.last_id.endswith(f"-{newest}"))
    kept = [event for event in pair.kept() if event[3] in ("pull.finished", "tool.called")]
    assert told(client.events) == kept
    again = pair.client("/events?types=message.user", gaps=True, last_id=client.last_id)
    again.connect()
    newest = grown(pair)
    again.until("the cursor is at the end", lambda: again.last_id.endswith(f"-{newest}"))
    fresh = [event for event in pair.kept() if event[0] > int(client.last_id.partition("-")[2])]
    assert told(again.events) == [event for event in fresh if event[3] == "message.user"]


@pytest.mark.parametrize("cursor", MALFORMED)
def test_a_malformed_cursor_is_refused_with_a_problem_document(
    pair: StreamPair, cursor: str
) -> None:
    refused = pair.client(f"/events?after={cursor}").connect()
    assert refused.status == 400
    assert refused.headers["content-type"] == "application/problem+json"
    assert b'"try"' in refused.body()
    refused.close()


def test_a_pull_is_followed_from_its_start_to_its_end_and_then_there_is_204(
    pair: StreamPair,
) -> None:
    pair.grow()
    assert pair.run("pull").returncode == 0
    state = pair.get("/streams/pull/latest")
    assert state["state"] == "finished"
    client = pair.client(f"/events?stream={state['stream']}")
    client.until("there is nothing more", lambda: client.over)
    assert client.ends == 1
    assert [frame.number for frame in client.events] == list(range(1, len(client.events) + 1))
    assert told(client.events) == pair.kept(state["stream"])
    assert client.events[0].type == "pull.started"
    assert [frame.data["terminal"] for frame in client.events].index(True) + 1 == state["events"]


def test_a_stream_that_has_not_begun_is_followed_from_its_first_event(pair: StreamPair) -> None:
    """The page of a session may be open before the session is."""
    session = renamed(min(SAMPLE.rglob("projects/*/*.jsonl")).stem, pair.copies)
    stream = f"session/claude_code/{session}"
    client = pair.client(f"/events?stream={stream}&after=earliest")
    client.connect()
    grown(pair)
    kept = pair.kept(stream)
    client.until_at(len(kept))
    assert told(client.events) == kept
