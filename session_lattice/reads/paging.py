"""Order and keyset paging: a page goes on after the last row's key, in any generation."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from session_lattice.errors import RequestError
from session_lattice.reads import kinds
from session_lattice.reads.catalog import Column
from session_lattice.reads.filters import Condition
from session_lattice.reads.kinds import Value

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000
"""Rows of one page."""

MAX_ORDER_COLUMNS = 8
MAX_CURSOR_CHARS = 65_536

_cursor = msgspec.json.Decoder(tuple[str, str, list[str | None]])


@dataclass(frozen=True, slots=True)
class Key:
    """One column of an order; nulls come last in either direction."""

    column: Column
    descending: bool

    @property
    def sql(self) -> str:
        direction = "DESC" if self.descending else "ASC"
        return f"{kinds.ordered(self.column)} {direction} NULLS LAST"


@dataclass(frozen=True, slots=True)
class Order:
    """A total order over a relation's rows: what was asked for, then the rest of the grain."""

    relation: str
    keys: tuple[Key, ...]

    @property
    def sql(self) -> str:
        return ", ".join(key.sql for key in self.keys)

    @property
    def text(self) -> str:
        return ",".join(("-" if key.descending else "") + key.column.name for key in self.keys)

    def cursor(self, values: Sequence[Value]) -> str:
        """An opaque mark after the row whose keys have `values`."""
        texts = [None if value is None else kinds.render(value) for value in values]
        mark = msgspec.json.encode((self.relation, self.text, texts))
        return base64.urlsafe_b64encode(mark).rstrip(b"=").decode()

    def after(self, cursor: str) -> Condition:
        """Rows behind the mark. Raises RequestError for any but a cursor of this order."""
        relation, text, marks = _decoded(cursor)
        if (relation, text) != (self.relation, self.text) or len(marks) != len(self.keys):
            raise RequestError(
                "the cursor belongs to another view or order",
                hint="use it with the request that returned it, or leave it out to begin anew",
            )
        return _behind(self.keys, marks)


def order(relation: str, columns: Mapping[str, Column], grain: Sequence[str], asked: str) -> Order:
    """From `asked`, such as "-calls,tool"; the grain breaks ties. Raises RequestError."""
    keys: dict[str, Key] = {}
    for part in filter(None, (part.strip() for part in asked.split(","))):
        name = part.removeprefix("-")
        if name not in columns:
            raise RequestError(
                f"there is no column {name[:80]!r} to order by",
                hint=f"the columns are {', '.join(columns)}",
            )
        keys.setdefault(name, Key(columns[name], part.startswith("-")))
    if len(keys) > MAX_ORDER_COLUMNS:
        raise RequestError(f"{len(keys)} columns to order by", hint=f"at most {MAX_ORDER_COLUMNS}")
    for name in grain:
        keys.setdefault(name, Key(columns[name], False))
    return Order(relation, tuple(keys.values()))


def page_size(text: str | None, default: int = DEFAULT_LIMIT) -> int:
    """Rows asked for. Raises RequestError unless it is from 1 to MAX_LIMIT."""
    if text is None or text == "":
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_LIMIT):
        raise RequestError(
            f"limit is {text[:80]!r}", hint=f"use a whole number from 1 to {MAX_LIMIT}"
        )
    return int(text)


def _decoded(cursor: str) -> tuple[str, str, list[str | None]]:
    try:
        if len(cursor) > MAX_CURSOR_CHARS:
            raise ValueError("too long")
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return _cursor.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise RequestError(
            "the cursor cannot be read", hint="use `next` of the page before, unchanged"
        ) from error


def _behind(keys: Sequence[Key], marks: Sequence[str | None]) -> Condition:
    """Equal in the first keys and behind in the next one, for each length of "the first"."""
    alternatives: list[str] = []
    values: list[Value] = []
    equal: list[Condition] = []
    for key, mark in zip(keys, marks, strict=True):
        if mark is not None:
            behind = _past(key, kinds.parse(key.column, mark))
            parts = [*equal, behind]
            alternatives.append(" AND ".join(part.sql for part in parts))
            values += [value for part in parts for value in part.values]
        equal.append(_same(key, mark))
    joined = " OR ".join(f"({part})" for part in alternatives) or "false"
    return Condition(f"({joined})", tuple(values))


def _past(key: Key, value: Value) -> Condition:
    name, symbol = kinds.ordered(key.column), "<" if key.descending else ">"
    return Condition(f"({name} {symbol} ? OR {name} IS NULL)", (value,))


def _same(key: Key, mark: str | None) -> Condition:
    name = kinds.ordered(key.column)
    if mark is None:
        return Condition(f"{name} IS NULL")
    return Condition(f"{name} = ?", (kinds.parse(key.column, mark),))
