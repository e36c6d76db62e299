"""What each filter means, over rows that a person can check."""

from collections.abc import Iterator

import duckdb
import pytest

from session_lattice.errors import RequestError
from session_lattice.reads.catalog import Column
from session_lattice.reads.filters import MAX_VALUE_CHARS, MAX_VALUES
from session_lattice.reads.relation import Page, Reading, Relation

SOURCE = """(VALUES
    (1, 'Bash', 10, 0.5, TIMESTAMP '2026-03-01 09:00', DATE '2026-03-01', true, ['main', 'dev'], 7),
    (2, 'bash script', 20, NULL, TIMESTAMP '2026-03-02 09:00', DATE '2026-03-02', false, [], 8),
    (3, 'Edit, then', NULL, -1.0, NULL, NULL, NULL, NULL, NULL)
) AS rows (id, name, calls, rate, "at", day, ok, branches, calls__gt)"""
TYPES = ("INTEGER", "VARCHAR", "INTEGER", "DOUBLE", "TIMESTAMP", "DATE", "BOOLEAN", "VARCHAR[]")
NAMES = ("id", "name", "calls", "rate", "at", "day", "ok", "branches", "calls__gt")
COLUMNS = {n: Column(n, t) for n, t in zip(NAMES, (*TYPES, "INTEGER"), strict=True)}
RELATION = Relation("rows", SOURCE, COLUMNS, ("id",))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def found(connection: duckdb.DuckDBPyConnection, *filters: str) -> list[int]:
    pairs = [(key, value) for key, _, value in (text.partition("=") for text in filters)]
    return [row["id"] for row in Reading(connection, RELATION, Page("id", pairs))]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (["name=Bash"], [1]),
        (["name__eq=Bash"], [1]),
        (["name=bash"], []),
        (["name__ne=Bash"], [2, 3]),
        (["calls__ne=10"], [2, 3]),
        (["name=Bash", "name=Edit, then"], [1, 3]),
        (["name__in=Bash,bash script"], [1, 2]),
        (["name__contains=BASH"], [1, 2]),
        (["name__contains=script", "name__contains=edit"], [2, 3]),
        (["name__prefix=Ba"], [1]),
        (["name__prefix=ba"], [2]),
        (["name__contains=%"], []),
        (["calls=10"], [1]),
        (["calls__gte=10", "calls__lt=20"], [1]),
        (["calls__lte=20"], [1, 2]),
        (["calls__in=10, 20"], [1, 2]),
        (["calls__is=null"], [3]),
        (["calls__is=not_null"], [1, 2]),
        (["rate__lt=0"], [3]),
        (["rate=5e-1"], [1]),
        (["at__gte=2026-03-02"], [2]),
        (["at__lt=2026-03-01T10:00:00+01:00"], []),
        (["at=2026-03-01T10:00:00+01:00"], [1]),
        (["day=2026-03-02"], [2]),
        (["ok=true"], [1]),
        (["ok__ne=true"], [2, 3]),
        (["branches=dev"], [1]),
        (["branches__ne=dev"], [2, 3]),
        (["branches__contains=AI"], [1]),
        (["branches__is=null"], [3]),
        (["calls__gt__eq=7"], [1]),
        (["name__prefix=b", "calls=10"], []),
    ],
)
def test_filters_find_the_rows_that_they_name(
    connection: duckdb.DuckDBPyConnection, filters: list[str], ids: list[int]
) -> None:
    assert found(connection, *filters) == ids


def test_a_column_of_that_very_name_wins_over_an_operator(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert found(connection, "calls__gt=8") == [2]


def test_numbers_of_values_and_their_length_are_limited(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for filters in (
        ["name=x"] * (MAX_VALUES + 1),
        ["name__in=" + "x," * (MAX_VALUES + 1)],
        ["name=" + "x" * (MAX_VALUE_CHARS + 1)],
    ):
        with pytest.raises(RequestError):
            found(connection, *filters)


@pytest.mark.parametrize("name", ['a"b', "select", "a b", "é"])
def test_any_column_name_can_be_read(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    relation = Relation(
        "r", f"(SELECT 1 AS {quoted}) AS r", {name: Column(name, "INTEGER")}, (name,)
    )
    rows = list(Reading(connection, relation, Page(name, [(name, "1")], f"-{name}")))
    assert rows == [{name: 1}]
