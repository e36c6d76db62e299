"""Reads a page of rows: of a view, of the sessions, of a part of one session."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from session_lattice.errors import RequestError
from session_lattice.reads import kinds, paging
from session_lattice.reads.catalog import Column
from session_lattice.reads.filters import Condition, conditions
from session_lattice.reads.kinds import Value

if TYPE_CHECKING:
    import duckdb

FETCH_ROWS = 500
"""Rows that are in memory as Python values at a time."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows with named columns and a key; `source` is what stands after FROM."""

    name: str
    source: str
    columns: Mapping[str, Column]
    grain: Sequence[str]
    values: tuple[Value, ...] = ()
    """Of the placeholders in `source`."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows and columns of a relation are wanted; as texts, checked when it is read.

    `filters` are (parameter, value) pairs, `also` are conditions that are already checked.
    """

    select: str = ""
    filters: Sequence[tuple[str, str]] = ()
    order: str = ""
    limit: int = paging.DEFAULT_LIMIT
    after: str = ""
    also: Sequence[Condition] = field(default_factory=tuple)


class Reading:
    """The rows of one page, fetched as they are asked for.

    It may be left before its end: `next` is the cursor behind the last row that was taken,
    None when there is no further one. Raises RequestError when it is made.
    """

    def __init__(
        self, connection: "duckdb.DuckDBPyConnection", relation: Relation, page: Page
    ) -> None:
        self.columns = _chosen(relation, page.select)
        self._order = paging.order(relation.name, relation.columns, relation.grain, page.order)
        self._limit = page.limit
        self._connection = connection
        self._convert = [(c.name, kinds.outward(c)) for c in self.columns]
        self._taken: Sequence[Value] | None = None
        self._more = False
        sql, values = self._query(relation, page)
        connection.execute(sql, values)

    @property
    def next(self) -> str | None:
        return self._order.cursor(self._taken) if self._more and self._taken else None

    def __iter__(self) -> Iterator[Row]:
        width = len(self.columns)
        taken = 0
        held: tuple[Value, ...] | None = None
        for row in self._fetched():
            if held is not None:
                taken += 1
                self._taken, self._more = held[width:], True
                yield self._outward(held)
                if taken == self._limit:
                    return
            held = row
        if held is not None:
            self._taken, self._more = held[width:], False
            yield self._outward(held)

    def _fetched(self) -> Iterator[tuple[Value, ...]]:
        while rows := self._connection.fetchmany(FETCH_ROWS):
            yield from rows

    def _outward(self, row: tuple[Value, ...]) -> Row:
        return {
            name: convert(value) if convert else value
            for (name, convert), value in zip(self._convert, row, strict=False)
        }

    def _query(self, relation: Relation, page: Page) -> tuple[str, list[Value]]:
        wanted = [*page.also, *conditions(relation.columns, page.filters)]
        if page.after:
            wanted.append(self._order.after(page.after))
        shown = [kinds.selected(column) for column in self.columns]
        keyed = [kinds.ordered(key.column) for key in self._order.keys]
        where = " AND ".join(condition.sql for condition in wanted) or "true"
        sql = (
            f"SELECT {', '.join(shown + keyed)} FROM {relation.source}"
            f" WHERE {where} ORDER BY {self._order.sql} LIMIT {self._limit + 1}"
        )
        values = [value for condition in wanted for value in condition.values]
        return sql, [*relation.values, *values]


def _chosen(relation: Relation, select: str) -> list[Column]:
    if not select:
        return list(relation.columns.values())
    names = [part.strip() for part in select.split(",") if part.strip()]
    unknown = [name for name in names if name not in relation.columns]
    if unknown or not names:
        raise RequestError(
            f"there is no column {unknown[0][:80]!r} to select" if unknown else "select is empty",
            hint=f"the columns are {', '.join(relation.columns)}",
        )
    return [relation.columns[name] for name in dict.fromkeys(names)]


def described(
    connection: "duckdb.DuckDBPyConnection", source: str, values: Sequence[Value]
) -> dict[str, Column]:
    """The columns of a source that is not in the catalog."""
    rows = connection.execute(f"DESCRIBE SELECT * FROM {source}", list(values)).fetchall()
    return {row[0]: Column(row[0], row[1]) for row in rows}
