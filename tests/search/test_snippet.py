"""The piece of a text that is shown."""

from hypothesis import given
from hypothesis import strategies as st

from session_lattice.search.snippet import CLOSE, MAX_CHARS, OPEN, around, read

TEXTS = st.text(alphabet=st.sampled_from([OPEN, CLOSE, "a", "é", "日", "🙂", "́", " "]), max_size=60)


@given(text=TEXTS)
def test_marks_are_whole_characters_in_order_whatever_comes(text: str) -> None:
    found = read(text)
    assert OPEN not in found.text
    assert CLOSE not in found.text
    assert found.text == text.replace(OPEN, "").replace(CLOSE, "")
    edges = [edge for mark in found.marks for edge in mark]
    assert edges == sorted(edges)
    assert all(0 <= start < end <= len(found.text) for start, end in found.marks)


def test_what_is_marked_is_what_matched() -> None:
    found = read(f"…a {OPEN}naïve{CLOSE} 🙂 {OPEN}日本 x{CLOSE}…")
    assert [found.text[start:end] for start, end in found.marks] == ["naïve", "日本 x"]


def test_a_word_as_long_as_its_text_is_cut_around_the_match() -> None:
    found = read("x" * 5000 + f"{OPEN}needle{CLOSE}" + "y" * 5000)
    assert len(found.text) == MAX_CHARS + 2
    assert [found.text[start:end] for start, end in found.marks] == ["needle"]
    long = read(f"{OPEN}{'z' * 5000}{CLOSE}")
    assert long.marks == [(0, MAX_CHARS)]


def test_a_part_of_an_identifier_is_marked_within_it() -> None:
    found = around("-" * 1000 + "getUserName", ["user", "name", "(?"])
    assert [found.text[start:end] for start, end in found.marks] == ["User", "Name"]
    assert around("nothing of it", ["user"]).marks == []
