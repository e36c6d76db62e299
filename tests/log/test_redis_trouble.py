"""The log in Redis on a server that is full, hung, closed to it or not its own."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from urllib.parse import urlsplit

import pytest
import redis

from session_lattice.errors import LogError
from session_lattice.log import redis_server as servers
from session_lattice.log.base import Bounds
from session_lattice.log.redis_server import PREFIX
from tests.log.redis_batches import ALL, OpenRedis, batch, kept, positions
from tests.redis_server import REDIS, RedisServer

pytestmark = REDIS

CHUNK_BYTES = 65_536


class Cut:
    """A server between client and server that loses the answer to one append, and hangs up."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}{parts.path}"
        self.armed = threading.Event()
        self.cut = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        """One request and its answer at a time, as Redis' clients do."""
        with client, socket.create_connection(self._target) as server, suppress(OSError):
            while request := client.recv(CHUNK_BYTES):
                server.sendall(request)
                answer = server.recv(CHUNK_BYTES)
                if self.armed.is_set() and b"EVALSHA" in request:
                    self.armed.clear()
                    self.cut.set()
                    return
                client.sendall(answer)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def cut(redis_url: str) -> Iterator[Cut]:
    with closing(Cut(redis_url)) as cut:
        yield cut


def test_a_server_that_is_not_there_is_named_without_its_password(
    open_redis: OpenRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "RETRIES", 0)
    with pytest.raises(LogError, match=r"127\.0\.0\.1:1/3") as caught:
        open_redis("redis://me:secret@127.0.0.1:1/3")
    assert "SESSION_LATTICE_LOG_URL" in caught.value.hint
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value.__cause__, redis.ConnectionError)


def test_a_wrong_password_is_not_tried_twice_and_not_told(
    open_redis: OpenRedis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_redis(redis_server.url)
    redis_server.command("CONFIG", "SET", "requirepass", "right")
    monkeypatch.setattr(servers, "PAUSE", None)
    for password in ("", ":secret@"):
        with pytest.raises(LogError) as caught:
            open_redis(redis_server.url.replace("//", f"//{password}"))
        assert "password" in caught.value.hint
        assert "secret" not in str(caught.value)
    assert open_redis(redis_server.url.replace("//", "//:right@")).bounds().newest == 0


def test_a_full_server_refuses_an_append_as_a_whole_and_can_be_trimmed(
    open_redis: OpenRedis, redis_server: RedisServer
) -> None:
    log = open_redis(redis_server.url)
    log.append(batch(1, 2), {"claude": {"file": b"2"}})
    before = kept(redis_server.url)
    redis_server.command("CONFIG", "SET", "maxmemory", 1)
    for events in (batch(2, 3, terminal=True), []):
        with pytest.raises(LogError, match="maxmemory") as caught:
            log.append(events, {"claude": {"file": b"3", "other": None}})
        assert "maxmemory" in caught.value.hint
    assert kept(redis_server.url) == before
    assert log.trim(before=ALL, up_to=1, limit=ALL) == 1
    redis_server.command("CONFIG", "SET", "maxmemory", 0)
    assert log.append(batch(2, 3), {"claude": {"file": b"3"}}) == 1
    assert positions(log) == positions(log, "session/a/1") == [2, 3]


def test_a_server_that_only_follows_another_refuses_an_append_as_a_whole(
    open_redis: OpenRedis, redis_server: RedisServer
) -> None:
    log = open_redis(redis_server.url)
    log.append(batch(1), {})
    redis_server.command("REPLICAOF", "127.0.0.1", 1)
    with pytest.raises(LogError, match="read only") as caught:
        log.append(batch(2), {"claude": {"file": b"2"}})
    assert "primary" in caught.value.hint
    assert positions(open_redis(redis_server.url, readonly=True)) == [1]
    redis_server.command("REPLICAOF", "NO", "ONE")
    assert log.append(batch(2), {}) == 1


@pytest.mark.parametrize(
    "name",
    [
        "meta",
        "feed",
        "marks",
        "seqs",
        "parts",
        "stream:session/a/1",
        "lease:session/a/1",
        "newest:session/",
        "ended:session/",
        "checkpoints:/claude",
        "keys:*",
        "call:*",
    ],
)
def test_a_key_that_is_not_the_logs_refuses_an_append_as_a_whole(
    open_redis: OpenRedis, redis_url: str, name: str
) -> None:
    log = open_redis(redis_url)
    log.append(batch(1, terminal=True), {"claude": {"file": b"1"}})
    with redis.Redis.from_url(redis_url) as client:
        for key in list(client.scan_iter(f"{PREFIX}{name}")):
            is_text = client.type(key) == b"string"
            client.delete(key)
            client.execute_command("SADD" if is_text else "SET", key, "x")
    before = kept(redis_url)
    with pytest.raises(LogError, match="wrong kind of value") as caught:
        log.append(batch(2, 1), {"claude": {"file": b"2"}})
    assert "another database number" in caught.value.hint
    assert kept(redis_url) == before


def test_a_hung_server_is_given_up_on_and_what_it_does_later_counts_once(
    open_redis: OpenRedis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "ANSWER_SECONDS", 0.2)
    log = open_redis(redis_server.url)
    log.append(batch(1), {})
    os.kill(redis_server.pid, signal.SIGSTOP)
    try:
        with pytest.raises(LogError, match="Timeout") as caught:
            log.append(batch(2), {"claude": {"file": b"2"}})
        assert "hung" in caught.value.hint
        with pytest.raises(LogError):
            log.bounds()
    finally:
        os.kill(redis_server.pid, signal.SIGCONT)
    redis_server.command("PING")
    log.append(batch(2, 3), {"claude": {"file": b"3"}})
    assert [e.seq for e in log.read(0)] == [1, 2, 3]
    assert log.checkpoints("claude") == {"file": b"3"}


def test_an_append_whose_answer_was_lost_tells_how_many_were_new(
    open_redis: OpenRedis, cut: Cut
) -> None:
    log = open_redis(cut.url)
    log.append(batch(1), {})
    cut.armed.set()
    assert log.append(batch(1, 2, 3), {"claude": {"file": b"3"}}) == 2
    assert cut.cut.is_set()
    assert log.append(batch(3, 4), {}) == 1
    assert log.bounds() == Bounds(log.epoch, 1, 4)
