"""What becomes of the log under a client: it is not there yet, it is trimmed, it is lost."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from session_lattice.log.base import Encoded
from session_lattice.log.cursor import Cursor
from session_lattice.log.sqlite import SqliteEventLog
from tests.acceptance.pair import until
from tests.acceptance.sse import Client
from tests.acceptance.stream_pair import SPOKEN, StreamPair, now_us, prompt, told

HOUR_US = 3_600_000_000
OLD_EVENTS = 300
SHORT_RETENTION_DAYS = 0.01
STRANGE = b'{"type":"session.teleported","to":["M\xc3\xa5ne",null],"tool":{"name":"nul\\u0000"}}'


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[StreamPair]:
    made = StreamPair(tmp_path)
    made.grow()
    yield made
    made.drop_clients()


def delete_log(pair: StreamPair) -> None:
    for path in pair.home.root.glob("log.sqlite*"):
        path.unlink(missing_ok=True)


def check_one_reset(pair: StreamPair, client: Client, reason: str, before: int) -> None:
    """Behind `before` events came one reset, and behind that all that there is."""
    assert client.resets == [reason]
    reset = client.frames[before]
    assert reset.type == "reset"
    assert told(client.frames[before + 1 :]) == pair.kept()
    with pair.log() as log:
        bounds = log.bounds()
    assert reset.data["oldest"] == str(Cursor(bounds.epoch, bounds.oldest))
    assert reset.data["newest"].startswith(f"{bounds.epoch}-")


def test_before_there_is_a_log_a_client_waits_and_then_has_it_from_its_first_event(
    pair: StreamPair,
) -> None:
    with pair.reads():
        feed, session = pair.client(), pair.client(f"/events?stream={SPOKEN}")
        for client in (feed, session):
            client.step()
            assert client.connect().status == 200
            assert client.frames == []
        with pair.puller():
            pair.settled()
        pair.speak(3)
        feed.until_at(pair.newest_position())
        assert told(feed.events) == pair.kept()
        session.until_at(3)
        assert told(session.events) == pair.kept(SPOKEN)


def test_a_cursor_that_was_evicted_while_its_client_was_away_is_reset_once(
    pair: StreamPair,
) -> None:
    """The puller trims what is older than its settings say."""
    log = SqliteEventLog(pair.home.log, clock=lambda: now_us() - HOUR_US)
    with closing(log):
        log.append([prompt(number) for number in range(OLD_EVENTS)], {})
    with pair.reads():
        feed = pair.client("/events?after=earliest")
        session = pair.client(f"/events?stream={SPOKEN}&after=earliest")
        for client in (feed, session):
            client.until_at(OLD_EVENTS // 3)
            client.drop()
        before = [len(client.frames) for client in (feed, session)]
        pair.environment["SESSION_LATTICE_LOG_RETENTION_DAYS"] = str(SHORT_RETENTION_DAYS)
        with pair.puller():
            pair.settled()
            until("trimmed", lambda: pair.kept()[0][0] > OLD_EVENTS)
        feed.until_at(pair.newest_position())
        check_one_reset(pair, feed, "evicted", before[0])
        session.until("it is reset", lambda: session.resets)
        assert pair.kept(SPOKEN) == []
        assert session.last_id.endswith(f"-{OLD_EVENTS}")
        assert session.resets == ["evicted"]
        feed.drop()
        newest = pair.speak(1)
        feed.until_at(newest)
        check_one_reset(pair, feed, "evicted", before[0])


def test_a_log_deleted_under_the_running_pair_is_one_reset_and_the_new_log_whole(
    pair: StreamPair,
) -> None:
    with pair.reads(), pair.puller():
        client = pair.client("/events?after=earliest")
        client.until_at(pair.settled())
        before = len(client.frames)
        delete_log(pair)
        client.until("it is reset", lambda: client.resets)
        pair.grow()
        client.until_at(pair.settled())
        check_one_reset(pair, client, "epoch", before)
        assert client.resumed == 0


def test_a_log_deleted_between_two_runs_is_one_reset_and_the_new_log_whole(
    pair: StreamPair,
) -> None:
    with pair.reads():
        with pair.puller():
            newest = pair.settled()
        client = pair.client("/events?after=earliest")
        client.until_at(newest)
    client.drop()
    before = len(client.frames)
    delete_log(pair)
    with pair.reads():
        client.step()
        assert len(client.frames) == before, "silence, until there is a log"
        with pair.puller():
            client.until("it is reset", lambda: client.resets)
            client.until_at(pair.settled())
            check_one_reset(pair, client, "epoch", before)


def test_an_event_of_an_unknown_type_passes_unharmed_and_harms_nobody(pair: StreamPair) -> None:
    pair.pull_once()
    strange = Encoded(SPOKEN, "strange", now_us(), "session.teleported", False, STRANGE)
    with pair.log(readonly=False) as log:
        log.append([strange], {})
        place = log.bounds().newest
    pair.grow()
    with pair.reads(), pair.puller():
        client = pair.client("/events?after=earliest")
        client.until_at(pair.settled())
        assert told(client.events) == pair.kept()
        came = client.events[place - 1]
        assert (came.type, came.data["data"]) == ("session.teleported", json.loads(STRANGE))
        assert pair.get("/status")["state"] == "healthy"
        assert pair.applied_position() > place
    for words in ((), ("--json",)):
        with pair.running("tail", SPOKEN, "--after", "earliest", *words):
            shown = pair.root / "tail.log"
            until("it is shown", lambda: "session.teleported" in shown.read_text())  # noqa: B023
        shown.unlink()
