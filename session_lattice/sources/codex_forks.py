"""Where a rollout stops repeating another one.

A fork, a spawned thread or a revert may begin with a copy of the lines before it, with new
timestamps, some re-serialized, some left out. Nothing marks the copy's end. In order of
trust it is: the ordinal that the file itself names; the first turn whose id was made after
the file was; the first lines that the parent's file does not have. When that file is gone:
the end of the burst in which copies are written, or the fall of the token counter.
"""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from session_lattice.sources.codex_marks import SPEAKING, Marks, Threads, mark, turn_of
from session_lattice.sources.codex_records import Line, Payload
from session_lattice.sources.text import parse_timestamp

GAP_LINES = 8
"""Lines in a row that say something else than the parent's, after which a copy has ended."""

HELD_LINES = 64
"""Lines held back until it is known whether the copy goes on behind a gap."""

PAUSE_MICROSECONDS = 2_000_000
"""Time between two lines that a burst of copied lines never takes."""

SEEDED = (0, 47)
"""Version from which a fork's token counter goes on from its parent's, not from zero."""

TURN_IDS = (0, 104)
"""Version from which turns have ids."""


class Replay(Struct, omit_defaults=True):
    """How far into its copied beginning a file is; part of the parser's memo.

    `parent` is the thread it comes from, "" in a file with a beginning of its own; `born` is
    when the file was made, in milliseconds. While `copying`, lines may be copies; `copied`
    once one surely was; `begun` once there was a line besides session_meta. `at` is the
    place reached in the parent's marks, `gap` the unlike lines since, `last` the time of the
    last line in the burst. `spoken` once the model said something that is not a copy, and
    `unseeded` while the counter is still to fall to zero: until then its counts are inherited.
    `turns` says that the copy's turns have ids that tell when they were made.
    """

    parent: str = ""
    born: int = 0
    version: str = ""
    start_ordinal: int | None = None
    copying: bool = False
    copied: bool = False
    begun: bool = False
    at: int = 0
    gap: int = 0
    last: int = 0
    spoken: bool = False
    unseeded: bool = False
    turns: bool = False


class Entry(NamedTuple):
    """One line with its place in the file."""

    line: Line
    number: int
    part: int


class _Verdict(Enum):
    COPY = "a copy"
    UNSURE = "unlike the parent's, but the copy may go on behind it"
    OWN = "the copy has ended before it"


class Judge:
    """Tells a file's own lines from copied ones, in the order of the file."""

    def __init__(self, state: Replay, threads: Threads, path: str) -> None:
        self.state = state
        self._threads = threads
        self._path = path
        self._held: list[Entry] = []
        self._looked = False
        self._marks: Marks | None = None

    def begins(self, meta: Payload, parent: str, born: int, ts: int) -> None:
        """The file's own session_meta; `parent` is "" when it names none."""
        state = self.state
        state.parent, state.born, state.last = parent, born, ts
        state.version = meta.cli_version or ""
        state.start_ordinal = meta.subagent_history_start_ordinal
        state.copying = parent != "" and meta.history_base is None

    def copies(self, thread: str) -> bool:
        """Another thread's session_meta: True when a copy of that thread begins with it."""
        state = self.state
        if state.begun:
            return False
        state.parent = thread
        state.copying = state.copied = True
        return True

    def sort(self, entry: Entry, resets: bool) -> Iterator[tuple[Entry, bool]]:
        """Each line that is decided on by now, and whether it is a copy.

        `resets` says that the token counter falls with this line.
        """
        state = self.state
        sure = state.copied
        what = mark(entry.line)
        verdict = self._verdict(entry.line, what, resets)
        if verdict is _Verdict.UNSURE and (what or self._held):
            self._held.append(entry)
            if len(self._held) < HELD_LINES:
                return
            entry = self._held.pop()
            verdict = _Verdict.OWN
        copied = verdict is _Verdict.COPY
        for held in self.release():
            yield held, copied and sure
        state.copying = verdict is not _Verdict.OWN
        yield entry, copied

    def release(self) -> list[Entry]:
        """The lines held back; whoever asks decides that they are the file's own."""
        held, self._held = self._held, []
        return held

    def counts(self, resets: bool) -> bool:
        """Whether an own token count is new, not what the file was given at its beginning."""
        state = self.state
        if resets:
            state.spoken, state.unseeded = True, False
        return not state.parent or (state.spoken and not state.unseeded)

    def hear(self, line: Line) -> None:
        """An own line: from the model's first one on, counts are new."""
        if self.state.parent and not self.state.spoken:
            self.state.spoken = _speaks(line, thinking=not self.state.copying)

    def _verdict(self, line: Line, what: str | None, resets: bool) -> _Verdict:
        state = self.state
        if state.start_ordinal is not None and line.ordinal is not None:
            return _Verdict.COPY if line.ordinal < state.start_ordinal else _Verdict.OWN
        turn = turn_of(line)
        made = made_at(turn)
        if made is not None:
            if made >= state.born:
                return _Verdict.OWN
            state.turns = True
        if not self._looked:
            self._looked = True
            self._marks = self._threads.marks(state.parent, self._path)
        if self._marks is None:
            return self._guess(line, resets)
        if turn:
            return _Verdict.COPY if turn in self._marks.turns else _Verdict.OWN
        return self._compare(self._marks, what, resets)

    def _compare(self, marks: Marks, what: str | None, resets: bool) -> _Verdict:
        state = self.state
        if what is None:
            return _Verdict.UNSURE
        place = marks.find(what, state.at)
        if place is not None:
            state.at, state.gap, state.copied = place + 1, 0, True
            return _Verdict.COPY
        state.gap += 1
        return _Verdict.OWN if resets or state.gap > GAP_LINES else _Verdict.UNSURE

    def _guess(self, line: Line, resets: bool) -> _Verdict:
        """By the little that a copy shows of itself when what it was copied from is gone."""
        state = self.state
        if not state.copied or resets:
            return _Verdict.OWN
        ts = parse_timestamp(line.timestamp) or 0
        if not state.turns and state.last and ts > state.last + PAUSE_MICROSECONDS:
            state.unseeded = not SEEDED <= _numbers(state.version) < TURN_IDS
            return _Verdict.OWN
        state.last = max(state.last, ts)
        return _Verdict.COPY


def made_at(identity: str) -> int | None:
    """When a version 7 UUID was made, milliseconds since the epoch; None for any other text."""
    digits = identity.replace("-", "")
    if len(digits) != 32 or digits[12] != "7":
        return None
    try:
        return int(digits[:12], 16)
    except ValueError:
        return None


def _speaks(line: Line, *, thinking: bool) -> bool:
    """Whether the model made `line`; reasoning tells only where it can't be a copy."""
    kind = (line.payload and line.payload.type) or ""
    if line.type == "response_item" and line.payload:
        if kind == "reasoning":
            return thinking
        return kind.endswith("_call") or line.payload.role == "assistant"
    return line.type == "compacted" or (line.type == "event_msg" and kind in SPEAKING)


def _numbers(version: str) -> tuple[int, ...]:
    """The first two numbers of a version; those of the oldest when it has none."""
    numbers = version.split(".")[:2]
    return tuple(map(int, numbers)) if all(part.isdecimal() for part in numbers) else (0, 0)
