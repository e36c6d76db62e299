"""Appends to the SQLite log's file, a batch per transaction."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from session_lattice.log import sqlite_file
from session_lattice.log.base import MARK_SECONDS, Clock, Encoded, refuse_line_breaks
from session_lattice.log.keys import key_hashes
from session_lattice.log.sqlite_file import reported, statement

STREAM_CACHE = 8192
"""Streams whose state is kept in memory."""

INSERT_ROWS = (1024, 128, 16, 1)
"""Events that one INSERT takes. Few sizes, so that their statements stay prepared."""

SETTLE_KEYS = 65_536
"""Every so many positions the recent keys are moved to the large table."""

MARK_MICROS = int(MARK_SECONDS * 1e6)

_EVENT = "(?, ?, ?, ?, ?, ?)"
_INSERTS = {rows: f"INSERT INTO events VALUES {', '.join([_EVENT] * rows)}" for rows in INSERT_ROWS}
_KEEPS = {
    rows: f"INSERT OR REPLACE INTO checkpoints VALUES {', '.join(['(?, ?, ?)'] * rows)}"
    for rows in INSERT_ROWS
}
_integers = msgspec.json.Decoder(list[int])
_found_streams = msgspec.json.Decoder(list[tuple[str, int, int]])


class _Stream:
    """What the writer knows of a stream; `ended` only when its terminal event went by here."""

    __slots__ = ("ended", "id", "position", "seq")

    def __init__(self, number: int, seq: int) -> None:
        self.id = number
        self.seq = seq
        self.position = 0
        self.ended: int | None = None

    @property
    def state(self) -> tuple[int, int, int, int | None]:
        return self.id, self.seq, self.position, self.ended


class Writer:
    """The connection that appends. What it remembers of the file is good until another writes."""

    def __init__(self, path: Path, origin: str, clock: Clock) -> None:
        self._path = path
        self._origin = origin
        self._clock = clock
        self._lock = threading.Lock()
        self._connection = sqlite_file.open_for_writing(path)
        self.identity = sqlite_file.identity(path)
        self._known_keys = statement("known_keys")
        self._new_keys = statement("new_keys")
        self._settle_keys = statement("settle_keys")
        self._new_streams = statement("new_streams")
        self._find_stream_names = statement("find_streams")
        self._advance_streams = statement("advance_streams")
        self._trim_until = statement("trim_until")
        self._trim_marks = statement("trim_marks")
        self._streams: dict[str, _Stream] = {}
        self._kinds: dict[tuple[str, bool], int] = {}
        self._data_version = 0
        self._marked_at: int | None = None

    def close(self) -> None:
        with self._lock, reported(self._path):
            self._connection.close()

    def append(
        self,
        events: Sequence[Encoded],
        checkpoints: Mapping[str, Mapping[str, bytes | None]],
    ) -> int:
        refuse_line_breaks(events)
        with self._lock, reported(self._path):
            self._bound_wal()
            with self._transaction():
                fresh = self._unseen(events)
                if fresh:
                    self._insert(fresh)
                self._keep(checkpoints)
        return len(fresh)

    def trim(self, before: int, up_to: int, limit: int) -> int:
        with self._lock, reported(self._path):
            with self._transaction():
                wanted = {"at": before - MARK_MICROS, "up_to": up_to, "limit": limit}
                (until,) = self._connection.execute(self._trim_until, wanted).fetchone()
                gone = self._connection.execute("DELETE FROM events WHERE position <= ?", (until,))
                self._connection.execute(self._trim_marks)
            if gone.rowcount:
                # It gives back a page at each step, and `execute` takes only the first.
                self._connection.executescript("PRAGMA incremental_vacuum")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return gone.rowcount

    def renew(self) -> None:
        with self._lock, reported(self._path), self._transaction():
            self._connection.execute("UPDATE meta SET epoch = ?", (sqlite_file.new_epoch(),))

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
        self._marked_at = None

    def _bound_wal(self) -> None:
        wal = self._path.with_name(self._path.name + "-wal")
        if wal.exists() and wal.stat().st_size > sqlite_file.MAX_WAL_BYTES:
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def _unseen(self, events: Sequence[Encoded]) -> list[Encoded]:
        """The first event of each key that was never appended; the keys are kept."""
        first: dict[int, Encoded] = {}
        for key_hash, event in zip(key_hashes(events), events, strict=True):
            first.setdefault(key_hash, event)
        self._connection.execute("SAVEPOINT keys")
        if self._keep_keys(first) < len(first):
            self._connection.execute("ROLLBACK TO keys")
            for known in _integers.decode(self._one(self._known_keys, str(sorted(first)))):
                del first[known]
            self._keep_keys(first)
        self._connection.execute("RELEASE keys")
        return list(first.values())

    def _keep_keys(self, hashes: Iterable[int]) -> int:
        """Keep the hashes that are new; how many there were."""
        # Sorted, because neighbours share a page.
        return self._connection.execute(self._new_keys, (str(sorted(hashes)),)).rowcount

    def _insert(self, events: Sequence[Encoded]) -> None:
        before: int = self._one("SELECT position FROM meta")
        self._mark(before + 1)
        names = {event.stream for event in events}
        self._find_streams(names)
        self._find_kinds({(event.type, event.terminal) for event in events})
        self._insert_rows(_INSERTS, self._values(events, before + 1))
        moved = msgspec.json.encode([self._streams[name].state for name in names])
        self._connection.execute(self._advance_streams, (moved.decode(),))
        self._settle(before, before + len(events))

    def _mark(self, position: int) -> None:
        """Remember when what begins at `position` came, unless the last mark tells well enough."""
        now = self._clock()
        if self._marked_at is None:
            self._marked_at = self._one("SELECT coalesce(max(at), 0) FROM marks")
        if abs(now - self._marked_at) >= MARK_MICROS:
            self._connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (position, now))
            self._marked_at = now

    def _values(self, events: Iterable[Encoded], first: int) -> list[object]:
        """Row after row for the table, from position `first`; the streams advance."""
        values: list[object] = []
        for position, event in enumerate(events, first):
            stream = self._streams[event.stream]
            stream.seq += 1
            stream.position = position
            if event.terminal:
                stream.ended = position
            kind = self._kinds[event.type, event.terminal]
            values += (position, stream.id, stream.seq, event.ts, kind, event.data)
        return values

    def _settle(self, before: int, position: int) -> None:
        self._connection.execute("UPDATE meta SET position = ?", (position,))
        if before // SETTLE_KEYS != position // SETTLE_KEYS:
            self._connection.execute(self._settle_keys)
            self._connection.execute("DELETE FROM recent_keys")

    def _insert_rows(self, inserts: Mapping[int, str], values: Sequence[object]) -> None:
        """Many rows in a statement: between two the interpreter may go to another thread."""
        width, start = inserts[1].count("?"), 0
        for rows in INSERT_ROWS:
            while len(values) - start >= rows * width:
                end = start + rows * width
                self._connection.execute(inserts[rows], values[start:end])
                start = end

    def _find_streams(self, names: set[str]) -> None:
        if len(self._streams) + len(names) > STREAM_CACHE:
            self._streams.clear()
        wanted = sorted(names - self._streams.keys())
        if not wanted:
            return
        given = msgspec.json.encode(wanted).decode()
        self._connection.execute(self._new_streams, (given,))
        found = _found_streams.decode(self._one(self._find_stream_names, given))
        self._streams.update((name, _Stream(id, seq)) for name, id, seq in found)

    def _find_kinds(self, kinds: set[tuple[str, bool]]) -> None:
        for kind in kinds - self._kinds.keys():
            whole = (*kind, self._origin)
            self._connection.execute(
                "INSERT OR IGNORE INTO kinds (type, terminal, origin) VALUES (?, ?, ?)", whole
            )
            self._kinds[kind] = self._one(
                "SELECT id FROM kinds WHERE (type, terminal, origin) = (?, ?, ?)", *whole
            )

    def _keep(self, checkpoints: Mapping[str, Mapping[str, bytes | None]]) -> None:
        # Sorted, because neighbours share a page.
        items = sorted(
            (s, k, v or b"", v is None) for s, kept in checkpoints.items() for k, v in kept.items()
        )
        self._insert_rows(_KEEPS, [field for *item, gone in items if not gone for field in item])
        self._connection.executemany(
            "DELETE FROM checkpoints WHERE source = ? AND key = ?",
            [item[:2] for item in items if item[3]],
        )

    def _one(self, sql: str, *parameters: object) -> Any:
        return self._connection.execute(sql, parameters).fetchone()[0]
