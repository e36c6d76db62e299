"""The parts of identifiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.search.words import MAX_PARTS_CHARS, parts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("getUserName", "get User Name"),
        ("call parseHTTPResponse2 twice: parseHTTPResponse2", "parse HTTP Response 2"),
        ("HTTPServer", "HTTP Server"),
        ("Title Case words, ERROR, snake_case, a/path.py", ""),
        ("naïveUser", ""),
        ("x" * 100 + "Y", ""),
        ("", ""),
    ],
)
def test_identifiers_in_camel_case_are_taken_apart(text: str, found: str) -> None:
    assert parts(text) == found


@given(text=st.text(alphabet="aB1_ é", max_size=80))
def test_parts_are_pieces_of_the_text(text: str) -> None:
    assert all(part in text for part in parts(text).split())


@pytest.mark.parametrize("run", ["a", "A", "aB", "aB ", "A1"])
def test_a_long_text_of_one_kind_ends_in_good_time_and_takes_little_room(run: str) -> None:
    assert len(parts(run * 300_000)) <= MAX_PARTS_CHARS
