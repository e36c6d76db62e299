"""Sketches of lines: what counts as a line, and what of many is kept."""

import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from session_lattice.sources.sketch import EVIDENT_CHARS, sketch

LINE = b"return the_answer"


def test_a_line_is_known_by_what_stands_between_its_white_space() -> None:
    assert sketch([b"\t  return the_answer \r\n", "return the_answer"], 10) == (zlib.crc32(LINE),)


def test_lines_that_say_next_to_nothing_are_no_evidence() -> None:
    assert (
        sketch(["", "}", "  return", "a b c d e f g", b"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f"], 10)
        == ()
    )
    assert len(sketch(["a b c d e f g h", "äöüßäöüß"], 10)) == 2


def test_bytes_that_are_no_text_and_lone_surrogates_are_lines_like_others() -> None:
    assert len(sketch([b"\xff\xfe\x00 not utf-8", "half a pair \ud83d of it"], 10)) == 2


@settings(max_examples=30)
@given(st.lists(st.text()), st.integers(1, 8))
def test_of_many_lines_the_smallest_are_kept_in_order_and_once(
    lines: list[str], limit: int
) -> None:
    whole = sketch(lines, 1000)
    assert list(whole) == sorted(set(whole))
    assert sketch([*lines, *lines], limit) == whole[:limit]
    assert all(len(line) < EVIDENT_CHARS for line in lines) <= (whole == ())
