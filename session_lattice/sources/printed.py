"""What git prints of commits that it made, so that cutting an output does not lose it."""

import re

PRINTED_COMMITS = 32
"""Lines that are kept of one output."""

SCANNED_CHARS = 256 * 1024
"""Characters at the end of an output that are looked at: hooks speak before git does."""

_PRINTED = re.compile(
    r"^\[[^\]\n]{1,200} [0-9a-f]{7,40}\] "
    r"|^[ +]{0,4}[0-9a-f]{7,40}[.]{2,3}[0-9a-f]{7,40} +[^\s]{1,200} -> [^\s]{1,200}",
    re.MULTILINE,
)


def printed_commits(text: str, limit: int) -> list[str]:
    """Lines of an output of more than `limit` characters that name commits.

    "[branch abc1234] ", without the subject, of a commit, and "abc1234..def5678 branch -> branch"
    of a push; the latter is all that `git commit --quiet && git push` prints.
    """
    if len(text) <= limit:
        return []
    return [found[0] for found in _PRINTED.finditer(text[-SCANNED_CHARS:])][-PRINTED_COMMITS:]
