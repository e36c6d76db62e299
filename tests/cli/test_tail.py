"""`tail` straight from the log: a process follows what this one appends."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from session_lattice.cli.feed.log import MAX_RETRY_SECONDS
from session_lattice.home import Home
from session_lattice.log.sqlite import SqliteEventLog
from tests.acceptance.pair import until
from tests.cli.tailing import PULL, SESSION, Tail, a_pull, log_of, prompt, tail

FOREVER = 1 << 62


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def log(home: Home) -> Iterator[SqliteEventLog]:
    with log_of(home) as log:
        yield log


def appended_until_seen(log: SqliteEventLog, running: Tail) -> str:
    """The first line of a tail that begins with the next event, whenever it begins."""
    count = iter(range(FOREVER))

    def seen() -> bool:
        log.append([prompt(f"prompt {next(count)}")], {})
        return running.out.ready()

    until("a line", seen)
    return running.out.next()


def test_without_a_log_it_says_what_to_start(home: Home) -> None:
    with tail(home) as running:
        assert running.end() == 1
        what, hint = running.err.rest()
    assert what.startswith("session-lattice: there is no event log at ")
    assert hint.startswith("Try: start the puller")


@pytest.mark.parametrize("cursor", ["zz", "1", "-1", "e-01", "e-1 "])
def test_a_malformed_cursor_is_refused(home: Home, log: SqliteEventLog, cursor: str) -> None:
    with tail(home, "--after", cursor) as running:
        assert running.end() == 1
        assert "is no cursor" in running.err.next()


def test_the_newest_pull_of_a_log_without_pulls_is_refused(home: Home, log: SqliteEventLog) -> None:
    with tail(home, "pull/latest") as running:
        assert running.end() == 1
        assert running.err.rest()[0] == "session-lattice: the log has no pull"


def test_the_whole_log_is_followed_from_now_on(home: Home, log: SqliteEventLog) -> None:
    log.append([prompt("before")], {})
    with tail(home) as running:
        first = appended_until_seen(log, running)
        assert re.fullmatch(r".*\d\d:\d\d:\d\d  claude_code/8d1f2c34  prompt     prompt \d+", first)
        log.append([prompt("the last")], {})
        while not (line := running.out.next()).endswith("the last"):
            assert "before" not in line


def test_earliest_replays_everything_and_goes_on(home: Home, log: SqliteEventLog) -> None:
    log.append([prompt(f"old {number}") for number in range(3000)], {})
    with tail(home, "--after", "earliest") as running:
        old = [running.out.next() for _ in range(3000)]
        log.append([prompt("new")], {})
        assert running.out.next().endswith("new")
    assert [line.rpartition(" ")[2] for line in old] == [str(number) for number in range(3000)]


@pytest.mark.parametrize("name", [PULL, "pull/latest"])
def test_a_pull_is_shown_from_its_start_to_its_end(
    home: Home, log: SqliteEventLog, name: str
) -> None:
    *begun, finished = a_pull()
    log.append([prompt("beside it"), *begun], {})
    with tail(home, name) as running:
        kinds = [running.out.next().split()[3] for _ in begun]
        log.append([prompt("beside it"), finished, prompt("behind it")], {})
        ending = running.out.rest()
        assert running.end() == 0
    assert kinds == ["started", "progress", "published"]
    assert [line.split(maxsplit=3)[3] for line in ending] == [
        "finished   generation 3, 2 events, 1.5 s"
    ]


def test_a_session_that_has_not_begun_is_waited_for(home: Home, log: SqliteEventLog) -> None:
    with tail(home, SESSION) as running:
        waiting = running.err.next()
        log.append([*a_pull(), prompt("hello")], {})
        assert running.out.next().endswith("prompt     hello")
    assert waiting == f"session-lattice: there is nothing of {SESSION} yet; waiting for it"


def test_types_are_all_that_is_shown(home: Home, log: SqliteEventLog) -> None:
    log.append([prompt("hello"), *a_pull()], {})
    with tail(home, PULL, "--types", "pull.started, generation.published") as running:
        assert running.end() == 0
        assert [line.split()[3] for line in running.out.rest()] == ["started", "published"]


def test_json_has_the_frames_object_and_the_cursor_to_go_on_with(
    home: Home, log: SqliteEventLog
) -> None:
    log.append(a_pull(), {})
    with tail(home, PULL, "--json") as running:
        found = [json.loads(line) for line in running.out.rest()]
    assert found[3] == {
        "stream": PULL,
        "seq": 4,
        "position": 4,
        "ts": "2026-09-21T14:13:20.000000Z",
        "type": "pull.finished",
        "terminal": True,
        "origin": "here",
        "data": {
            "type": "pull.finished",
            "pull": PULL.partition("/")[2],
            "generation": 3,
            "events": 2,
            "duration_ms": 1500,
        },
        "cursor": f"{log.epoch}-4",
    }
    with tail(home, PULL, "--json", "--after", found[1]["cursor"]) as running:
        assert [json.loads(line) for line in running.out.rest()] == found[2:]


def test_behind_a_pulls_end_there_is_nothing(home: Home, log: SqliteEventLog) -> None:
    log.append(a_pull(), {})
    with tail(home, PULL, "--after", f"{log.epoch}-4") as running:
        assert running.end() == 0
        assert running.out.rest() == running.err.rest() == []


def test_events_that_were_trimmed_are_said_to_be_missed(home: Home, log: SqliteEventLog) -> None:
    log.append([prompt(f"prompt {number}") for number in range(5)], {})
    epoch = log.epoch
    assert log.trim(before=FOREVER, up_to=3, limit=100) == 3
    with tail(home, "--json", "--after", f"{epoch}-1") as running:
        reset, kept = (json.loads(running.out.next()) for _ in range(2))
        said = running.err.next()
    oldest, newest = f"{epoch}-4", f"{epoch}-5"
    missing = f"missed: the log no longer has the events before {oldest}"
    assert said == f"session-lattice: {missing}; going on from the oldest kept"
    assert reset == {
        "type": "reset",
        "reason": "evicted",
        "oldest": oldest,
        "newest": newest,
        "cursor": f"{epoch}-3",
    }
    assert kept["cursor"] == oldest


def test_a_log_that_is_gone_is_said_once_and_followed_again_once_it_is_back(
    home: Home, log: SqliteEventLog
) -> None:
    log.append([prompt("first")], {})
    away = home.log.with_name("away.sqlite")
    with tail(home, "--after", "earliest") as running:
        assert running.out.next().endswith("first")
        log.close()
        home.log.rename(away)
        gone = running.err.next()
        away.rename(home.log)
        assert running.err.next() == "session-lattice: the event log can be read again"
        with log_of(home) as again:
            again.append([prompt("second")], {})
        assert running.out.next().endswith("second")
        assert not running.err.ready()
    assert gone == f"session-lattice: there is no event log at {home.log} yet; trying again"


def test_a_log_that_was_made_anew_is_followed_from_its_start(
    home: Home, log: SqliteEventLog
) -> None:
    log.append([prompt("first")], {})
    with tail(home, "--after", "earliest") as running:
        assert running.out.next().endswith("first")
        log.close()
        home.log.unlink()
        with log_of(home) as anew:
            anew.append([prompt("anew")], {})
        assert running.out.next().endswith("anew")
        said = [running.err.next() for _ in range(1)]
        while "missed" not in said[-1]:
            said.append(running.err.next())
    assert "the log was lost or rebuilt since" in said[-1]
    assert MAX_RETRY_SECONDS <= 5, "nobody waits longer for a log that is back"


def test_the_sample_is_followed_where_nothing_else_was_published(home: Home) -> None:
    sample = Home(home.root.with_name(home.root.name + "-sample"))
    with log_of(sample) as log:
        log.append(a_pull(), {})
    (sample.generations / "1.duckdb").write_bytes(b"")
    with tail(home, "pull/latest") as running:
        assert running.end() == 0
        assert running.err.rest()[0].startswith("session-lattice: SAMPLE")
        assert len(running.out.rest()) == 4


def test_ctrl_c_ends_with_130_and_says_nothing(home: Home, log: SqliteEventLog) -> None:
    log.append([prompt("hello")], {})
    with tail(home, "--after", "earliest") as running:
        running.out.next()
        assert running.end(signal.SIGINT) == 130
        assert running.err.rest() == []


def test_sigterm_ends_it_at_once(home: Home, log: SqliteEventLog) -> None:
    log.append([prompt("hello")], {})
    with tail(home, "--after", "earliest") as running:
        running.out.next()
        assert running.end(signal.SIGTERM) == -signal.SIGTERM


def test_a_reader_that_has_enough_ends_it_quietly(home: Home, log: SqliteEventLog) -> None:
    log.append([prompt("hello" * 20) for _ in range(5000)], {})
    line = [sys.executable, "-m", "session_lattice", "--home", str(home.root), "tail"]
    process = subprocess.Popen(
        [*line, "--after", "earliest"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) in (0, 1)
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == b""


@contextmanager
def on_a_terminal(home: Home, columns: int, *words: str) -> Iterator[int]:
    """The other end of a terminal that wide, on which `tail` runs."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    process = subprocess.Popen(
        [sys.executable, "-m", "session_lattice", "--home", str(home.root), "tail", *words],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    os.close(theirs)
    try:
        yield ours
    finally:
        process.kill()
        process.wait(60)
        os.close(ours)


def test_a_terminal_gets_lines_of_its_width_and_nothing_that_it_acts_upon(
    home: Home, log: SqliteEventLog
) -> None:
    nasty = "\x1b]0;title\x07 \x1b[2J \x9b31m \u202e \r\n" + "漢字" * 60
    log.append([prompt(nasty), *a_pull()], {})
    with on_a_terminal(home, 100, "--after", "earliest") as terminal:
        seen = b""
        end = time.monotonic() + 60
        while b"finished" not in seen:
            assert time.monotonic() < end
            seen += os.read(terminal, 65536)
    lines = seen.decode().split("\r\n")
    assert all(line.isprintable() for line in lines)
    assert "?]0;title? ?[2J" in lines[0]
    assert lines[0].endswith("…")
    assert max(len(line) for line in lines) <= 100
