"""Making and opening the log's file, and what is said when that cannot be done."""

import sqlite3
from pathlib import Path

import pytest

from session_lattice.errors import LogError
from session_lattice.log import sqlite_file
from session_lattice.log.base import Encoded
from session_lattice.log.sqlite import SqliteEventLog


def batch(*keys: int) -> list[Encoded]:
    return [Encoded("s", str(key), 0, "message.user", False, b"{}") for key in keys]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


def test_a_reader_of_a_log_that_is_not_there_yet_is_told_what_makes_it(path: Path) -> None:
    with pytest.raises(LogError, match="no event log") as caught:
        SqliteEventLog(path, readonly=True)
    assert "serve-puller" in caught.value.hint
    assert not path.exists()


def test_a_reader_of_a_log_in_the_making_is_told_so(path: Path) -> None:
    path.touch()
    with pytest.raises(LogError, match="still being made"):
        SqliteEventLog(path, readonly=True)


@pytest.mark.parametrize("readonly", [True, False])
def test_a_file_that_is_no_database_is_reported_and_left_alone(path: Path, readonly: bool) -> None:
    path.write_bytes(b"something else entirely" * 99)
    with pytest.raises(LogError, match="not a database") as caught:
        SqliteEventLog(path, readonly=readonly)
    assert "move it away" in caught.value.hint
    assert path.read_bytes() == b"something else entirely" * 99


@pytest.mark.parametrize("readonly", [True, False])
def test_somebody_elses_database_is_reported(path: Path, readonly: bool) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE events (position INTEGER)")
    other.close()
    with pytest.raises(LogError, match="no event log"):
        SqliteEventLog(path, readonly=readonly)


@pytest.mark.parametrize("readonly", [True, False])
def test_a_log_of_a_newer_schema_is_reported_with_what_to_do(path: Path, readonly: bool) -> None:
    SqliteEventLog(path).close()
    with sqlite3.connect(path) as newer:
        newer.execute(f"PRAGMA user_version = {sqlite_file.SCHEMA_VERSION + 1}")
    newer.close()
    with pytest.raises(LogError, match="schema 3") as caught:
        SqliteEventLog(path, readonly=readonly)
    assert "newer version" in caught.value.hint


def test_a_directory_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="cannot be written"):
        SqliteEventLog(tmp_path / "missing" / "log.sqlite")


def test_a_log_whose_making_was_interrupted_is_made_again(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    log = SqliteEventLog(path)
    assert log.append(batch(1), {}) == 1
    log.close()


def test_only_the_owner_may_read_the_files(path: Path) -> None:
    log = SqliteEventLog(path)
    log.append(batch(1), {})
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == {f"log.sqlite{suffix}": 0o600 for suffix in ("", "-wal", "-shm")}
    log.close()


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    odd = tmp_path / "a?mode=ro#b %20 ü.sqlite"
    log = SqliteEventLog(odd)
    log.append(batch(1), {})
    log.close()
    assert odd.exists()


def test_the_epoch_and_all_events_outlive_the_process(path: Path) -> None:
    log = SqliteEventLog(path)
    log.append(batch(1, 2), {"source": {"file": b"1"}})
    epoch, events = log.epoch, log.read(0)
    log.close()
    again = SqliteEventLog(path)
    assert (again.epoch, again.read(0)) == (epoch, events)
    assert again.append(batch(2, 3), {}) == 1
    assert [e.seq for e in again.read(0)] == [1, 2, 3]
    again.close()
