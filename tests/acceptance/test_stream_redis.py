"""The log in Redis, and a Redis that is gone, frozen or emptied under both daemons."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.sse import Client
from tests.acceptance.stream_pair import StreamPair, told
from tests.redis_server import REDIS, RedisServer

pytestmark = REDIS

STEPS_OF_SILENCE = 10


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis", persistent=True) as started:
        yield started


@pytest.fixture
def pair(tmp_path: Path, server: RedisServer) -> Iterator[StreamPair]:
    """A running pair over that server."""
    made = StreamPair(tmp_path / "pair")
    made.environment["SESSION_LATTICE_LOG_URL"] = server.url
    made.grow()
    with made.puller() as puller, made.reads() as reads:
        yield made
        assert puller.poll() is None
        assert reads.poll() is None
        made.drop_clients()


def followed(pair: StreamPair) -> Client:
    """A client that has all there is."""
    client = pair.client("/events?after=earliest")
    client.until_at(pair.settled())
    return client


def is_silent(client: Client) -> bool:
    """Nothing comes, and nobody hangs up."""
    before, resumed = len(client.frames), client.resumed
    for _ in range(STEPS_OF_SILENCE):
        client.step()
    return (len(client.frames), client.resumed) == (before, resumed)


def check_one_reset(pair: StreamPair, client: Client, before: int) -> None:
    """Behind `before` events came one reset, and behind that all that there is."""
    assert client.resets == ["epoch"]
    assert client.frames[before].type == "reset"
    assert told(client.frames[before + 1 :]) == pair.kept()


def test_redis_gone_and_back_is_a_silence_for_clients_and_nothing_else(
    pair: StreamPair, server: RedisServer
) -> None:
    client = followed(pair)
    server.kill()
    pair.grow()
    assert is_silent(client)
    newcomer = pair.client("/events?after=earliest")
    assert newcomer.connect().status == 200
    assert is_silent(newcomer)
    assert pair.get("/healthz")
    server.start()
    newest = pair.settled()
    for each in (client, newcomer):
        each.until_at(newest)
        assert each.resets == []
        assert told(each.events) == pair.kept()
    assert client.resumed == 0


def test_redis_that_hangs_is_a_silence_for_clients_and_nothing_else(
    pair: StreamPair, server: RedisServer
) -> None:
    client = followed(pair)
    os.kill(server.pid, signal.SIGSTOP)
    try:
        pair.grow()
        assert is_silent(client)
        assert pair.get("/healthz")
    finally:
        os.kill(server.pid, signal.SIGCONT)
    client.until_at(pair.settled())
    assert client.resumed == 0
    assert client.resets == []
    assert told(client.events) == pair.kept()


def test_redis_flushed_is_one_reset_and_the_new_log_whole(
    pair: StreamPair, server: RedisServer
) -> None:
    client = followed(pair)
    away = pair.client(last_id=client.last_id)
    before = len(client.frames)
    server.command("FLUSHALL")
    client.until("it is reset", lambda: client.resets)
    newest = pair.settled()
    away.until("it is reset", lambda: away.resets)
    for each, place in ((client, before), (away, 0)):
        each.until_at(newest)
        check_one_reset(pair, each, place)


def test_redis_restarted_without_what_it_had_is_one_reset_and_the_new_log_whole(
    tmp_path: Path,
) -> None:
    with RedisServer(tmp_path / "redis") as server:
        pair = StreamPair(tmp_path / "pair")
        pair.environment["SESSION_LATTICE_LOG_URL"] = server.url
        pair.grow()
        with pair.puller(), pair.reads():
            client = followed(pair)
            before = len(client.frames)
            server.restart()
            client.until("it is reset", lambda: client.resets)
            client.until_at(pair.settled())
            check_one_reset(pair, client, before)
            pair.drop_clients()
