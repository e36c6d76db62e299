"""Order and keyset paging: nothing skipped, nothing repeated, nothing believed."""

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.errors import RequestError
from session_lattice.reads import paging
from session_lattice.reads.catalog import Column
from session_lattice.reads.relation import Page, Reading, Relation

TYPES = {
    "id": "INTEGER",
    "n": "BIGINT",
    "x": "DOUBLE",
    "s": "VARCHAR",
    "at": "TIMESTAMP",
    "day": "DATE",
    "ok": "BOOLEAN",
    "tags": "VARCHAR[]",
    "big": "HUGEINT",
    "cost": "DECIMAL(18,3)",
}
COLUMNS = {name: Column(name, type) for name, type in TYPES.items()}
RELATION = Relation("things", "things", COLUMNS, ("id", "s"))

texts = st.sampled_from(["", "a", "B", "é", "a,b", "'; --", "\x00", "zz" * 40])
moments = st.integers(0, 3).map(lambda n: datetime(2026, 3, 1) + timedelta(microseconds=n))
rows = st.lists(
    st.tuples(
        st.none() | st.integers(-2, 2),
        st.none() | st.sampled_from([0.1, -0.0, 1e300, float("inf"), float("nan"), 2 / 3]),
        st.none() | texts,
        st.none() | moments,
        st.none() | st.sampled_from([date(2026, 3, 1), date(1970, 1, 1)]),
        st.none() | st.booleans(),
        st.none() | st.lists(texts, max_size=2),
        st.none() | st.integers(-(2**70), 2**70),
        st.none() | st.integers(-5, 5),
    ),
    max_size=25,
)
orders = st.lists(
    st.tuples(st.sampled_from(["", "-"]), st.sampled_from(sorted(TYPES))),
    max_size=paging.MAX_ORDER_COLUMNS,
).map(lambda keys: ",".join(sign + name for sign, name in keys))


class Things:
    """A table of anything. Hypothesis keeps what it was given, so the connection is inside."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        columns = ", ".join(f'"{name}" {type}' for name, type in TYPES.items())
        self.connection.execute(f"CREATE TABLE things ({columns})")

    def close(self) -> None:
        self.connection.close()
        del self.connection

    def fill(self, values: list[tuple[Any, ...]]) -> None:
        self.connection.execute("DELETE FROM things")
        marks = ", ".join("?" * len(TYPES))
        for number, row in enumerate(values):
            self.connection.execute(f"INSERT INTO things VALUES ({marks})", [number, *row])

    def read(self, page: Page) -> Reading:
        return Reading(self.connection, RELATION, page)

    def walk(self, order: str, limit: int) -> list[int]:
        """The ids of all pages, one after the other."""
        ids: list[int] = []
        after = ""
        while True:
            reading = self.read(Page(select="id", order=order, limit=limit, after=after))
            page = [row["id"] for row in reading]
            ids += page
            assert len(page) <= limit
            if reading.next is None:
                return ids
            assert len(page) == limit
            after = reading.next


@pytest.fixture(scope="module")
def things() -> Iterator[Things]:
    things = Things()
    yield things
    things.close()


@given(values=rows, order=orders, limit=st.integers(1, 7))
def test_pages_together_are_the_whole_ordered_result(
    things: Things, values: list[tuple[Any, ...]], order: str, limit: int
) -> None:
    things.fill(values)
    whole = things.walk(order, paging.MAX_LIMIT)
    assert sorted(whole) == list(range(len(values)))
    assert things.walk(order, limit) == whole


@given(values=rows, order=orders, taken=st.integers(0, 5))
def test_a_page_left_early_goes_on_behind_its_last_taken_row(
    things: Things, values: list[tuple[Any, ...]], order: str, taken: int
) -> None:
    things.fill(values)
    whole = things.walk(order, paging.MAX_LIMIT)
    reading = things.read(Page(order=order, limit=20))
    first = [row["id"] for _, row in zip(range(taken), reading, strict=False)]
    if not first or reading.next is None:
        return
    rest = things.read(Page(order=order, limit=paging.MAX_LIMIT, after=reading.next))
    assert first + [row["id"] for row in rest] == whole


@pytest.mark.parametrize(("order", "ids"), [("n", [1, 0, 2]), ("-n", [0, 1, 2])])
def test_nulls_come_last_in_either_direction(things: Things, order: str, ids: list[int]) -> None:
    things.fill([(n, *[None] * 8) for n in (5, 3, None)])
    assert things.walk(order, 1) == ids


def test_a_cursor_holds_while_rows_come_and_go(things: Things) -> None:
    things.fill([(n, *[None] * 8) for n in (10, 20, 30)])
    reading = things.read(Page(order="n", limit=2))
    assert [row["n"] for row in reading] == [10, 20]
    things.connection.execute("DELETE FROM things WHERE n = 20")
    things.connection.execute("INSERT INTO things (id, n) VALUES (9, 15), (8, 25)")
    rest = things.read(Page(order="n", limit=9, after=reading.next or ""))
    assert [row["n"] for row in rest] == [25, 30]


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
hostile = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    anything.map(cursor),
    st.lists(st.none() | st.text(max_size=12), max_size=4).map(
        lambda marks: cursor("things", "n,id,s", marks)
    ),
    st.just("A" * (paging.MAX_CURSOR_CHARS + 1)),
)


@given(after=hostile)
def test_a_hostile_cursor_is_a_page_or_a_request_error(things: Things, after: str) -> None:
    with suppress(RequestError):
        list(things.read(Page(order="n", after=after)))


@given(
    filters=st.lists(
        st.tuples(
            st.builds(
                lambda name, operator: name + operator,
                st.sampled_from(sorted(TYPES)) | st.text(max_size=8),
                st.sampled_from(["", "__eq", "__ne", "__gt", "__lte", "__in", "__contains"])
                | st.sampled_from(["__prefix", "__is", "__", "__x"]),
            ),
            texts | st.text(max_size=20) | st.integers().map(str) | st.floats().map(str),
        ),
        max_size=4,
    ),
    select=st.text(max_size=10),
    order=st.text(max_size=10),
)
def test_a_hostile_request_is_a_page_or_a_request_error(
    things: Things,
    filters: list[tuple[str, str]],
    select: str,
    order: str,
) -> None:
    with suppress(RequestError):
        list(things.read(Page(select, filters, order)))
