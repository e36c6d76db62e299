"""`tail --url` against the real server, and `tail` on a log in a real Redis."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.errors import LogError
from session_lattice.home import Home
from session_lattice.log.redis import RedisEventLog
from session_lattice.log.sqlite import SqliteEventLog
from tests.acceptance.pair import Pair, until
from tests.cli.tailing import PULL, SESSION, a_pull, log_of, prompt, tail
from tests.cli.test_app import run
from tests.reads.conftest import reads_server
from tests.redis_server import REDIS, RedisServer, shared

FOREVER = 1 << 62


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def log(home: Home) -> Iterator[SqliteEventLog]:
    with log_of(home) as log:
        yield log


def test_over_http_comes_what_the_log_itself_has(home: Home, log: SqliteEventLog) -> None:
    log.append([prompt("a\r\nb\x00\u2028 漢字"), *a_pull()], {})
    epoch = log.epoch
    log.append([prompt("more")], {})
    assert log.trim(before=FOREVER, up_to=2, limit=100) == 2
    with reads_server(home.root) as server:
        for words in (["pull/latest"], [PULL, "--after", f"{epoch}-0"], [PULL, "--after", "zz-9"]):
            found = []
            for where in ([], ["--url", server.url]):
                with tail(home, *words, "--json", *where) as running:
                    lines, said = running.out.rest(), running.err.rest()
                    assert running.end() == 0
                    found.append(([json.loads(line) for line in lines], said))
            assert found[0] == found[1]
            assert found[0][0][-1]["type"] == "pull.finished"


def test_a_server_that_restarts_is_followed_without_a_gap(home: Home, log: SqliteEventLog) -> None:
    pair = Pair(home.root.parent)
    log.append([prompt("1")], {})
    where = ["--url", f"http://127.0.0.1:{pair.port}"]
    with tail(home, SESSION, "--after", "earliest", *where) as running:
        assert "refused; trying again" in running.err.next()
        with pair.running("serve-reads") as server:
            assert running.err.next() == "session-lattice: connected again"
            assert running.out.next().endswith("prompt     1")
            server.send_signal(signal.SIGTERM)
            server.wait(60)
        log.append([prompt("2"), prompt("3")], {})
        assert "trying again" in running.err.next()
        with pair.running("serve-reads"):
            log.append([prompt("4")], {})
            assert [running.out.next()[-1] for _ in range(3)] == ["2", "3", "4"]


def test_types_reach_the_server(home: Home, log: SqliteEventLog) -> None:
    log.append(a_pull(), {})
    with reads_server(home.root) as server:
        words = [PULL, "--types", "pull.started, x", "--url", server.url]
        with tail(home, *words) as running:
            assert [line.split()[3] for line in running.out.rest()] == ["started"]
            assert running.end() == 0


def test_a_pull_that_the_server_does_not_have_ends_with_1(home: Home, log: SqliteEventLog) -> None:
    with (
        reads_server(home.root) as server,
        tail(home, "pull/latest", "--url", server.url) as running,
    ):
        assert running.end() == 1
        assert "answers 404: there has been no pull" in running.err.rest()[0]


def test_a_server_that_wants_a_token_gets_it(home: Home, log: SqliteEventLog) -> None:
    log.append(a_pull(), {})
    with reads_server(home.root, SESSION_LATTICE_TOKEN="s3cret") as server:
        with tail(home, PULL, "--url", server.url) as running:
            assert running.end() == 1
            assert "SESSION_LATTICE_TOKEN" in running.err.rest()[1]
        with tail(home, PULL, "--url", server.url, SESSION_LATTICE_TOKEN="s3cret") as running:
            assert running.end() == 0


@REDIS
def test_a_log_in_redis_is_followed_while_the_server_restarts(home: Home, tmp_path: Path) -> None:
    home.create()
    with RedisServer(tmp_path / "redis", persistent=True) as server:
        log = RedisEventLog(server.url)
        log.append([prompt("1")], {})
        with tail(home, "--after", "earliest", SESSION_LATTICE_LOG_URL=server.url) as running:
            assert running.out.next().endswith("prompt     1")
            server.kill()
            assert "trying again" in running.err.next()
            server.start()
            assert running.err.next() == "session-lattice: the event log can be read again"
            until("an append", lambda: _appends(log))
            assert running.out.next().endswith("prompt     2")
        log.close()


def _appends(log: RedisEventLog) -> bool:
    try:
        return log.append([prompt("2")], {}) == 1
    except LogError:
        return False


@REDIS
def test_doctor_looks_at_a_log_in_redis_and_keeps_its_password_to_itself(home: Home) -> None:
    url = shared().new_url()
    RedisEventLog(url).close()
    for address, outcome in ((url, "ok"), ("redis://:s3cret@127.0.0.1:1/0", "failed")):
        ended = run("--home", str(home.root), "doctor", SESSION_LATTICE_LOG_URL=address)
        line = next(line for line in ended.stdout.splitlines() if f" {'log':<12} " in line)
        assert line.startswith(outcome)
        assert address.rpartition("@")[2].removeprefix("redis://") in line
        assert "s3cret" not in ended.stdout + ended.stderr
