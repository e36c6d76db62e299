"""The SQLite log's file through time: upgraded, trimmed, deleted, replaced, put back."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from session_lattice.errors import LogError, LogLostError, NoLogError
from session_lattice.log import sqlite_file
from session_lattice.log.base import Bounds, Encoded, Reset
from session_lattice.log.cursor import Cursor
from session_lattice.log.follow import Follower
from session_lattice.log.sqlite import SqliteEventLog

ALL = 1 << 62

TO_SCHEMA_1 = """
DROP TABLE marks;
DROP INDEX events_stream;
CREATE INDEX events_stream ON events (stream);
PRAGMA user_version = 1;
PRAGMA journal_mode = DELETE;
PRAGMA auto_vacuum = NONE;
VACUUM;
PRAGMA journal_mode = WAL;
"""


def batch(*keys: int, stream: str = "s", data: bytes = b"{}") -> list[Encoded]:
    return [Encoded(stream, str(key), 0, "message.user", False, data) for key in keys]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
def old(path: Path) -> Path:
    """A log of schema 1 with events 1 to 3."""
    with closing(SqliteEventLog(path)) as log:
        log.append(batch(1, 2, 3), {"source": {"file": b"1"}})
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(TO_SCHEMA_1)
    return path


def test_a_log_of_the_first_schema_is_not_read_before_it_is_upgraded(old: Path) -> None:
    with pytest.raises(LogError, match="schema 1") as caught:
        SqliteEventLog(old, readonly=True)
    assert "puller" in caught.value.hint


def test_a_log_of_the_first_schema_is_upgraded_with_all_that_it_holds(old: Path) -> None:
    with closing(SqliteEventLog(old, clock=lambda: ALL)) as log:
        assert log.append(batch(3, 4), {}) == 1
        assert [e.seq for e in log.read(2, stream="s")] == [3, 4]
        assert log.checkpoints("source") == {"file": b"1"}
        assert log.size().oldest_at is not None
        assert log.trim(before=ALL, up_to=3, limit=ALL) == 3
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    with closing(SqliteEventLog(old, readonly=True)) as log:
        assert log.bounds() == Bounds(log.epoch, 4, 4)


def test_trimming_gives_the_space_back_to_the_file_system(path: Path) -> None:
    with closing(SqliteEventLog(path)) as log:
        for first in range(0, 4000, 500):
            log.append(batch(*range(first, first + 500), data=b'"%s"' % (b"x" * 4000)), {})
        full = log.size().bytes
        while log.trim(before=ALL, up_to=3900, limit=500):
            pass
        assert log.size().bytes < full / 4
    assert path.stat().st_size < 3_000_000


def test_a_read_that_trimming_runs_into_is_whole_and_a_lagging_one_is_told(path: Path) -> None:
    with closing(SqliteEventLog(path)) as log:
        log.append(batch(*range(1, 101)), {})
        with closing(SqliteEventLog(path, readonly=True)) as reader:
            follower = Follower(reader, "earliest")
            follower.take(10)
            log.trim(before=ALL, up_to=50, limit=ALL)
            assert follower.take(10) == Reset("evicted", Bounds(log.epoch, 51, 100))
            rest = follower.take()
    assert not isinstance(rest, Reset)
    assert [e.position for e in rest] == list(range(51, 101))


def delete(path: Path) -> None:
    path.unlink()


def delete_with_what_is_beside_it(path: Path) -> None:
    for each in path.parent.glob(path.name + "*"):
        each.unlink()


def replace_with_another(path: Path) -> None:
    other = path.with_name("other.sqlite")
    with closing(SqliteEventLog(other)) as log:
        log.append(batch(7), {})
    other.replace(path)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@pytest.mark.parametrize("lose", [delete, delete_with_what_is_beside_it, replace_with_another])
def test_a_log_that_is_lost_while_open_is_told_of_once_and_begun_anew(
    path: Path, lose: Callable[[Path], None]
) -> None:
    with closing(SqliteEventLog(path)) as log:
        log.append(batch(1, 2, 3), {"source": {"file": b"1"}})
        before = log.epoch
        lose(path)
        with pytest.raises(LogLostError) as caught:
            log.append(batch(4), {"source": {"file": b"2"}})
        assert caught.value.hint
        assert log.checkpoints("source") == {}
        assert log.append(batch(1, 2, 3, 4), {}) == 4
        assert log.epoch != before
    with closing(SqliteEventLog(path, readonly=True)) as reader:
        assert len(reader.read(0)) == reader.bounds().newest


@pytest.mark.parametrize("lose", [delete, delete_with_what_is_beside_it, replace_with_another])
def test_a_reader_of_a_lost_log_goes_on_with_the_new_one_behind_a_reset(
    path: Path, lose: Callable[[Path], None]
) -> None:
    with closing(SqliteEventLog(path)) as log:
        log.append(batch(1, 2, 3), {})
        with closing(SqliteEventLog(path, readonly=True)) as reader:
            follower = Follower(reader, Cursor(reader.epoch, 3))
            lose(path)
            with pytest.raises(LogLostError):
                log.append(batch(5), {})
            log.append(batch(5, 6), {})
            newest = log.bounds().newest
            assert follower.take() == Reset("epoch", Bounds(log.epoch, 1, newest))
            taken = follower.take()
    assert not isinstance(taken, Reset)
    assert [e.position for e in taken] == list(range(1, newest + 1))


def test_a_reader_waits_for_a_log_that_is_gone_by_saying_so(path: Path) -> None:
    with (
        closing(SqliteEventLog(path)) as log,
        closing(SqliteEventLog(path, readonly=True)) as reader,
    ):
        seen = reader.bounds()
        delete_with_what_is_beside_it(path)
        with pytest.raises(NoLogError, match="no event log"):
            reader.wait(seen, 1)
        with pytest.raises(LogLostError):
            log.bounds()
        assert reader.wait(seen, 1).epoch == log.epoch


def test_what_an_interrupted_upgrade_left_is_upgraded_by_the_next(old: Path) -> None:
    copy = old.with_name("copy.sqlite")
    shutil.copyfile(old, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")
    with closing(SqliteEventLog(copy)) as log:
        assert len(log.read(0)) == 3
    assert sqlite_file.identity(copy) != sqlite_file.identity(old)
