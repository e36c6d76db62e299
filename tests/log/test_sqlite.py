"""What the SQLite log does beyond the contract: durability, faults, several processes, bounds."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from session_lattice.errors import LogError
from session_lattice.log import sqlite_file, sqlite_reader, sqlite_writer
from session_lattice.log.base import Bounds, Encoded
from session_lattice.log.sqlite import SqliteEventLog

Limit = Callable[[int], None]

APPEND = """
import sys
from pathlib import Path
from session_lattice.log.base import Encoded
from session_lattice.log.sqlite import SqliteEventLog

log = SqliteEventLog(Path(sys.argv[1]), origin="child")
for batch in range(1, int(sys.argv[2]) + 1):
    events = [Encoded("s", f"{sys.argv[3]}/{batch}/{i}", 0, "t", False, b"{}") for i in range(10)]
    log.append(events, {"source": {"batch": b"%d" % batch}})
    print(batch, flush=True)
"""

READ_ALL = """
import sys
from pathlib import Path
from session_lattice.log.sqlite import SqliteEventLog

log = SqliteEventLog(Path(sys.argv[1]), readonly=True)
for _ in sys.stdin:
    print(len(log.read(0)), flush=True)
"""


def event(key: str, stream: str = "s", data: bytes = b"{}") -> Encoded:
    return Encoded(stream, key, 0, "message.user", False, data)


def batch(*keys: int, stream: str = "s") -> list[Encoded]:
    return [event(str(key), stream) for key in keys]


def run(code: str, path: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
def limit_pages(monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Makes the logs opened from now on fail as a full disk does, above some number of pages."""
    opened: list[sqlite3.Connection] = []
    really_open = sqlite_file.open_for_writing

    def open_for_writing(path: Path) -> sqlite3.Connection:
        opened.append(really_open(path))
        return opened[-1]

    def limit(pages: int) -> None:
        for connection in opened:
            connection.execute(f"PRAGMA max_page_count = {pages}")

    monkeypatch.setattr(sqlite_file, "open_for_writing", open_for_writing)
    return limit


# --- faults ------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_log_as_it_was_and_working_once_there_is_space(
    path: Path, limit_pages: Limit
) -> None:
    log = SqliteEventLog(path)
    log.append(batch(1, 2), {"source": {"file": b"2"}})
    limit_pages(20)
    large = [event(f"large {i}", stream=f"new {i}", data=b'"%d"' % 10**4000) for i in range(99)]
    with pytest.raises(LogError, match="full") as caught:
        log.append([*batch(3), *large], {"source": {"file": b"3"}})
    assert "disk space" in caught.value.hint
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert log.bounds() == Bounds(log.epoch, 1, 2)
    assert log.checkpoints("source") == {"file": b"2"}
    limit_pages(1_000_000)
    assert log.append([*batch(3), *large], {"source": {"file": b"3"}}) == 100
    assert [e.seq for e in log.read(0, stream="s")] == [1, 2, 3]
    assert [e.seq for e in log.read(0, stream="new 98")] == [1]
    log.close()


def test_a_value_that_sqlite_cannot_take_leaves_the_log_as_it_was(path: Path) -> None:
    log = SqliteEventLog(path)
    with pytest.raises(LogError):
        log.append([event("1"), Encoded("s", "2", 1.5, "t", False, b"{}")], {})  # type: ignore[arg-type]
    assert log.append(batch(1), {}) == 1
    assert [e.seq for e in log.read(0)] == [1]
    log.close()


def test_kill_9_loses_nothing_that_was_committed(path: Path) -> None:
    child = run(APPEND, path, "1000000", "a")
    assert child.stdout is not None
    told = [int(child.stdout.readline()) for _ in range(25)][-1]
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    log = SqliteEventLog(path)
    kept = int(log.checkpoints("source")["batch"])
    assert kept >= told
    assert [e.seq for e in log.read(0)] == list(range(1, 10 * kept + 1))
    assert log.append([event("next")], {}) == 1
    log.close()


def test_another_process_in_the_middle_of_writing_is_waited_for_and_then_reported(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0)
    log = SqliteEventLog(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogError, match="locked") as caught:
        log.append(batch(1), {})
    assert "another process" in caught.value.hint
    other.close()
    assert log.append(batch(1), {}) == 1
    log.close()


