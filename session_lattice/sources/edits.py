"""Which lines an edit wrote and took away, as sketches."""

from collections.abc import Iterable
from typing import NamedTuple

from session_lattice.sources.sketch import TOUCH_LINES, sketch

EDIT_CHARS = 1024 * 1024
"""Characters at the beginning of each side of an edit that are looked at."""

Sketch = tuple[int, ...]


class Change(NamedTuple):
    """Sketches of the lines of one file that were added and removed."""

    added: Sketch = ()
    removed: Sketch = ()


UNKNOWN = Change()


def replaced(pairs: Iterable[tuple[str, str]]) -> Change:
    """Of edits of one file, each (old text, new text): what both sides have was only moved."""
    before: set[bytes] = set()
    after: set[bytes] = set()
    for old, new in pairs:
        before.update(_lines(old))
        after.update(_lines(new))
    return _between(before, after)


def written(text: str) -> Change:
    """Of a file written whole: all of its lines, whatever it held before."""
    return Change(sketch(_lines(text), TOUCH_LINES))


def patched(body: str) -> Change:
    """Of a patch's or a unified diff's part for one file, by the marks before its lines."""
    lines = _encoded(body).split(b"\n")
    before = {line[1:].strip() for line in lines if line.startswith(b"-")}
    after = {line[1:].strip() for line in lines if line.startswith(b"+")}
    return _between(before, after)


def _between(before: set[bytes], after: set[bytes]) -> Change:
    return Change(sketch(after - before, TOUCH_LINES), sketch(before - after, TOUCH_LINES))


def _lines(text: str) -> Iterable[bytes]:
    """Without the white space around them, as a sketch has them."""
    return map(bytes.strip, _encoded(text).split(b"\n"))


def _encoded(text: str) -> bytes:
    return text[:EDIT_CHARS].encode("utf-8", "replace")
