"""Tables that fit, and values as people read them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.cli import tables
from session_lattice.cli.tables import NARROWEST_TEXT, Heading, shown
from session_lattice.reads.times import span

cells = st.lists(st.text(max_size=60), min_size=3, max_size=3)


@given(rows=st.lists(cells, max_size=6), room=st.integers(3 * NARROWEST_TEXT + 4, 200))
def test_a_table_of_texts_is_never_wider_than_its_room(rows: list[list[str]], room: int) -> None:
    headings = [
        Heading("one", flexible=True),
        Heading("two", True, True),
        Heading("three", False, True),
    ]
    lines = tables.table(headings, rows, room)
    assert len(lines) == len(rows) + 1
    assert all(len(line) <= room for line in lines)
    assert all(line.isprintable() for line in lines)


def test_the_widest_text_is_cut_first_at_the_end_that_tells_less() -> None:
    headings = [
        Heading("a"),
        Heading("b", flexible=True),
        Heading("c", keep_end=True, flexible=True),
    ]
    lines = tables.table(headings, [["12345", "x" * 40, "/" + "p" * 18 + "/end"]], 41)
    assert lines[1] == "12345  xxxxxxxxxxxxxxx…  …ppppppppppp/end"
    assert len(lines[1]) == 41


def test_columns_that_do_not_fit_are_left_to_the_caller() -> None:
    headings = [Heading("aaaaaaaaaa"), Heading("bbbbbbbbbb"), Heading("cc", flexible=True)]
    assert tables.fitting(headings, [["", "", ""]], 26) == 3
    assert tables.fitting(headings, [["", "", ""]], 25) == 2
    assert tables.fitting(headings, [["", "", ""]], 4) == 1


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, None, "-"),
        ("", None, "-"),
        (True, None, "yes"),
        (False, None, "no"),
        (1_234_567, "tokens", "1,234,567"),
        (0, "microdollars", "$0.00"),
        (1_234_567_890, "microdollars", "$1,234.57"),
        (1_234, "microdollars", "$0.0012"),
        (0.1234, "ratio", "12.3%"),
        (3_725.0, "seconds", "1 h 2 min"),
        (2.5, None, "2.5"),
        (["a", "b"], None, "a, b"),
        ([], None, "-"),
        (date(2026, 3, 1), None, "2026-03-01"),
    ],
)
def test_values_are_shown_as_people_read_them(value: Any, unit: str | None, text: str) -> None:
    assert shown(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0.9, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "59 min 59 s"),
        (7_260, "2 h 1 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_spans_are_told_in_their_two_greatest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_the_past_is_told_from_now() -> None:
    now = datetime.now(UTC)
    assert tables.ago(now + timedelta(hours=1)) == "just now"
    assert tables.ago(now - timedelta(days=2, hours=1, minutes=5)) == "2 d 1 h ago"
