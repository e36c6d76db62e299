"""The index's file: making it, opening it, and what its errors mean to a person."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path

import zstandard

from session_lattice.errors import (
    DamagedIndexError,
    NoSearchIndexError,
    SearchError,
    SlowSearchError,
)
from session_lattice.search.packing import Packing

APPLICATION_ID = 0x534C5349
"""Marks a SQLite file as a search index."""

SCHEMA_VERSION = 1
"""An index of another one is made anew: all that is in it is in the store."""

FILE_MODE = 0o600
BUSY_SECONDS = 5.0
"""How long to wait for another process that writes, before giving up."""

CACHE_KIB = 16 * 1024
"""Pages that the writing connection keeps in memory."""

READER_CACHE_KIB = 4 * 1024
WAL_BYTES = 16 * 1024 * 1024
"""Size at which the write-ahead log is copied into the file and begun anew."""

PAGE_BYTES = 8192
MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 100
PAGES_AT = slice(28, 32)
"""Of the header: how many pages the file has."""

TABLES = ("documents", "names", "days", "words_data", "words_idx", "words_docsize")
"""That a text or a word may be lost with."""

_DAMAGE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CONSTRAINT)
"""No statement of ours breaks a constraint, but what FTS5 finds damaged it may tell as one."""

_HINTS = {
    sqlite3.SQLITE_FULL: "free some disk space; what is missing is indexed then",
    sqlite3.SQLITE_BUSY: "another process is writing this index; stop it",
    sqlite3.SQLITE_LOCKED: "another process is writing this index; stop it",
    sqlite3.SQLITE_READONLY: "mend its permissions and its directory's",
    sqlite3.SQLITE_PERM: "mend its permissions and its directory's",
    sqlite3.SQLITE_CANTOPEN: "mend its permissions and its directory's",
    sqlite3.SQLITE_IOERR: "look after the disk: it is full or failing",
    sqlite3.SQLITE_ERROR: "Python's SQLite needs FTS5; else report this as a bug",
}
_ANEW = "delete the file; the puller makes it anew from the store"
_NO_INDEX = "the puller makes it after its next pull: session-lattice serve-puller"


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return resources.files(__package__).joinpath("sql", f"{name}.sql").read_text("utf-8")


def identity(path: Path) -> tuple[int, int] | None:
    """Which file `path` leads to; None when it leads to none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn what SQLite says of `path` into a SearchError, the cause chained."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        what = f"the search index {path}: {error}"
        if code == sqlite3.SQLITE_INTERRUPT:
            raise SlowSearchError("the search took too long") from error
        if code in _DAMAGE:
            raise DamagedIndexError(what, hint=_ANEW) from error
        raise SearchError(what, hint=_HINTS.get(code, "report this as a bug")) from error
    except zstandard.ZstdError as error:
        raise DamagedIndexError(f"the search index {path}: {error}", hint=_ANEW) from error


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Raises SearchError when there is no index yet, or none that this version can read."""
    if not path.exists():
        raise NoSearchIndexError(f"there is no search index at {path} yet", hint=_NO_INDEX)
    with reported(path):
        connection = _connect(path, "ro", READER_CACHE_KIB)
        try:
            if _is_empty(connection):
                raise NoSearchIndexError(f"{path} is still being made", hint=_NO_INDEX)
            _check(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Makes the index when it is not there.

    Raises DamagedIndexError for what is none or of another schema, SearchError for the rest. A
    commit is not synced: what a crash of the machine takes back is indexed again, as the
    position goes back with it.
    """
    _touch(path)
    ended = _was_ended(path)
    if ended:
        _check_length(path)
    with reported(path):
        connection = _connect(path, "rw", CACHE_KIB)
        try:
            if _is_empty(connection):
                _create(connection, path)
            _check(connection, path)
            if not ended:
                _check_tables(connection, path)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_BYTES // PAGE_BYTES}")
            connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
        except BaseException:
            connection.close()
            raise
        return connection


def discard(path: Path) -> None:
    """Delete the index with what belongs to it; who reads it goes on with the deleted one."""
    try:
        for suffix in ("-wal", "-shm", ""):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise SearchError(
            f"the search index {path} cannot be deleted: {error.strerror}",
            hint="mend its directory's permissions",
        ) from error


def _connect(path: Path, mode: str, cache_kib: int) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_SECONDS,
    )
    connection.create_function("plain", 1, Packing().plain, deterministic=True)
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")
    # Some builds of SQLite do not let a view call a function that the program brings.
    connection.execute("PRAGMA trusted_schema = ON")
    return connection


def _touch(path: Path) -> None:
    """Make sure that there is a file, without what another one of that name has left beside it."""
    try:
        if not path.exists():
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    except OSError as error:
        raise SearchError(
            f"the search index {path} cannot be written: {error.strerror}",
            hint="mend its permissions, or choose another home with SESSION_LATTICE_HOME",
        ) from error


def _is_empty(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]


def _create(connection: sqlite3.Connection, path: Path) -> None:
    """All of it or nothing."""
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise SearchError(
            f"the file system under {path} cannot share memory between processes",
            hint="choose a home on a local disk with SESSION_LATTICE_HOME",
        )
    connection.executescript(
        f"BEGIN IMMEDIATE;\n{statement('schema')}\n"
        f"PRAGMA application_id = {APPLICATION_ID};\n"
        f"PRAGMA user_version = {SCHEMA_VERSION};\nCOMMIT;"
    )


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise DamagedIndexError(f"{path} is a database, but no search index", hint=_ANEW)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA_VERSION:
        raise DamagedIndexError(
            f"the search index {path} is of schema {version}, this program knows {SCHEMA_VERSION}",
            hint="start this version's puller, which makes the index anew",
        )


def _was_ended(path: Path) -> bool:
    """Whether the last writer closed the file: nothing is left that it was still to take in."""
    wal = path.with_name(path.name + "-wal")
    return not (wal.exists() and wal.stat().st_size)


def _check_length(path: Path) -> None:
    """What lost its end would show only where that is asked for."""
    with path.open("rb") as whole:
        header = whole.read(HEADER_BYTES)
    pages = int.from_bytes(header[PAGES_AT], "big")
    if header.startswith(MAGIC) and path.stat().st_size < pages * PAGE_BYTES:
        raise DamagedIndexError(f"the search index {path} has lost its end", hint=_ANEW)


def _check_tables(connection: sqlite3.Connection, path: Path) -> None:
    """After a writer that was killed: a second or so for an index of 300 MB."""
    for table in TABLES:
        found = connection.execute(f"PRAGMA quick_check('{table}')").fetchone()[0]
        if found != "ok":
            raise DamagedIndexError(f"the search index {path}: {found}", hint=_ANEW)
