"""GET /streams/{stream}: a stream's state for whoever does not stream."""

from collections.abc import Callable, Iterator

import pytest

from session_lattice.config import Settings
from session_lattice.log.cursor import Cursor
from session_lattice.testing import MemoryEventLog
from tests.reads.stream.serving import Reads, event, events, reads

PULL = "pull/1"


@pytest.fixture
def log() -> MemoryEventLog:
    return MemoryEventLog(origin="here")


@pytest.fixture
def server(log: MemoryEventLog, make_settings: Callable[..., Settings]) -> Iterator[Reads]:
    with reads(make_settings(), lambda: log) as server:
        yield server


def finish(log: MemoryEventLog, outcome: str) -> None:
    log.append([event("end", PULL, kind=f"pull.{outcome}", terminal=True)], {})


def test_a_stream_without_events_is_not_found(server: Reads) -> None:
    for name in (PULL, "pull/latest", "session/codex/1", "x" * 512):
        status, problem = server.get(f"/streams/{name}")
        assert status == 404
        assert problem["try"]


@pytest.mark.parametrize("path", ["/streams/", "/streams/" + "x" * 513, "/streams/a?after=1"])
def test_what_is_no_streams_name_is_refused(server: Reads, path: str) -> None:
    assert server.get(path)[0] == 400


def test_a_log_that_cannot_be_read_is_said(make_settings: Callable[..., Settings]) -> None:
    with reads(make_settings()) as server:
        status, problem = server.get("/streams/pull/1")
    assert status == 503
    assert "no event log" in problem["detail"]


def test_a_running_pull_shows_its_newest_event_as_a_stream_does(
    server: Reads, log: MemoryEventLog
) -> None:
    log.append([*events(1, 2, "other"), *events(1, 3, PULL)], {})
    status, found = server.get(f"/streams/{PULL}")
    assert status == 200
    with server.connect(f"?stream={PULL}") as client:
        sent = client.opened().blocks(3)[-1].json
    assert found == {
        "stream": PULL,
        "state": "running",
        "oldest": f"{log.epoch}-1",
        "newest": f"{log.epoch}-3",
        "events": 3,
        "last": sent,
    }


@pytest.mark.parametrize("outcome", ["finished", "failed", "cancelled"])
def test_a_pull_is_in_the_state_that_it_ended_in(
    server: Reads, log: MemoryEventLog, outcome: str
) -> None:
    log.append(events(1, 2, PULL), {})
    finish(log, outcome)
    assert server.get(f"/streams/{PULL}")[1]["state"] == outcome


def test_of_a_pull_that_was_trimmed_away_it_is_known_that_it_ended(
    server: Reads, log: MemoryEventLog
) -> None:
    finish(log, "finished")
    log.trim(before=2**62, up_to=1, limit=1)
    _, found = server.get(f"/streams/{PULL}")
    assert (found["state"], found["events"], found["last"]) == ("ended", 0, None)
    assert found["oldest"] == str(Cursor(log.epoch, 2))


def test_a_session_is_open(server: Reads, log: MemoryEventLog) -> None:
    log.append(events(1, 1, "session/codex/ä b"), {})
    assert server.get("/streams/session/codex/%C3%A4%20b")[1]["state"] == "open"


def test_the_latest_pull_is_the_one_with_the_newest_event(
    server: Reads, log: MemoryEventLog
) -> None:
    log.append([*events(1, 1, "pull/b"), *events(1, 1, "pull/a"), *events(1, 1, "session/x")], {})
    assert server.get("/streams/pull/latest")[1]["stream"] == "pull/a"
