"""What a column's type means for reading: values in, values out, order, operators."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from session_lattice.errors import RequestError
from session_lattice.reads import times
from session_lattice.reads.catalog import Column

Value = Any
"""What DuckDB takes as a parameter: str, int, float, bool, date or datetime."""

COMPARE = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "is")
SEARCH = ("contains", "prefix")


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of types. `expects` ends the sentence "COLUMN takes ..."."""

    name: str
    expects: str
    operators: tuple[str, ...]
    parse: Callable[[str], Value]


def _integer(text: str) -> int:
    return _within(int(text), 63)


def _wide(text: str) -> int:
    return _within(int(text), 127)


def _within(number: int, bits: int) -> int:
    if not -(1 << bits) <= number < 1 << bits:
        raise OverflowError(number)
    return number


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _moment(text: str) -> datetime:
    return times.parse(text, datetime.now(UTC)).replace(tzinfo=None)


TEXT = Kind("text", "text", (*COMPARE, *SEARCH), str)
INTEGER = Kind("integer", "a whole number of 64 bits", COMPARE, _integer)
WIDE = Kind("wide integer", "a whole number of 128 bits", COMPARE, _wide)
NUMBER = Kind("number", "a number", COMPARE, float)
BOOLEAN = Kind("boolean", "true or false", ("eq", "ne", "in", "is"), _boolean)
DAY = Kind("day", "a day such as 2026-03-01", COMPARE, date.fromisoformat)
TIME = Kind("time", "a time such as 2026-03-01T09:30:00Z or 24h (ago)", COMPARE, _moment)
LIST = Kind("list", "an element", ("eq", "ne", "contains", "is"), str)

_KINDS = {
    "VARCHAR": TEXT,
    "BOOLEAN": BOOLEAN,
    "DATE": DAY,
    "DOUBLE": NUMBER,
    "FLOAT": NUMBER,
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), INTEGER),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER"), INTEGER),
    **dict.fromkeys(("HUGEINT", "UBIGINT"), WIDE),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"), TIME),
}


def kind(column: Column) -> Kind:
    """Of a column; types that have no order of their own worth naming are read as text."""
    if column.type.startswith("DECIMAL"):
        return NUMBER
    if column.type == "VARCHAR[]":
        return LIST
    return _KINDS.get(column.type, TEXT)


def parse(column: Column, text: str) -> Value:
    """A filter's or a cursor's text as the column's value. Raises RequestError."""
    family = kind(column)
    try:
        return family.parse(_encodable(text))
    except (ValueError, KeyError, OverflowError) as error:
        raise RequestError(f"{column.name} takes {family.expects}, not {text[:80]!r}") from error


def _encodable(text: str) -> str:
    text.encode()
    return text


def render(value: Value) -> str:
    """The text that `parse` turns back into the very same value."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def selected(column: Column) -> str:
    """The column as it leaves DuckDB: types that JSON has no value for become text."""
    name = quoted(column.name)
    if column.type.startswith("DECIMAL"):
        return f"{name}::DOUBLE"
    return name if column.type in _KINDS or column.type == "VARCHAR[]" else f"{name}::VARCHAR"


def ordered(column: Column) -> str:
    """What rows are ordered and paged by."""
    return f"{quoted(column.name)}::VARCHAR" if kind(column) is LIST else selected(column)


def outward(column: Column) -> Callable[[Value], Any] | None:
    """What turns a fetched value into one that JSON can say; None where it is one already."""
    return _OUTWARD.get(kind(column).name)


def _json_integer(value: int | None) -> int | str | None:
    return value if value is None or -(1 << 63) <= value < 1 << 64 else str(value)


def _json_time(value: datetime | None) -> datetime | None:
    return None if value is None else times.utc(value)


_OUTWARD: dict[str, Callable[[Value], Any]] = {TIME.name: _json_time, WIDE.name: _json_integer}
