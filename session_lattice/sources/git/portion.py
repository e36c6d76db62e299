"""A part of what is new in a repository, as its reader tells it."""

import msgspec

from session_lattice.events import CommitObserved, HeadMoved, RefsObserved


class Move(msgspec.Struct):
    """An entry and when it was made, microseconds."""

    ts: int
    event: HeadMoved


class Portion(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Some of what is new, and what was told once this was.

    `tips` hide all commits told so far, None for the same as before; `marks` are the last told
    reflog entries by worktree. `warnings` counts by kind what could not be read.
    """

    commits: list[CommitObserved] = []
    tips: list[str] | None = None
    moves: list[Move] = []
    marks: dict[str, str] = {}
    standing: RefsObserved | None = None
    warnings: dict[str, int] = {}
