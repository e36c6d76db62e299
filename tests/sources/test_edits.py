"""Sketches of the lines that edits write and take away."""

from hypothesis import given, settings
from hypothesis import strategies as st

from session_lattice.sources.edits import EDIT_CHARS, Change, patched, replaced, written
from session_lattice.sources.sketch import TOUCH_LINES, sketch

LINES = st.lists(st.sampled_from([f"line number {n}" for n in range(9)] + ["}", "", "é" * 9]))


def lines(*texts: str) -> tuple[int, ...]:
    return sketch(texts, TOUCH_LINES)


def test_what_both_sides_of_an_edit_have_is_neither_added_nor_removed() -> None:
    change = replaced([("keep this line\nold line here", "  keep this line\r\nnew line here\n}")])
    assert change == Change(lines("new line here"), lines("old line here"))


def test_a_line_that_one_edit_writes_and_the_next_takes_is_as_it_was() -> None:
    change = replaced([("first line", "second line"), ("second line", "third line")])
    assert change == Change(lines("third line"), lines("first line"))


def test_a_patch_tells_its_lines_by_their_marks() -> None:
    body = (
        "@@ def tide\n context line\n-old line here\n+new line here\n+  moved line\n-moved line\n"
    )
    assert patched(body) == Change(lines("new line here"), lines("old line here"))


def test_what_is_written_beyond_the_limit_is_not_looked_at() -> None:
    text = "the first line\n" + "x" * EDIT_CHARS + "\nthe last line"
    assert lines("the first line")[0] in written(text).added
    assert lines("the last line")[0] not in written(text).added


@settings(max_examples=30)
@given(LINES, LINES)
def test_an_edit_and_its_patch_tell_the_same(old: list[str], new: list[str]) -> None:
    change = replaced([("\n".join(old), "\n".join(new))])
    body = "\n".join(["@@"] + [f"-{line}" for line in old] + [f"+{line}" for line in new])
    assert patched(body) == change
    assert not set(change.added) & set(change.removed)
    assert written("\n".join(new)).added == lines(*new)
