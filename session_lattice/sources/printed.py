"""What git prints of commits that it made, so that cutting an output does not lose it."""

import re

PRINTED_COMMITS = 32
"""Lines that are kept of one output."""

SCANNED_CHARS = 256 * 1024
"""Characters at the end of an output that are looked at: hooks speak before git does."""

_PRINTED = re.compile(r"^\[[^\]\n]{1,200} [0-9a-f]{7,40}\] ", re.MULTILINE)


def printed_commits(text: str, limit: int) -> list[str]:
    """Of an output of more than `limit` characters, the beginnings of lines that name commits.

    They are "[branch abc1234] " without the subject, as the store looks for them.
    """
    if len(text) <= limit:
        return []
    return [found[0] for found in _PRINTED.finditer(text[-SCANNED_CHARS:])][-PRINTED_COMMITS:]
