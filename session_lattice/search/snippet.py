"""The piece of a text that a hit is shown by, and where the words that were found stand in it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

OPEN, CLOSE = "\ufdd0", "\ufdd1"
"""Put around what matched by SQLite: no text has these, they stand for no character."""

WORDS = 32
"""Of a snippet; SQLite takes at most 64."""

MAX_CHARS = 400
"""Of a snippet: a word may be as long as its text."""

BEFORE_CHARS = 60
"""Kept before the first match of a snippet that is cut."""

_MARKS = re.compile(f"[{OPEN}{CLOSE}]")
ELLIPSIS = "…"


class Snippet(NamedTuple):
    """`marks` are [start, end) of what matched, in characters of `text`, in order."""

    text: str
    marks: list[tuple[int, int]]


def read(marked: str) -> Snippet:
    """What SQLite marked, without its marks."""
    return _cut(*_unmarked(marked))


def around(text: str, words: Sequence[str]) -> Snippet:
    """Where SQLite marked nothing, as the match is a part of an identifier: the first place
    that contains one of the `words`, whatever the case."""
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return _cut(text, [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)])


def _unmarked(marked: str) -> tuple[str, list[tuple[int, int]]]:
    pieces: list[str] = []
    marks: list[tuple[int, int]] = []
    length = place = 0
    opened: int | None = None
    for match in _MARKS.finditer(marked):
        pieces.append(marked[place : match.start()])
        length += match.start() - place
        place = match.end()
        if match[0] == OPEN:
            opened = length if opened is None else opened
        elif opened is not None:
            if opened < length:
                marks.append((opened, length))
            opened = None
    return "".join([*pieces, marked[place:]]), marks


def _cut(text: str, marks: list[tuple[int, int]]) -> Snippet:
    """At most MAX_CHARS, with the first match in it."""
    if len(text) <= MAX_CHARS:
        return Snippet(text, marks)
    first = marks[0][0] if marks else 0
    start = max(0, min(first - BEFORE_CHARS, len(text) - MAX_CHARS))
    end = start + MAX_CHARS
    before = ELLIPSIS if start else ""
    after = ELLIPSIS if end < len(text) else ""
    shift = len(before) - start
    kept = [(max(a, start) + shift, min(b, end) + shift) for a, b in marks if b > start and a < end]
    return Snippet(before + text[start:end] + after, kept)
