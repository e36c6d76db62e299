"""A few numbers that stand for lines of text: enough to see later that two texts share lines."""

import heapq
import zlib
from collections.abc import Iterable

TOUCH_LINES = 64
"""Numbers kept of what one tool call added to a file, or removed from it."""

COMMIT_FILE_LINES = 256
"""Numbers kept of what one commit added to a file."""

EVIDENT_CHARS = 8
"""Characters, white space aside, from which on a line is evidence: a lone bracket is none."""

_BLANK = b" \t\n\r\x0b\x0c"
_UNCOUNTED = _BLANK + bytes(range(0x80, 0xC0))
"""White space, and all but the first byte of a character of UTF-8."""


def sketch(lines: Iterable[str | bytes], limit: int) -> tuple[int, ...]:
    """The `limit` smallest checksums (CRC-32) of the lines that are evidence, each once, sorted.

    White space around a line does not count. Of two sketches with the same limit, common numbers
    stand for common lines, and the smallest are the same ones on both sides.
    """
    found = set()
    for line in lines:
        raw = line if isinstance(line, bytes) else line.encode("utf-8", "replace")
        raw = raw.strip(_BLANK)
        if len(raw) >= EVIDENT_CHARS and len(raw.translate(None, _UNCOUNTED)) >= EVIDENT_CHARS:
            found.add(zlib.crc32(raw))
    return tuple(sorted(found) if len(found) <= limit else heapq.nsmallest(limit, found))
