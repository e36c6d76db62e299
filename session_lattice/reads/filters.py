"""Filters: `column=value` and `column__operator=value`, checked against a relation's columns.

    =, __eq      equal; of a list column: has the element
    __ne         different; null differs from every value
    __gt __gte __lt __lte
    __in         one of several, separated by commas
    __contains   text within, whatever the case; of a list column: within an element
    __prefix     begins with
    __is         null or not_null

Repeated values of `=`, `__in`, `__contains` and `__prefix` are alternatives; everything else
must hold together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from session_lattice.errors import RequestError
from session_lattice.reads import kinds
from session_lattice.reads.catalog import Column
from session_lattice.reads.kinds import LIST, Value

MAX_VALUES = 200
"""Values that the filters of one request may have."""

MAX_VALUE_CHARS = 4096
"""Characters that one value may have."""

SEPARATOR = "__"
ALTERNATIVES = ("eq", "in", "contains", "prefix")
_SYMBOLS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of a WHERE clause and the values of its placeholders, in order."""

    sql: str
    values: tuple[Value, ...] = ()


def conditions(columns: Mapping[str, Column], given: Sequence[tuple[str, str]]) -> list[Condition]:
    """What the filters `given` mean; all of them must hold. Raises RequestError."""
    _check_size(given)
    grouped: dict[tuple[str, str], list[str]] = {}
    for key, text in given:
        grouped.setdefault(_target(columns, key), []).append(text)
    found = []
    for (name, operator), texts in grouped.items():
        each = [_condition(columns[name], operator, text) for text in texts]
        found += [_any(each)] if operator in ALTERNATIVES else each
    return found


def _check_size(given: Sequence[tuple[str, str]]) -> None:
    if len(given) > MAX_VALUES:
        raise RequestError(f"{len(given)} filter values", hint=f"at most {MAX_VALUES} are taken")
    if any(len(text) > MAX_VALUE_CHARS for _, text in given):
        raise RequestError(f"a filter's value is longer than {MAX_VALUE_CHARS} characters")


def _target(columns: Mapping[str, Column], key: str) -> tuple[str, str]:
    """The column and the operator that a parameter names."""
    if key in columns:
        return key, "eq"
    name, _, operator = key.rpartition(SEPARATOR)
    if name not in columns:
        wanted = name if name and operator in _BUILD else key
        raise RequestError(
            f"there is no column {wanted[:80]!r}", hint=f"the columns are {', '.join(columns)}"
        )
    allowed = kinds.kind(columns[name]).operators
    if operator not in allowed:
        raise RequestError(
            f"{name} cannot be filtered by {operator[:80]!r}",
            hint=f"{name} takes {', '.join(f'{name}{SEPARATOR}{one}' for one in allowed)}",
        )
    return name, operator


def _condition(column: Column, operator: str, text: str) -> Condition:
    if kinds.kind(column) is LIST and operator in _BUILD_LIST:
        return _BUILD_LIST[operator](kinds.quoted(column.name), kinds.parse(column, text))
    return _BUILD[operator](column, text)


def _any(each: list[Condition]) -> Condition:
    if len(each) == 1:
        return each[0]
    joined = " OR ".join(one.sql for one in each)
    return Condition(f"({joined})", tuple(value for one in each for value in one.values))


def _equal(column: Column, text: str) -> Condition:
    return Condition(f"{kinds.selected(column)} = ?", (kinds.parse(column, text),))


def _unequal(column: Column, text: str) -> Condition:
    return Condition(f"{kinds.selected(column)} IS DISTINCT FROM ?", (kinds.parse(column, text),))


def _compared(operator: str) -> Callable[[Column, str], Condition]:
    def build(column: Column, text: str) -> Condition:
        symbol = _SYMBOLS[operator]
        return Condition(f"{kinds.selected(column)} {symbol} ?", (kinds.parse(column, text),))

    return build


def _one_of(column: Column, text: str) -> Condition:
    values = tuple(kinds.parse(column, part.strip()) for part in text.split(","))
    if len(values) > MAX_VALUES:
        raise RequestError(
            f"{column.name}__in has {len(values)} values", hint=f"at most {MAX_VALUES}"
        )
    return Condition(f"{kinds.selected(column)} IN ({', '.join('?' * len(values))})", values)


def _contains(column: Column, text: str) -> Condition:
    return Condition(
        f"contains(lower({kinds.selected(column)}), lower(?))", (kinds.parse(column, text),)
    )


def _prefix(column: Column, text: str) -> Condition:
    return Condition(f"starts_with({kinds.selected(column)}, ?)", (kinds.parse(column, text),))


def _is(column: Column, text: str) -> Condition:
    known = {"null": "IS NULL", "not_null": "IS NOT NULL"}
    if text not in known:
        raise RequestError(f"{column.name}__is takes null or not_null, not {text[:80]!r}")
    return Condition(f"{kinds.quoted(column.name)} {known[text]}")


_BUILD: dict[str, Callable[[Column, str], Condition]] = {
    "eq": _equal,
    "ne": _unequal,
    **{operator: _compared(operator) for operator in _SYMBOLS},
    "in": _one_of,
    "contains": _contains,
    "prefix": _prefix,
    "is": _is,
}

_BUILD_LIST: dict[str, Callable[[str, Value], Condition]] = {
    "eq": lambda name, value: Condition(f"list_contains({name}, ?)", (value,)),
    "ne": lambda name, value: Condition(f"NOT coalesce(list_contains({name}, ?), false)", (value,)),
    "contains": lambda name, value: Condition(
        f"contains(lower(array_to_string({name}, chr(10))), lower(?))", (value,)
    ),
}
