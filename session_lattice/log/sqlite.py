"""The embedded event log: one SQLite file in WAL mode, written by one process, read by any."""

import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from session_lattice.errors import LogError
from session_lattice.events import Envelope
from session_lattice.log import sqlite_file
from session_lattice.log.base import READ_BYTES, READ_LIMIT, Bounds, Encoded, refuse_newlines
from session_lattice.log.sqlite_file import reported, statement

STREAM_CACHE = 8192
"""Streams whose state the writer keeps in memory."""

NAME_CACHE = 65_536
"""Names of streams that the reader keeps in memory."""

INSERT_ROWS = (1024, 128, 16, 1)
"""Events that one INSERT takes. Few sizes, so that their statements stay prepared."""

SETTLE_KEYS = 65_536
"""Every so many positions the recent keys are moved to the large table."""

_ONE_STREAM = ("/* stream = :stream AND */", "stream = :stream AND")
_HIGHEST_CHARACTER = "\U0010ffff"
_EVENT = "(?, ?, ?, ?, ?, ?)"
_INSERTS = {rows: f"INSERT INTO events VALUES {', '.join([_EVENT] * rows)}" for rows in INSERT_ROWS}
_integers = msgspec.json.Decoder(list[int])
_names = msgspec.json.Decoder(list[tuple[int, str]])


class SqliteEventLog:
    """An EventLog in the file `path`; `origin` is the machine that appended events come from.

    Idempotence outlives the events: every key leaves its 64-bit hash behind. Among n keys the
    chance that any two collide, and one event is taken for another, is about n² / 2⁶⁵: 3e-6
    for ten million.

    With `readonly` the log must exist and `append` raises. Raises LogError for whatever SQLite
    says; after a failed append the log is as it was, and the object goes on working.
    """

    def __init__(self, path: Path, *, origin: str = "", readonly: bool = False) -> None:
        self._path = path
        self._writer = None if readonly else _Writer(path, origin)
        self._reader = _Reader(path)

    @property
    def epoch(self) -> str:
        return self._reader.epoch

    def append(
        self,
        events: Sequence[Encoded],
        checkpoints: Mapping[str, Mapping[str, bytes | None]],
    ) -> int:
        if self._writer is None:
            raise LogError(
                f"the event log {self._path} is open for reading only",
                hint="report this as a bug: only the puller appends",
            )
        return self._writer.append(events, checkpoints)

    def checkpoints(self, source: str) -> dict[str, bytes]:
        return self._reader.checkpoints(source)

    def bounds(self) -> Bounds:
        return self._reader.bounds()

    def read(
        self, after: int, *, limit: int = READ_LIMIT, stream: str | None = None
    ) -> list[Envelope]:
        return self._reader.read(after, min(limit, READ_LIMIT), stream)

    def latest(self, stream_prefix: str, *, terminal: bool) -> Envelope | None:
        return self._reader.latest(stream_prefix, terminal)

    def close(self) -> None:
        self._reader.close()
        if self._writer is not None:
            self._writer.close()


class _Stream:
    """What the writer knows of a stream; `ended` only when its terminal event went by here."""

    __slots__ = ("ended", "id", "position", "seq")

    def __init__(self, number: int, seq: int) -> None:
        self.id = number
        self.seq = seq
        self.position = 0
        self.ended: int | None = None

    def next(self, position: int, terminal: bool) -> "_Stream":
        """Take an event in."""
        self.seq += 1
        self.position = position
        if terminal:
            self.ended = position
        return self

    @property
    def state(self) -> tuple[int, int, int, int | None]:
        return self.id, self.seq, self.position, self.ended


