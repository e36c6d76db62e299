"""The log in Redis through the server's restarts, losses and returns to an earlier state."""

import shutil
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from session_lattice.errors import LogError, LogLostError
from session_lattice.log import redis_server as servers
from session_lattice.log.base import Bounds, Reset
from session_lattice.log.follow import Follower
from session_lattice.log.redis import RedisEventLog
from tests.log.redis_batches import OpenRedis, batch, positions
from tests.redis_server import REDIS, RedisServer

pytestmark = REDIS

DEADLINE_SECONDS = 60

LOSSES: list[Callable[[RedisServer], object]] = [
    RedisServer.restart,
    lambda server: server.command("FLUSHALL"),
]
both_losses = pytest.mark.parametrize("lose", LOSSES, ids=["restarted", "flushed"])


def put_back(server: RedisServer, saved: Path) -> None:
    """The server starts from files of an earlier day."""
    server.kill()
    shutil.rmtree(server.directory)
    shutil.copytree(saved, server.directory)
    server.start()


@pytest.fixture
def behind(durable_server: RedisServer, tmp_path: Path, open_redis: OpenRedis) -> RedisEventLog:
    """A log with events 1 to 5 and a checkpoint whose server has gone back to events 1 to 3."""
    log = open_redis(durable_server.url)
    log.append(batch(1, 2, 3), {"claude": {"file": b"3"}})
    durable_server.stop()
    shutil.copytree(durable_server.directory, tmp_path / "saved")
    durable_server.start()
    log.append(batch(4, 5), {"claude": {"file": b"5"}})
    put_back(durable_server, tmp_path / "saved")
    return log


def test_a_server_killed_and_restarted_with_persistence_loses_and_repeats_nothing(
    durable_server: RedisServer, open_redis: OpenRedis
) -> None:
    log, reader = open_redis(durable_server.url), open_redis(durable_server.url)
    epoch = log.epoch
    followed: list[object] = []

    def follow() -> None:
        for event in islice(reader.follow("earliest"), 60):
            followed.append(event if isinstance(event, Reset) else event.position)

    following = threading.Thread(target=follow)
    following.start()
    for n in range(60):
        if n in (20, 40):
            durable_server.restart()
        assert log.append(batch(n), {"claude": {"file": b"%d" % n}}) == 1
    following.join(DEADLINE_SECONDS)
    assert followed == list(range(1, 61))
    assert (log.epoch, log.checkpoints("claude")) == (epoch, {"file": b"59"})


@both_losses
def test_a_log_that_was_lost_is_told_once_and_begun_anew(
    redis_server: RedisServer, open_redis: OpenRedis, lose: Callable[[RedisServer], object]
) -> None:
    log = open_redis(redis_server.url)
    log.append(batch(1, 2, 3), {"claude": {"file": b"3"}})
    before = log.epoch
    lose(redis_server)
    with pytest.raises(LogLostError, match="emptied"):
        log.append(batch(4), {"claude": {"file": b"4"}})
    assert (positions(log), log.checkpoints("claude")) == ([], {})
    assert log.append(batch(1, 2, 3, 4), {}) == 4
    assert log.epoch not in (before, "")


@both_losses
def test_a_follower_of_a_lost_log_gets_a_reset_and_all_of_the_new_one(
    redis_server: RedisServer, open_redis: OpenRedis, lose: Callable[[RedisServer], object]
) -> None:
    log, reader = open_redis(redis_server.url), open_redis(redis_server.url, readonly=True)
    log.append(batch(1, 2, 3), {})
    follower = Follower(reader, "earliest")
    follower.take()
    lose(redis_server)
    with pytest.raises(LogError, match="no event log"):
        follower.take()
    with pytest.raises(LogLostError):
        log.append(batch(1), {})
    log.append(batch(1, 2, 3, 4), {})
    assert follower.take() == Reset("epoch", Bounds(log.epoch, 1, 4))
    taken = follower.take()
    assert not isinstance(taken, Reset)
    assert [e.position for e in taken] == [1, 2, 3, 4]


def test_a_loss_is_told_even_if_the_log_was_looked_at_before(
    redis_server: RedisServer, open_redis: OpenRedis
) -> None:
    log = open_redis(redis_server.url)
    log.append(batch(1), {})
    redis_server.command("FLUSHALL")
    epoch = log.epoch
    with pytest.raises(LogLostError):
        log.append(batch(1), {})
    assert log.append(batch(1), {}) == 1
    assert log.epoch == epoch


def test_one_who_waits_notices_a_flush(redis_server: RedisServer, open_redis: OpenRedis) -> None:
    log = open_redis(redis_server.url)
    log.append(batch(1), {})
    seen = log.bounds()
    found: list[Bounds] = []

    def wait() -> None:
        while (bounds := log.wait(seen, DEADLINE_SECONDS)) == seen:
            pass
        found.append(bounds)

    waiting = threading.Thread(target=wait)
    waiting.start()
    redis_server.command("FLUSHALL")
    waiting.join(DEADLINE_SECONDS)
    assert found == [Bounds(log.epoch, 1, 0)]


def test_a_log_without_its_epoch_goes_on_rising_as_another(
    redis_server: RedisServer, open_redis: OpenRedis
) -> None:
    log = open_redis(redis_server.url)
    log.append(batch(1, 2), {})
    redis_server.command("DEL", f"{servers.PREFIX}meta")
    with pytest.raises(LogLostError):
        log.append(batch(3), {})
    assert log.append(batch(2, 3), {}) == 1
    assert positions(log) == positions(log, "session/a/1") == [1, 2, 3]


def test_a_server_that_went_back_is_noticed_and_keeps_what_it_has(behind: RedisEventLog) -> None:
    before = behind.epoch
    with pytest.raises(LogLostError, match="put back"):
        behind.append(batch(6), {"claude": {"file": b"6"}})
    assert behind.epoch != before
    assert (positions(behind), behind.checkpoints("claude")) == ([1, 2, 3], {"file": b"3"})
    assert behind.append(batch(3, 4, 5, 6), {}) == 3
    assert positions(behind, "session/a/1") == [1, 2, 3, 4, 5, 6]


def test_a_follower_that_saw_more_than_a_server_that_went_back_has_is_told(
    behind: RedisEventLog, durable_server: RedisServer, open_redis: OpenRedis
) -> None:
    reader = open_redis(durable_server.url, readonly=True)
    follower = Follower(reader, "earliest")
    follower.skip_to(5)
    with pytest.raises(LogLostError):
        behind.append(batch(4), {})
    behind.append(batch(4, 5, 6), {})
    assert follower.take() == Reset("epoch", Bounds(behind.epoch, 1, 6))


def test_a_follower_of_a_server_that_is_gone_fails_and_its_cursor_goes_on_later(
    durable_server: RedisServer, open_redis: OpenRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "RETRIES", 1)
    log, reader = open_redis(durable_server.url), open_redis(durable_server.url, readonly=True)
    log.append(batch(1, 2, 3), {})
    events = reader.follow("earliest")
    assert [e.position for e in islice(events, 3) if not isinstance(e, Reset)] == [1, 2, 3]
    kept = Follower(reader, "latest").cursor
    durable_server.kill()
    with pytest.raises(LogError, match="Connection refused") as caught:
        next(events)
    assert "start Redis" in caught.value.hint
    durable_server.start()
    log.append(batch(4), {})
    found = next(reader.follow(kept))
    assert not isinstance(found, Reset)
    assert found.position == 4
