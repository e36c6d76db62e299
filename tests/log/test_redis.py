"""What the log in Redis does beyond the contract, on a server that is well."""

import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import islice

import pytest

from session_lattice.errors import ConfigError, LogError, NoLogError
from session_lattice.log import redis_writer
from session_lattice.log.base import MARK_SECONDS, Bounds, Encoded, Reset
from session_lattice.log.cursor import Cursor
from session_lattice.log.follow import Follower
from tests.log.redis_batches import ALL, OpenRedis, batch, positions
from tests.redis_server import REDIS, RedisServer

pytestmark = REDIS

PUBLISH = """
import sys
from session_lattice.log.base import Encoded
from session_lattice.log.redis import RedisEventLog

log = RedisEventLog(sys.argv[1], origin="there")
for n in range(1, int(sys.argv[2]) + 1):
    log.append([Encoded("session/b/1", f"there {n}", n, "message.user", False, b"{}")], {})
log.close()
"""

DEADLINE_SECONDS = 60


def test_an_address_that_is_none_is_a_mistake_in_the_settings(open_redis: OpenRedis) -> None:
    with pytest.raises(ConfigError, match="no address of a Redis server") as caught:
        open_redis("redis://:secret@host:port/0")
    assert "secret" not in str(caught.value)


def test_a_reader_of_a_server_without_a_log_makes_none(
    open_redis: OpenRedis, redis_url: str
) -> None:
    for _ in range(2):
        with pytest.raises(NoLogError, match="no event log") as caught:
            open_redis(redis_url, readonly=True)
        assert "serve-puller" in caught.value.hint


def test_a_log_that_is_open_for_reading_refuses_all_that_writes(
    open_redis: OpenRedis, redis_url: str
) -> None:
    open_redis(redis_url).append(batch(1), {})
    log = open_redis(redis_url, readonly=True)
    with pytest.raises(LogError, match="reading only"):
        log.append(batch(2), {})
    with pytest.raises(LogError, match="reading only"):
        log.renew()
    with pytest.raises(LogError, match="reading only"):
        log.trim(before=ALL, up_to=ALL, limit=ALL)
    assert positions(log) == [1]


def test_a_closed_log_says_so(open_redis: OpenRedis, redis_url: str) -> None:
    log = open_redis(redis_url)
    log.close()
    with pytest.raises(LogError, match="is closed"):
        log.bounds()


def test_a_server_that_deletes_any_key_when_it_is_full_is_refused(
    open_redis: OpenRedis, redis_server: RedisServer
) -> None:
    redis_server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    open_redis(redis_server.url)
    redis_server.command("CONFIG", "SET", "maxmemory", "100mb")
    with pytest.raises(LogError, match="deletes any key") as caught:
        open_redis(redis_server.url)
    assert "noeviction" in caught.value.hint


def test_what_another_process_publishes_is_followed_once_and_in_order(
    open_redis: OpenRedis, redis_url: str
) -> None:
    total = 300
    log = open_redis(redis_url)
    publisher = subprocess.Popen([sys.executable, "-c", PUBLISH, redis_url, str(total)])
    for n in range(1, total + 1):
        log.append(batch(n), {})
    found = list(islice(log.follow("earliest"), 2 * total))
    assert publisher.wait(DEADLINE_SECONDS) == 0
    assert [e.position for e in found if not isinstance(e, Reset)] == list(range(1, 2 * total + 1))
    for stream in ("session/a/1", "session/b/1"):
        mine = [e for e in found if not isinstance(e, Reset) and e.stream == stream]
        assert [e.seq for e in mine] == list(range(1, total + 1))
        assert log.read(0, stream=stream) == mine


def test_two_machines_have_checkpoints_of_their_own(open_redis: OpenRedis, redis_url: str) -> None:
    here, there = open_redis(redis_url, origin="here"), open_redis(redis_url, origin="there")
    here.append([], {"claude": {"file": b"1"}})
    there.append([], {"claude": {"file": b"2"}})
    assert here.checkpoints("claude") == {"file": b"1"}
    assert there.checkpoints("claude") == {"file": b"2"}