class _Writer:
    """The connection that appends. What it remembers of the file is good until another writes."""

    def __init__(self, path: Path, origin: str) -> None:
        self._path = path
        self._origin = origin
        self._lock = threading.Lock()
        self._connection = sqlite_file.open_for_writing(path)
        self._known_keys = statement("known_keys")
        self._settle_keys = statement("settle_keys")
        self._advance_streams = statement("advance_streams")
        self._streams: dict[str, _Stream] = {}
        self._kinds: dict[tuple[str, bool], int] = {}
        self._data_version = 0

    def close(self) -> None:
        with self._lock, reported(self._path):
            self._connection.close()

    def append(
        self,
        events: Sequence[Encoded],
        checkpoints: Mapping[str, Mapping[str, bytes | None]],
    ) -> int:
        refuse_newlines(events)
        with self._lock, reported(self._path):
            self._bound_wal()
            with self._transaction():
                fresh = self._unseen(events)
                if fresh:
                    self._insert(fresh)
                self._keep(checkpoints)
        return len(fresh)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            version = self._one("PRAGMA data_version")
            if version != self._data_version:
                self._forget()
                self._data_version = version
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._forget()
            # SQLite has rolled back by itself after some errors.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _forget(self) -> None:
        self._streams.clear()
        self._kinds.clear()

    def _bound_wal(self) -> None:
        wal = self._path.with_name(self._path.name + "-wal")
        if wal.exists() and wal.stat().st_size > sqlite_file.MAX_WAL_BYTES:
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def _unseen(self, events: Sequence[Encoded]) -> list[Encoded]:
        """The first event of each key that was never appended; the keys are kept."""
        first: dict[int, Encoded] = {}
        for key_hash, event in zip(_key_hashes(events), events, strict=True):
            first.setdefault(key_hash, event)
        for known in _integers.decode(self._one(self._known_keys, str(sorted(first)))):
            del first[known]
        self._connection.execute(
            "INSERT INTO recent_keys SELECT value FROM json_each(?)", (str(sorted(first)),)
        )
        return list(first.values())

    def _insert(self, events: Sequence[Encoded]) -> None:
        before: int = self._one("SELECT position FROM meta")
        names = {event.stream for event in events}
        self._find_streams(names)
        values: list[object] = []
        for position, event in enumerate(events, before + 1):
            stream = self._streams[event.stream].next(position, event.terminal)
            kind = self._kind(event)
            values += (position, stream.id, stream.seq, event.ts, kind, event.data)
        self._insert_values(values)
        moved = msgspec.json.encode([self._streams[name].state for name in names])
        self._connection.execute(self._advance_streams, (moved.decode(),))
        self._settle(before, before + len(events))

    def _settle(self, before: int, position: int) -> None:
        self._connection.execute("UPDATE meta SET position = ?", (position,))
        if before // SETTLE_KEYS != position // SETTLE_KEYS:
            self._connection.execute(self._settle_keys)
            self._connection.execute("DELETE FROM recent_keys")

    def _insert_values(self, values: Sequence[object]) -> None:
        width, start = _EVENT.count("?"), 0
        for rows in INSERT_ROWS:
            while len(values) - start >= rows * width:
                end = start + rows * width
                self._connection.execute(_INSERTS[rows], values[start:end])
                start = end

    def _find_streams(self, names: set[str]) -> None:
        if len(self._streams) + len(names) > STREAM_CACHE:
            self._streams.clear()
        for name in names - self._streams.keys():
            found = self._connection.execute(
                "SELECT id, seq FROM streams WHERE name = ?", (name,)
            ).fetchone()
            if found is None:
                cursor = self._connection.execute("INSERT INTO streams (name) VALUES (?)", (name,))
                found = (cursor.lastrowid, 0)
            self._streams[name] = _Stream(*found)

    def _kind(self, event: Encoded) -> int:
        known = self._kinds.get((event.type, event.terminal))
        if known is None:
            kind = (event.type, event.terminal, self._origin)
            self._connection.execute(
                "INSERT OR IGNORE INTO kinds (type, terminal, origin) VALUES (?, ?, ?)", kind
            )
            known = self._one(
                "SELECT id FROM kinds WHERE (type, terminal, origin) = (?, ?, ?)", *kind
            )
            self._kinds[event.type, event.terminal] = known
        return known

    def _keep(self, checkpoints: Mapping[str, Mapping[str, bytes | None]]) -> None:
        items = [(s, k, v) for s, values in checkpoints.items() for k, v in values.items()]
        self._connection.executemany(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)",
            [item for item in items if item[2] is not None],
        )
        self._connection.executemany(
            "DELETE FROM checkpoints WHERE source = ? AND key = ?",
            [item[:2] for item in items if item[2] is None],
        )

    def _one(self, sql: str, *parameters: object) -> Any:
        return self._connection.execute(sql, parameters).fetchone()[0]


class _Reader:
    """The connection that reads; it never waits for the one that appends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection = sqlite_file.open_for_reading(path)
        self._sql = {name: statement(name) for name in ("measure", "cut", "read")}
        self._latest = statement("latest")
        self._stream_names = statement("stream_names")
        self._names: dict[int, str] = {}
        self._kinds: dict[int, tuple[str, bool, str]] = {}
        self.epoch: str = self._row("SELECT epoch FROM meta")[0]

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

    def bounds(self) -> Bounds:
        oldest, newest = self._row(
            "SELECT (SELECT coalesce(min(position), 0) FROM events), position FROM meta"
        )
        return Bounds(oldest, newest)

    def latest(self, stream_prefix: str, terminal: bool) -> Envelope | None:
        high = stream_prefix + _HIGHEST_CHARACTER
        (position,) = self._row(self._latest, low=stream_prefix, high=high, terminal=terminal)
        found = self.read(position - 1, 1, None) if position else []
        return found[0] if found and found[0].position == position else None

    def read(self, after: int, limit: int, stream: str | None) -> list[Envelope]:
        bound: dict[str, object] = {"after": after, "limit": max(0, limit)}
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
        return self._sql[name] if stream is None else self._sql[name].replace(*_ONE_STREAM)

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
            found = self._row(self._stream_names, ids=str(sorted(missing)))[0]
            self._names = names = {**names, **dict(_names.decode(found))}
        return names

    def _learn_kinds(self, ids: set[int]) -> None:
        if not ids <= self._kinds.keys():
            with self._lock, reported(self._path):
                rows = self._connection.execute("SELECT id, type, terminal, origin FROM kinds")
                found = {row[0]: (row[1], bool(row[2]), row[3]) for row in rows}
            self._kinds = found


def _key_hashes(events: Sequence[Encoded]) -> Sequence[int]:
    keys = [event.key.encode("utf-8", "surrogatepass") for event in events]
    digests = b"".join([blake2b(key, digest_size=8).digest() for key in keys])
    return struct.unpack(f"<{len(events)}q", digests)
