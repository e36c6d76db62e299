import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.sources.text import (
    TITLE_CHARS,
    absolute,
    clip,
    excerpt,
    name_of,
    parse_timestamp,
    title,
)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 64))
def test_a_clipped_text_is_a_beginning_within_the_limit_and_tells_its_full_size(
    text: str, limit: int
) -> None:
    kept, size = clip(text, limit)
    assert text.startswith(kept)
    assert len(kept.encode()) <= limit
    assert size == len(text.encode())
    assert kept == text or len(kept.encode()) > limit - 4


def test_a_text_with_half_a_surrogate_pair_is_clipped_without_an_error() -> None:
    assert clip("\ud83d" + "x" * 10, 4) == ("?xxx", 11)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(9, 64))
def test_an_excerpt_keeps_both_ends_and_says_how_much_is_missing(text: str, limit: int) -> None:
    kept, size = excerpt(text, limit)
    assert size == len(text.encode())
    if size <= limit:
        assert kept == text
    else:
        head, tail = kept.split(f"\n… {size - limit} bytes left out …\n")
        assert text.startswith(head)
        assert text.endswith(tail)


def test_a_title_is_one_line_of_bounded_length() -> None:
    assert title("  add\n the moon\tphase ") == "add the moon phase"
    assert len(title("tide " * 1000)) <= TITLE_CHARS


@pytest.mark.parametrize("text", ["", None, "yesterday", "2026-13-01T00:00:00Z", "12:30", "+"])
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert parse_timestamp(text) is None


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T00:00:00.861Z", 861_000),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1970-01-01T00:00:00.000001", 1),
        ("2026-11-02T09:00:00.001Z", 1_793_610_000_001_000),
    ],
)
def test_times_are_microseconds_and_utc_unless_they_say_otherwise(text: str, micros: int) -> None:
    assert parse_timestamp(text) == micros


@pytest.mark.parametrize(
    ("path", "cwd", "whole"),
    [
        ("table.py", "/srv/tide", "/srv/tide/table.py"),
        ("../sea/./map.py", "/srv/tide", "/srv/sea/map.py"),
        ("/srv/tide/../sea/map.py", "", "/srv/sea/map.py"),
        ("/srv/tide/.env", "", "/srv/tide/.env"),
        ("table.py", "", "table.py"),
        ("~/notes.md", "/srv/tide", "~/notes.md"),
        ("src\\map.py", "C:\\work", "C:\\work\\src\\map.py"),
        ("D:\\map.py", "/srv/tide", "D:\\map.py"),
    ],
)
def test_a_path_is_resolved_against_its_directory(path: str, cwd: str, whole: str) -> None:
    assert absolute(path, cwd) == whole


def test_a_name_from_a_transcript_becomes_short_and_printable() -> None:
    assert name_of("a\nb\x00" + "c" * 500) == "a?b?" + "c" * 60
