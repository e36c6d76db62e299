"""The event log's file: making it, opening it, and what its errors mean to a person."""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from session_lattice.errors import LogError, NoLogError
from session_lattice.log.base import system_clock

APPLICATION_ID = 0x534C4C47
"""Marks a SQLite file as an event log."""

SCHEMA_VERSION = 2

FILE_MODE = 0o600

BUSY_SECONDS = 5.0
"""How long to wait for another process that writes, before giving up."""

PAGE_BYTES = 16384

CACHE_KIB = 16 * 1024
"""Pages that the writing connection keeps in memory."""

WAL_BYTES = 32 * 1024 * 1024
"""Size at which the write-ahead log is copied into the file and begun anew."""

MAX_WAL_BYTES = 4 * WAL_BYTES
"""Size at which that waits, up to BUSY_SECONDS, for readers that were always in the way."""

STATEMENTS = 64
"""Prepared statements that a connection keeps."""

_NO_LOG = "start the puller, which makes it: session-lattice serve-puller"

_HINTS = {
    sqlite3.SQLITE_FULL: "free some disk space; what was not appended is read again",
    sqlite3.SQLITE_BUSY: "another process is writing this log; stop it",
    sqlite3.SQLITE_LOCKED: "another process is writing this log; stop it",
    sqlite3.SQLITE_NOTADB: "move it away; a new log is begun and transcripts are read again",
    sqlite3.SQLITE_CORRUPT: "move it away; a new log is begun and transcripts are read again",
    sqlite3.SQLITE_READONLY: "mend its permissions and its directory's",
    sqlite3.SQLITE_PERM: "mend its permissions and its directory's",
    sqlite3.SQLITE_CANTOPEN: "mend its permissions and its directory's",
    sqlite3.SQLITE_IOERR: "look after the disk: it is full or failing",
}


def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return resources.files(__package__).joinpath("sql", f"{name}.sql").read_text("utf-8")


def new_epoch() -> str:
    return secrets.token_hex(8)


def identity(path: Path) -> tuple[int, int] | None:
    """Which file `path` leads to; None when it leads to none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - half the cost of Path.stat, at every look
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn what SQLite says of `path` into a LogError, the cause chained."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        hint = _HINTS.get(code, "report this as a bug")
        raise LogError(f"the event log {path}: {error}", hint=hint) from error


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Raises LogError when there is no log yet, or none that this version can read."""
    if not path.exists():
        raise NoLogError(f"there is no event log at {path} yet", hint=_NO_LOG)
    with reported(path):
        connection = _connect(path, "ro")
        try:
            if _is_empty(connection):
                raise NoLogError(f"the event log {path} is still being made", hint=_NO_LOG)
            _check(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Makes the log when it is not there. Raises LogError.

    A commit is synced, which costs a twentieth of a bulk append: the store commits to its own
    file the position that it has applied, and must never be ahead of a log that lost its end.
    """
    _touch(path)
    with reported(path):
        connection = _connect(path, "rw")
        try:
            if _is_empty(connection):
                _create(connection, path)
            elif _version(connection) == 1:
                _upgrade(connection)
            _check(connection, path)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_BYTES // PAGE_BYTES}")
            connection.execute(f"PRAGMA journal_size_limit = {MAX_WAL_BYTES}")
        except BaseException:
            connection.close()
            raise
        return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_SECONDS,
        cached_statements=STATEMENTS,
    )


def _touch(path: Path) -> None:
    """Make sure that there is a file, without what another one of that name has left beside it."""
    try:
        if not path.exists():
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    except OSError as error:
        raise LogError(
            f"the event log {path} cannot be written: {error.strerror}",
            hint="mend its permissions, or choose another home with SESSION_LATTICE_HOME",
        ) from error


def _is_empty(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]


def _create(connection: sqlite3.Connection, path: Path) -> None:
    """All of it or nothing, whoever else is at it."""
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise LogError(
            f"the file system under {path} cannot share memory between processes",
            hint="choose a home on a local disk with SESSION_LATTICE_HOME",
        )
    connection.executescript("BEGIN IMMEDIATE;\n" + statement("schema"))
    connection.execute("INSERT OR IGNORE INTO meta VALUES (1, ?, 0)", (new_epoch(),))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _upgrade(connection: sqlite3.Connection) -> None:
    """From schema 1; all of it is done again if it is interrupted."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        return
    # Space can be given back only by a file that was written anew with this setting.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("VACUUM")
    script = statement("upgrade_2").replace(":now", str(system_clock()))
    connection.executescript(
        f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {SCHEMA_VERSION};\nCOMMIT;"
    )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise LogError(
            f"{path} is a database, but no event log",
            hint="move it away, or choose another home with SESSION_LATTICE_HOME",
        )
    version = _version(connection)
    if version != SCHEMA_VERSION:
        newer = "run the newer version, or choose another home with SESSION_LATTICE_HOME"
        raise LogError(
            f"the event log {path} is of schema {version}, this program knows {SCHEMA_VERSION}",
            hint=newer if version > SCHEMA_VERSION else "start the puller, which upgrades it",
        )
