"""What was checked out when, from the reflogs of HEAD; git itself prunes these after 90 days."""

import re
from collections.abc import Iterator

from session_lattice.events import HeadMoved
from session_lattice.sources.git.gitdir import small
from session_lattice.sources.git.portion import Move
from session_lattice.sources.text import digest

MAX_ENTRIES = 5_000
"""Of one worktree's log, the newest."""

LOG_BYTES = 2 * 1024 * 1024
"""Of one log that are read, from its end."""

BRANCH_CHARS = 250
ACTION_CHARS = 40
MAX_SECONDS = 253_402_300_799

_ENTRY = re.compile(
    r"([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) [^\t]*?"
    r" ([0-9]{1,12}) [+-][0-9]{4}(?:\t(.*))?"
)
_CHECKOUT = re.compile(r"checkout: moving from \S+ to (\S+)")


def moves(repo: str, worktree: str, directory: str, told: str) -> Iterator[tuple[Move, str]]:
    """The entries after the one that `told` marks, oldest first, each with its own mark.

    All that there are when that one is gone. `directory` is the worktree's git directory.
    """
    entries = list(_entries(f"{directory}/logs/HEAD"))
    marks = [digest(*entry) for entry in entries]
    # From the end: the same move may have been made twice within a second.
    start = next((at + 1 for at in range(len(marks) - 1, -1, -1) if marks[at] == told), 0)
    for number in range(start, len(entries)):
        former, sha, seconds, said = entries[number]
        checkout = _CHECKOUT.match(said)
        event = HeadMoved(
            repo=repo,
            worktree=worktree,
            number=number,
            sha=sha,
            former_sha="" if not former.strip("0") else former,
            action=re.split(r"[\s:(]", said, maxsplit=1)[0][:ACTION_CHARS],
            branch=checkout[1][:BRANCH_CHARS] if checkout else "",
        )
        yield Move(min(int(seconds), MAX_SECONDS) * 1_000_000, event), marks[number]


def _entries(path: str) -> Iterator[tuple[str, str, str, str]]:
    """(former, sha, seconds, message); a line that is none, such as a cut one, is left out."""
    lines = small(path, LOG_BYTES, end=True).split("\n")
    for line in lines[-MAX_ENTRIES - 1 :]:
        found = _ENTRY.fullmatch(line)
        if found:
            yield found[1], found[2], found[3], found[4] or ""
