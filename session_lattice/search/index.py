"""Writes the index: documents in batches, each a transaction with how far it has come."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from session_lattice.search import file
from session_lattice.search.document import MAX_TEXT_CHARS, Document
from session_lattice.search.expression import facets
from session_lattice.search.file import reported, statement
from session_lattice.search.packing import Packing
from session_lattice.search.words import parts

NAME_CACHE = 65_536
"""Names that are kept in memory."""

DAY_US = 86_400_000_000
EARLIEST = -(1 << 61)
"""Microseconds: a walk begins there, before every time that anybody can write down."""

ALL = -1
"""The position behind which everything has changed, what an epoch before this one told too."""


@dataclass(frozen=True, slots=True)
class State:
    """How far the index is: everything that changed up to `position` of the log is in it.

    `target` is where the walk under way ends, None without one; `walked` is the time up to
    which it has come. All times are in microseconds, 0 for never. `life` is another one for each
    index that was made: documents of another one have other ids.
    """

    epoch: str
    position: int
    target: int | None
    walked: int
    begun_at: int
    whole_at: int
    written_at: int
    life: str


def read_state(connection: sqlite3.Connection) -> State:
    return State(*connection.execute("SELECT * FROM state").fetchone()[1:])


class _Row(NamedTuple):
    """A document as its table has it."""

    ts: int
    session: int
    agent: int
    kind: int
    cwd: int
    tool: int
    subagent: str
    source: str
    body: str | bytes

    @property
    def names(self) -> tuple[int, ...]:
        return self.session, self.agent, self.kind, self.cwd, self.tool

    def words(self, text: str) -> tuple[str, str, str]:
        """What stands in the columns of the table of words."""
        return text, parts(text), facets(self.names)


class Index:
    """The only writer of the file `path`; it is made when it is not there.

    Raises SearchError; a batch that failed has left nothing. `lost` says that the file was
    deleted or replaced under the object, which is then to be closed and made anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = file.open_for_writing(path)
        self._identity = file.identity(path)
        self._packing = Packing()
        self._names: dict[tuple[str, str], int] = {}
        self._sql = {
            name: statement(name)
            for name in ("insert", "replace", "known", "put_words", "take_words", "widen_day")
        }

    @property
    def lost(self) -> bool:
        return file.identity(self._path) != self._identity

    def state(self) -> State:
        with reported(self._path):
            return read_state(self._connection)

    def begin(self, epoch: str, position: int, target: int) -> None:
        """Begin a walk through all that changed behind `position` of that log."""
        walk = {"epoch": epoch, "position": position, "target": target, "walked": EARLIEST}
        with self._transaction():
            self._connection.execute(statement("begin"), {**walk, "now": _now()})

    def end(self) -> None:
        """The walk has come to its end."""
        with self._transaction():
            self._connection.execute(statement("end"), {"now": _now()})

    def add(self, documents: Iterable[Document], walked: int | None = None) -> int:
        """Put documents in, one transaction; how many were new or had changed.

        With `walked` the walk has come to that time with them.
        """
        last = {document.identity: _fitting(document) for document in documents}
        with self._transaction():
            changed = self._put(last) if last else 0
            if walked is not None:
                self._connection.execute("UPDATE state SET walked = ?", (walked,))
            self._connection.execute("UPDATE state SET written_at = ?", (_now(),))
        return changed

    def close(self) -> None:
        with reported(self._path):
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with reported(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._names.clear()
                # SQLite has rolled back by itself after some errors.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _put(self, documents: dict[int, Document]) -> int:
        """Insert what is new, replace what reads otherwise now."""
        rows = {identity: self._row(document) for identity, document in documents.items()}
        known = self._known(rows)
        fresh = [(one, row, documents[one].text) for one, row in rows.items() if one not in known]
        changed = [(id, old, rows[one]) for one, (id, old) in known.items() if old != rows[one]]
        self._insert(fresh)
        self._replace(changed)
        self._count([row for _, row, _ in fresh] + [new for _, _, new in changed])
        return len(fresh) + len(changed)

    def _row(self, document: Document) -> _Row:
        return _Row(
            document.ts,
            self._name("session", document.session),
            self._name("agent", document.agent),
            self._name("kind", document.kind),
            self._name("cwd", document.cwd),
            self._name("tool", document.tool),
            document.subagent,
            document.source,
            self._packing.packed(document.text),
        )

    def _known(self, identities: Iterable[int]) -> dict[int, tuple[int, _Row]]:
        given = {"identities": json.dumps(list(identities))}
        found = self._connection.execute(self._sql["known"], given)
        return {identity: (id, _Row(*row)) for identity, id, *row in found}

    def _insert(self, fresh: Sequence[tuple[int, _Row, str]]) -> None:
        (last,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM documents").fetchone()
        placed = list(enumerate(fresh, last + 1))
        self._connection.executemany(
            self._sql["insert"], [(id, identity, *row) for id, (identity, row, _) in placed]
        )
        self._connection.executemany(
            self._sql["put_words"], [(id, *row.words(text)) for id, (_, row, text) in placed]
        )
        self._widen((id, row.ts) for id, (_, row, _) in placed)

    def _replace(self, changed: Sequence[tuple[int, _Row, _Row]]) -> None:
        for id, old, new in changed:
            was, now = (
                old.words(self._packing.plain(old.body)),
                new.words(self._packing.plain(new.body)),
            )
            self._connection.execute(self._sql["take_words"], (id, *was))
            self._connection.execute(self._sql["replace"], (*new, id))
            self._connection.execute(self._sql["put_words"], (id, *now))
        self._widen((id, new.ts) for id, _, new in changed)

    def _count(self, rows: Iterable[_Row]) -> None:
        counts = Counter(name for row in rows for name in row.names)
        self._connection.executemany(
            "UPDATE names SET documents = documents + ? WHERE id = ?",
            [(count, id) for id, count in counts.items()],
        )

    def _widen(self, placed: Iterable[tuple[int, int]]) -> None:
        days: dict[int, list[int]] = {}
        for id, ts in placed:
            days.setdefault(ts // DAY_US, []).append(id)
        self._connection.executemany(
            self._sql["widen_day"], [(day, min(ids), max(ids)) for day, ids in days.items()]
        )

    def _name(self, sort: str, name: str) -> int:
        if (found := self._names.get((sort, name))) is not None:
            return found
        if len(self._names) >= NAME_CACHE:
            self._names.clear()
        self._connection.execute(
            "INSERT OR IGNORE INTO names (sort, name, documents) VALUES (?, ?, 0)", (sort, name)
        )
        (id,) = self._connection.execute(
            "SELECT id FROM names WHERE (sort, name) = (?, ?)", (sort, name)
        ).fetchone()
        self._names[sort, name] = id
        return int(id)


def _fitting(document: Document) -> Document:
    """As the index keeps it: a NUL would end the text for whoever reads it."""
    return document._replace(text=document.text[:MAX_TEXT_CHARS].replace("\0", " "))


def _now() -> int:
    return time.time_ns() // 1000