def test_no_names_of_origin_and_source_are_taken_for_others(
    open_redis: OpenRedis, redis_url: str
) -> None:
    first, second = open_redis(redis_url, origin="a/b"), open_redis(redis_url, origin="a")
    first.append([], {"c": {"file": b"1"}})
    assert second.checkpoints("b/c") == {}


def test_what_was_appended_before_a_crash_is_not_repeated_with_its_checkpoint(
    open_redis: OpenRedis, redis_url: str
) -> None:
    open_redis(redis_url).append(batch(1, 2), {})
    again = open_redis(redis_url)
    assert again.append(batch(1, 2, stream="session/a/1"), {"claude": {"file": b"9"}}) == 0
    assert (positions(again), again.checkpoints("claude")) == ([1, 2], {"file": b"9"})


@pytest.mark.parametrize(("count", "size"), [(4096, 1000), (3, 1024 * 1024), (20_000, 2)])
def test_large_batches_are_appended_and_read_back(
    open_redis: OpenRedis, redis_url: str, count: int, size: int
) -> None:
    log = open_redis(redis_url)
    data = b'"%s"' % (b"x" * size)
    assert log.append(batch(*range(count), data=data), {}) == count
    found = log.read(0)
    assert [e.seq for e in found] == list(range(1, count + 1))
    assert {e.data for e in found} == {data}
    assert log.append(batch(*range(count), data=data), {}) == 0
    assert log.trim(before=ALL, up_to=count - 1, limit=ALL) == count - 1
    assert positions(log, "session/a/1") == [count]


def test_trimming_in_steps_leaves_no_holes_in_any_stream(
    open_redis: OpenRedis, redis_url: str
) -> None:
    log = open_redis(redis_url)
    for n in range(60):
        log.append(batch(n, stream=f"session/a/{n * n % 7}"), {})
    while log.trim(before=ALL, up_to=50, limit=7):
        for name in range(7):
            stream = f"session/a/{name}"
            bounds = log.bounds(stream)
            seqs = [e.seq for e in log.read(0, stream=stream)]
            assert seqs == list(range(bounds.oldest, bounds.newest + 1))
    assert positions(log) == list(range(51, 61))


@pytest.mark.parametrize("stream", [None, "session/a/1"])
def test_a_follower_that_lags_behind_trimming_is_told_and_goes_on(
    open_redis: OpenRedis, redis_url: str, stream: str | None
) -> None:
    log = open_redis(redis_url)
    log.append(batch(*range(10)), {})
    follower = Follower(log, "earliest", stream=stream)
    follower.take(2)
    log.trim(before=ALL, up_to=6, limit=ALL)
    assert follower.take() == Reset("evicted", Bounds(log.epoch, 7, 10))
    taken = follower.take()
    assert not isinstance(taken, Reset)
    assert [e.position for e in taken] == [7, 8, 9, 10]


def test_events_keep_the_age_of_the_last_mark_at_or_before_them(
    open_redis: OpenRedis, redis_url: str
) -> None:
    now = 1_700_000_000_000_000
    step = int(MARK_SECONDS * 1e6 / 2)
    log = open_redis(redis_url, clock=lambda: now)
    for n in range(4):
        log.append(batch(n), {})
        now += step
    began = 1_700_000_000_000_000
    assert log.trim(before=began + 2 * step - 1, up_to=ALL, limit=ALL) == 0
    assert log.trim(before=began + 2 * step, up_to=1, limit=ALL) == 1
    assert log.size().oldest_at == began
    assert log.trim(before=began + 2 * step, up_to=ALL, limit=ALL) == 1
    assert log.size().oldest_at == began + 2 * step


