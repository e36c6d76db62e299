"""The daemon lives on whatever becomes of a pull, and tells what became of it."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from session_lattice import events, heartbeat
from session_lattice.errors import LogError
from session_lattice.events import PullFailed
from session_lattice.heartbeat import Heartbeat
from session_lattice.log.base import MARK_SECONDS, EventLog
from session_lattice.log.drainer import encode
from session_lattice.log.redis import RedisEventLog
from session_lattice.log.sqlite import SqliteEventLog
from session_lattice.puller.discovery import Discovery
from session_lattice.puller.pull import now_us
from session_lattice.store import generations
from tests.acceptance.history import copy_sample
from tests.acceptance.pair import Pair, until
from tests.puller.held import caught, log_of, pulls, told
from tests.puller.test_tick import ENDLESS
from tests.redis_server import REDIS, RedisServer

NEVER_SECONDS = "86400"
"""Between two ticks: pulls happen at the start and when asked for."""


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    made = Pair(tmp_path)
    copy_sample(made.transcripts)
    return made


def beat(pair: Pair) -> Heartbeat:
    found = until("there is a heartbeat", lambda: heartbeat.read(pair.home.heartbeat))
    assert isinstance(found, Heartbeat)
    return found


def last_outcome(pair: Pair) -> str:
    last = beat(pair).last_pull
    return last.outcome if last else ""


def messages(pair: Pair) -> list[tuple[Any, ...]]:
    return pair.tables()["messages"]


def test_a_log_that_cannot_be_opened_is_tried_again_and_told_of(pair: Pair) -> None:
    pair.home.create()
    pair.home.log.write_bytes(b"no log of ours\n" * 1000)
    once = pair.run("serve-puller", "--once")
    assert once.returncode == 1
    assert "Traceback" not in once.stderr
    with pair.running("serve-puller") as puller:
        until("it has failed twice", lambda: beat(pair).pulls.get("failed", 0) >= 2)
        assert puller.poll() is None
        assert any(str(pair.home.log) in problem.what for problem in beat(pair).problems)
        failed = beat(pair).pulls["failed"]
        puller.send_signal(signal.SIGHUP)
        until("it is asked in vain", lambda: beat(pair).pulls["failed"] > failed)
        pair.home.log.unlink()
        until("it heals", lambda: last_outcome(pair) == "finished" and pair.newest())
        assert beat(pair).problems == []
        assert len(pulls(pair, "asked")) == 1


@REDIS
def test_a_redis_that_is_late_flushed_or_restarted_costs_failed_pulls_and_nothing_else(
    pair: Pair,
) -> None:
    redis = RedisServer(pair.root / "redis")
    pair.environment["SESSION_LATTICE_LOG_URL"] = redis.url
    with pair.running("serve-puller") as puller:
        until("it has failed twice", lambda: beat(pair).pulls.get("failed", 0) >= 2)
        with redis:
            until("published", lambda: last_outcome(pair) == "finished" and pair.newest())
            assert not pair.home.log.exists()
            with closing(RedisEventLog(redis.url, readonly=True)) as log:
                events, before = session_events(log), pair.tables()
                for lose in (lambda: redis.command("FLUSHALL"), redis.restart):
                    lose()
                    until("all is read again", lambda: refilled(log, events))
                until("applied", lambda: beat(pair).problems == [])
            copy_sample(pair.transcripts, 1)
            until("it goes on", lambda: len(messages(pair)) == 2 * len(before["messages"]))
            assert puller.poll() is None
            puller.terminate()
            assert puller.wait() == 0


def refilled(log: EventLog, events: int) -> bool:
    try:
        return session_events(log) == events
    except LogError:
        return False


def test_a_log_deleted_under_a_running_puller_is_read_anew(pair: Pair) -> None:
    with pair.running("serve-puller") as puller:
        until("published", pair.newest)
        until("idle", lambda: last_outcome(pair) == "finished")
        before = pair.tables()
        with log_of(pair) as log:
            epoch, events = log.epoch, session_events(log)
        for path in pair.home.root.glob("log.sqlite*"):
            path.unlink()
        until("all is read again", lambda: pair.home.log.exists() and caught_up(pair, epoch))
        assert puller.poll() is None
        with log_of(pair) as log:
            assert session_events(log) == events
        assert pair.tables() == before


def session_events(log: EventLog) -> int:
    return sum(event.stream.startswith("session/") for event in log.read(0))


def caught_up(pair: Pair, epoch: str) -> bool:
    """A generation holds the log of another epoch."""
    newest = pair.newest()
    if newest is None or last_outcome(pair) != "finished":
        return False
    with generations.open_reader(newest) as reader:
        row = reader.execute("SELECT log_epoch FROM stamp").fetchall()[0]
    return bool(row[0] != epoch)


def test_a_killed_pull_gets_its_end_from_the_next_puller_exactly_once(pair: Pair) -> None:
    with pair.running("serve-puller") as first:
        until("published", pair.newest)
        holding = caught(pair, first)
        pull = next(holding)
        first.kill()
        first.wait()
    for _ in range(2):
        assert pair.run("serve-puller", "--once").returncode == 0
    ends = [event for event in told(pair, pull) if event.terminal]
    assert [event.type for event in ends] == ["pull.failed"]
    failed = events.decode(ends[0].data)
    assert isinstance(failed, PullFailed)
    assert failed.reason == "interrupted"
    with log_of(pair) as log:
        for stream in pulls(pair):
            assert log.bounds(stream).ended


def test_what_never_ends_is_ended_at_the_deadline_and_the_daemon_lives_on(pair: Pair) -> None:
    pair.environment["SESSION_LATTICE_PULL_SECONDS"] = "3"
    pair.home.create()
    view = pair.home.views / "endless.sql"
    view.write_text(ENDLESS)
    with pair.running("serve-puller"):
        until("a pull has failed", lambda: last_outcome(pair) == "failed")
        told_of = beat(pair)
        assert "still refreshing views" in told_of.problems[0].what
        assert told_of.pull_seconds["failed"] >= 1
        view.unlink()
        until("it heals", lambda: last_outcome(pair) == "finished")
        assert pair.newest() is not None


def test_a_request_while_an_asked_pull_goes_on_is_answered_by_that_one(pair: Pair) -> None:
    with pair.running("serve-puller") as puller:
        until("published", pair.newest)
        holding = caught(pair, puller, ask=True)
        pull = next(holding)
        asked = pulls(pair, "asked")
        assert asked[-1] == f"pull/{pull}"
        puller.send_signal(signal.SIGHUP)
        holding.close()
        until("it has ended", lambda: told(pair, pull)[-1].terminal)
        at = beat(pair).checked_at
        until("a tick has come", lambda: beat(pair).checked_at > at)
        at = beat(pair).checked_at
        until("another tick has come", lambda: beat(pair).checked_at > at)
        assert pulls(pair, "asked") == asked


def test_a_request_while_a_tick_pulls_is_answered_by_a_pull_of_its_own(pair: Pair) -> None:
    with pair.running("serve-puller") as puller:
        until("published", pair.newest)
        holding = caught(pair, puller)
        pull = next(holding)
        puller.send_signal(signal.SIGHUP)
        holding.close()
        asked = until("it is answered", lambda: pulls(pair, "asked"))
        assert asked != [f"pull/{pull}"]
        until("it has ended", lambda: told(pair, asked[0].removeprefix("pull/"))[-1].terminal)


def test_a_cancel_while_no_pull_is_under_way_does_nothing(pair: Pair) -> None:
    pair.environment["SESSION_LATTICE_REFRESH_INTERVAL_SECONDS"] = NEVER_SECONDS
    with pair.running("serve-puller") as puller:
        until("published", lambda: last_outcome(pair) == "finished")
        puller.send_signal(signal.SIGUSR1)
        puller.send_signal(signal.SIGHUP)
        until("it pulls", lambda: pulls(pair, "asked"))
        (stream,) = pulls(pair, "asked")
        until("it has ended", lambda: told(pair, stream.removeprefix("pull/"))[-1].terminal)
        assert told(pair, stream.removeprefix("pull/"))[-1].type == "pull.finished"


def old_log(pair: Pair) -> int:
    """A log that has had the transcripts for an hour; how many events it has."""
    pair.home.create()
    log = SqliteEventLog(pair.home.log, clock=lambda: now_us() - int(60 * MARK_SECONDS * 1e6))
    for source in Discovery([pair.transcripts / "claude"], sample=False).found():
        source.load({})
        source.pending()
        for batch in source.batches():
            log.append(encode(batch.drafts), {source.name: batch.checkpoints})
    newest = log.bounds().newest
    log.close()
    return newest


def test_old_events_go_once_they_are_published_and_what_they_told_stays(pair: Pair) -> None:
    kept, trimmed = pair, Pair(pair.root / "trimmed")
    trimmed.transcripts = trimmed.root / "agents"
    copy_sample(trimmed.transcripts)
    old = old_log(trimmed)
    assert old_log(kept) == old
    trimmed.environment["SESSION_LATTICE_LOG_RETENTION_DAYS"] = "0"
    for each in (kept, trimmed):
        assert each.run("serve-puller", "--once").returncode == 0
    with log_of(kept) as log:
        assert log.bounds().oldest == 1
    with log_of(trimmed) as log:
        assert log.bounds().oldest == old + 1
        assert log.bounds().newest > old
    assert len(messages(trimmed)) == len(messages(kept)) > 0
    assert trimmed.run("serve-puller", "--once").returncode == 0
    assert beat(trimmed).problems == []
    assert integrity(trimmed) == "ok"


def integrity(pair: Pair) -> str:
    connection = sqlite3.connect(pair.home.log)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()