def test_two_writers_by_mistake_keep_one_order_without_gaps(path: Path) -> None:
    logs = [SqliteEventLog(path, origin="a"), SqliteEventLog(path, origin="b")]
    for number in range(1, 40):
        logs[number % 2].append(batch(number, number // 2), {})
    found = logs[0].read(0)
    assert [e.position for e in found] == [e.seq for e in found] == list(range(1, 41))
    assert {e.origin for e in found} == {"a", "b"}
    for log in logs:
        log.close()


def test_two_processes_that_append_by_mistake_corrupt_nothing(path: Path) -> None:
    SqliteEventLog(path).close()
    children = [run(APPEND, path, "15", name) for name in "ab"]
    for child in children:
        child.communicate()
        assert child.returncode == 0
    log = SqliteEventLog(path)
    found = log.read(0)
    assert [e.position for e in found] == [e.seq for e in found] == list(range(1, 301))
    log.close()


# --- other processes read ----------------------------------------------------------------


def test_another_process_reads_each_commit_while_the_log_is_open_for_writing(path: Path) -> None:
    log = SqliteEventLog(path)
    child = run(READ_ALL, path)
    assert child.stdin is not None
    assert child.stdout is not None
    for number in range(1, 4):
        log.append(batch(number), {})
        print(file=child.stdin, flush=True)
        assert int(child.stdout.readline()) == number
    child.communicate()
    assert child.returncode == 0
    log.close()


def test_a_reader_goes_on_when_the_writer_has_gone(path: Path) -> None:
    log = SqliteEventLog(path)
    log.append(batch(1), {})
    reader = SqliteEventLog(path, readonly=True)
    log.close()
    assert len(reader.read(0)) == 1
    reader.close()
    late = SqliteEventLog(path, readonly=True)
    assert len(late.read(0)) == 1
    late.close()


def test_a_reader_cannot_append(path: Path) -> None:
    SqliteEventLog(path).close()
    reader = SqliteEventLog(path, readonly=True)
    with pytest.raises(LogError, match="reading only"):
        reader.append(batch(1), {})
    reader.close()


# --- bounds ------------------------------------------------------------------------------


def test_trimmed_events_are_not_taken_again_and_positions_go_on_rising(path: Path) -> None:
    log = SqliteEventLog(path)
    log.append(batch(1, 2, 3), {})
    with sqlite3.connect(path) as trimmer:
        trimmer.execute("DELETE FROM events")
    trimmer.close()
    assert log.bounds() == Bounds(log.epoch, 4, 3)
    assert log.append(batch(1, 2, 3), {}) == 0
    assert log.latest("s", terminal=False) is None
    log.append([event("4", stream="other")], {})
    assert log.latest("s", terminal=False) is None
    log.append(batch(5), {})
    assert [(e.position, e.seq) for e in log.read(0)] == [(4, 1), (5, 4)]
    assert log.bounds() == Bounds(log.epoch, 4, 5)
    log.close()


def test_keys_are_known_before_and_after_they_move_to_the_large_table(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "SETTLE_KEYS", 10)
    log = SqliteEventLog(path)
    for start in range(0, 35, 5):
        log.append(batch(*range(start, start + 5)), {})
    tables = sqlite3.connect(path)
    counts = [
        tables.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        for name in ("keys", "recent_keys")
    ]
    tables.close()
    assert counts == [30, 5]
    assert log.append(batch(*range(36)), {}) == 1
    log.close()


def test_more_streams_than_are_remembered_keep_their_seqs_and_names(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "STREAM_CACHE", 2)
    monkeypatch.setattr(sqlite_reader, "NAME_CACHE", 2)
    log = SqliteEventLog(path)
    for number in range(12):
        log.append([event(f"{number}/{s}", s) for s in ("abc", "bcd", "cde")[number % 3]], {})
    for stream in "abcde":
        seqs = [e.seq for e in log.read(0) if e.stream == stream]
        assert seqs == list(range(1, len(seqs) + 1))
    assert len(log.read(0)) == 36
    log.close()


def test_the_write_ahead_log_shrinks_again_when_a_reader_lets_go(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0)
    monkeypatch.setattr(sqlite_file, "WAL_BYTES", 64 * 1024)
    monkeypatch.setattr(sqlite_file, "MAX_WAL_BYTES", 256 * 1024)
    wal = path.with_name("log.sqlite-wal")
    log = SqliteEventLog(path)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    number = 0
    while wal.stat().st_size < 2 * sqlite_file.MAX_WAL_BYTES:
        number += 1
        log.append([event(str(number), data=b'"%d"' % 10**4000)], {})
    reader.close()
    log.append([event("next")], {})
    assert wal.stat().st_size <= sqlite_file.MAX_WAL_BYTES
    log.close()