def test_the_latest_is_found_among_many_streams_by_any_prefix(
    open_redis: OpenRedis, redis_url: str
) -> None:
    log = open_redis(redis_url)
    streams = ["top", *(f"session/{'ab'[n % 2]}/{n}" for n in range(250)), "pull/1"]
    log.append([Encoded(s, s, 0, "message.user", s == "top", b"{}") for s in streams], {})
    wanted = {"session/a": 250, "session/b/": 251, "session/a/0": 2, "se": 251, "t": 1, "": 252}
    for prefix, position in wanted.items():
        found = log.latest(prefix, terminal=False)
        assert found is not None
        assert found.position == position
    ended = log.latest("", terminal=True)
    assert ended is not None
    assert ended.stream == "top"
    assert log.latest("session/c", terminal=False) is None


def test_a_renewed_log_is_another_life_to_followers_but_not_to_who_renewed_it(
    open_redis: OpenRedis, redis_url: str
) -> None:
    log = open_redis(redis_url)
    log.append(batch(1), {})
    before = log.epoch
    log.renew()
    assert log.append(batch(2), {}) == 1
    assert Follower(log, Cursor(before, 1)).take() == Reset("epoch", Bounds(log.epoch, 1, 2))


def test_one_who_waits_wakes_up_for_what_others_append(
    open_redis: OpenRedis, redis_url: str
) -> None:
    log, other = open_redis(redis_url), open_redis(redis_url, readonly=True)
    seen = other.bounds()
    found: list[Bounds] = []

    def wait() -> None:
        while (bounds := other.wait(seen, DEADLINE_SECONDS)) == seen:
            pass
        found.append(bounds)

    waiting = threading.Thread(target=wait)
    waiting.start()
    log.append(batch(1), {})
    waiting.join(DEADLINE_SECONDS)
    assert found == [Bounds(log.epoch, 1, 1)]


def test_a_stream_has_one_producer_until_that_closes(open_redis: OpenRedis, redis_url: str) -> None:
    first, second = open_redis(redis_url), open_redis(redis_url)
    first.append(batch(1), {})
    both = batch(2, stream="session/b/1") + batch(3)
    with pytest.raises(LogError, match="session/a/1") as caught:
        second.append(both, {"claude": {"file": b"1"}})
    assert "30 s" in caught.value.hint
    assert (positions(first), second.checkpoints("claude")) == ([1], {})
    assert second.append(batch(1) + batch(2, stream="session/b/1"), {}) == 1
    first.close()
    assert second.append(both, {}) == 1


def test_a_producer_that_is_gone_keeps_its_streams_for_no_longer_than_a_lease(
    open_redis: OpenRedis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = open_redis(redis_url), open_redis(redis_url)
    monkeypatch.setattr(redis_writer, "LEASE_MILLISECONDS", 200)
    first.append(batch(1), {})
    with pytest.raises(LogError, match="another puller"):
        second.append(batch(2), {})
    end = time.monotonic() + DEADLINE_SECONDS / 6
    while positions(first) == [1] and time.monotonic() < end:
        with suppress(LogError):
            second.append(batch(2), {})
    assert positions(first) == [1, 2]


def test_the_next_puller_of_a_home_goes_on_at_once_where_the_one_before_was_killed(
    open_redis: OpenRedis, redis_url: str
) -> None:
    killed = open_redis(redis_url, holder="a home")
    killed.append(batch(1), {})
    killed.append(batch(2), {})
    after = open_redis(redis_url, holder="a home")
    assert after.append(batch(3), {"claude": {"file": b"3"}}) == 1
    assert (positions(after), after.checkpoints("claude")) == ([1, 2, 3], {"file": b"3"})


def test_only_so_many_leases_are_remembered(
    open_redis: OpenRedis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_writer, "LEASES", 2)
    first, second = open_redis(redis_url), open_redis(redis_url)
    for n in range(3):
        first.append(batch(n, stream=f"session/a/{n}"), {})
    first.close()
    assert second.append(batch(8, stream="session/a/1") + batch(9, stream="session/a/2"), {}) == 2
    with pytest.raises(LogError, match="session/a/0"):
        second.append(batch(7, stream="session/a/0"), {})
