"""Reads the SQLite log's file, a batch per row of SQL."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from session_lattice.events import Envelope
from session_lattice.log import sqlite_file
from session_lattice.log.base import READ_BYTES, READ_LIMIT, Bounds
from session_lattice.log.sqlite_file import reported, statement

NAME_CACHE = 65_536
"""Names of streams that are kept in memory."""

STATEMENTS = (
    "measure",
    "cut",
    "read",
    "latest",
    "stream_names",
    "bounds",
    "stream_bounds",
    "oldest_at",
)

_ONE_STREAM = (("/* stream */", "stream = :stream AND"), ("/* number */ position", "seq"))
_HIGHEST_CHARACTER = "\U0010ffff"
_integers = msgspec.json.Decoder(list[int])
_pairs = msgspec.json.Decoder(list[tuple[int, str]])


class Reader:
    """The connection that reads; it never waits for the one that appends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.identity = sqlite_file.identity(path)
        self._connection = sqlite_file.open_for_reading(path)
        self._sql = {name: statement(name) for name in STATEMENTS}
        self._names: dict[int, str] = {}
        self._kinds: dict[int, tuple[str, bool, str]] = {}

    def close(self) -> None:
        with self._lock, reported(self._path):
            self._connection.close()

    def checkpoints(self, source: str) -> dict[str, bytes]:
        with self._lock, reported(self._path):
            return dict(
                self._connection.execute(
                    "SELECT key, value FROM checkpoints WHERE source = ?", (source,)
                )
            )

    def bounds(self, stream: str | None) -> Bounds:
        name = "bounds" if stream is None else "stream_bounds"
        epoch, oldest, newest, ended = self._row(self._sql[name], name=stream)
        return Bounds(epoch, newest + 1 if oldest is None else oldest, newest, bool(ended))

    def version(self) -> int:
        """Another number after every commit of another connection; 3 µs a look."""
        return int(self._row("PRAGMA data_version")[0])

    def oldest_at(self) -> int | None:
        found = self._row(self._sql["oldest_at"])
        return int(found[0]) if found else None

    def latest(self, stream_prefix: str, terminal: bool) -> Envelope | None:
        high = stream_prefix + _HIGHEST_CHARACTER
        (position,) = self._row(
            self._sql["latest"], low=stream_prefix, high=high, terminal=terminal
        )
        found = self.read(position - 1, 1, None) if position else []
        return found[0] if found and found[0].position == position else None

    def read(self, after: int, limit: int, stream: str | None) -> list[Envelope]:
        bound: dict[str, object] = {"after": after, "limit": max(0, min(limit, READ_LIMIT))}
        if stream is not None:
            number = self._row("SELECT max(id) FROM streams WHERE name = :name", name=stream)[0]
            bound["stream"] = number
        until, size = self._row(self._query("measure", stream), **bound)
        if size > READ_BYTES:
            cut = self._query("cut", stream)
            (until,) = self._row(cut, **bound, until=until, bytes=READ_BYTES)
        if not until:
            return []
        return self._envelopes(self._row(self._query("read", stream), **bound, until=until))

    def _query(self, name: str, stream: str | None) -> str:
        sql = self._sql[name]
        for placeholder, text in _ONE_STREAM if stream is not None else ():
            sql = sql.replace(placeholder, text)
        return sql

    def _row(self, sql: str, **bound: object) -> Any:
        with self._lock, reported(self._path):
            return self._connection.execute(sql, bound).fetchone()

    def _envelopes(self, columns: Sequence[Any]) -> list[Envelope]:
        positions, streams, seqs, times, kinds = map(_integers.decode, columns[:5])
        names = self._names_of(set(streams))
        self._learn_kinds(set(kinds))
        return [
            Envelope(position, names[stream], seq, ts, *self._kinds[kind], data)
            for position, stream, seq, ts, kind, data in zip(
                positions, streams, seqs, times, kinds, columns[5].split(b"\n"), strict=True
            )
        ]

    def _names_of(self, ids: set[int]) -> Mapping[int, str]:
        names = self._names
        missing = ids - names.keys()
        if len(names) + len(missing) > NAME_CACHE:
            names, missing = {}, ids
        if missing:
            found = self._row(self._sql["stream_names"], ids=str(sorted(missing)))[0]
            self._names = names = {**names, **dict(_pairs.decode(found))}
        return names

    def _learn_kinds(self, ids: set[int]) -> None:
        if not ids <= self._kinds.keys():
            with self._lock, reported(self._path):
                rows = self._connection.execute("SELECT id, type, terminal, origin FROM kinds")
                found = {row[0]: (row[1], bool(row[2]), row[3]) for row in rows}
            self._kinds = found
