"""What a rollout's line says, so that its copy in another file is known in spite of changes.

A copy has another timestamp and may be re-serialized by another version, so lines are not
compared by their bytes but by what they stand for: a call by its id, a message by its text,
a token count by its totals.
"""

import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

import msgspec

from session_lattice.sources.codex_records import Block, Line, Payload
from session_lattice.sources.identity import Checkpoint
from session_lattice.sources.lines import LineDecoder, LineReader

PARENT_LINES = 100_000
"""Lines of a thread's rollouts that are compared."""

PARENTS = 2
"""Threads whose marks are kept at hand."""

SPEAKING = ("agent_message", "agent_reasoning")
"""Events that repeat what the model said."""

_TURNS = ("task_started", "turn_started")
_BY_CALL = ("exec_command_end", "patch_apply_end", "mcp_tool_call_end", "collab_agent_spawn_end")


def turn_of(line: Line) -> str:
    """The id of the turn that begins with `line`, or ""."""
    payload = line.payload
    if payload is None:
        return ""
    begins = line.type == "turn_context" or (line.type == "event_msg" and payload.type in _TURNS)
    return (payload.turn_id or "") if begins else ""


def text_of(content: str | list[Block] | None) -> str:
    """The text of a message, its parts on lines of their own."""
    if isinstance(content, str):
        return content
    if not content:
        return ""
    if len(content) == 1:
        return content[0].text or ""
    return "\n".join(block.text for block in content if block.text)


def mark(line: Line) -> str | None:
    """What `line` stands for; None when it makes no event and could be in any file."""
    payload = line.payload
    if payload is None:
        return None
    if line.type == "response_item":
        return _item_mark(payload)
    if line.type == "event_msg":
        return _event_mark(payload)
    if line.type == "token_usage_record":
        return f"record {payload.response_id}"
    if line.type == "compacted":
        return f"compacted {_hash(payload.message)}"
    if line.type == "inter_agent_communication":
        return f"between {_hash(payload.content)}"
    return None


def _item_mark(payload: Payload) -> str | None:
    kind = payload.type or ""
    if kind == "message":
        return f"{payload.role} {_hash(text_of(payload.content))}"
    if kind.endswith("_output"):
        return f"output {payload.call_id}"
    if kind.endswith("_call"):
        return f"{kind} {payload.call_id or payload.id or _hash(payload.action)}"
    return None


def _event_mark(payload: Payload) -> str | None:
    kind = payload.type or ""
    if kind == "token_count":
        total = payload.info and payload.info.total_token_usage
        return f"tokens {msgspec.structs.astuple(total)}" if total else None
    if kind == "user_message":
        return f"prompt {_hash(payload.message)}"
    if kind in SPEAKING:
        return f"said {_hash(payload.message or payload.text)}"
    if kind in _BY_CALL:
        return f"{kind} {payload.call_id}"
    if kind == "item_completed":
        return f"item {payload.item.id}" if payload.item else None
    if kind in ("turn_aborted", "thread_name_updated", "sub_agent_activity"):
        return f"{kind} {payload.turn_id or payload.thread_name or payload.event_id}"
    return None


def _hash(value: object) -> str:
    data = value.encode() if isinstance(value, str) else msgspec.json.encode(value)
    return f"{len(data)}.{zlib.crc32(data):x}"


class Marks:
    """What a thread's lines stand for, in order."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.turns: set[str] = set()
        self._places: dict[str, list[int]] = {}
        for number, line in enumerate(lines):
            turn, what = turn_of(line), mark(line)
            if turn:
                self.turns.add(turn)
            if what:
                self._places.setdefault(what, []).append(number)

    def find(self, what: str, start: int) -> int | None:
        """The first place from `start` on where `what` stands."""
        places = self._places.get(what, ())
        index = bisect_left(places, start)
        return places[index] if index < len(places) else None


class Threads:
    """The rollouts of one root by thread, and the marks of those that others begin with."""

    def __init__(self, thread_of: Callable[[str], str]) -> None:
        self._thread_of = thread_of
        self._paths: list[str] = []
        self._by_thread: dict[str, list[str]] | None = None
        self._marks: dict[tuple[str, ...], Marks] = {}
        self._decoder = LineDecoder(Line)

    def found(self, paths: Iterable[str]) -> None:
        """Take the files that a scan found, instead of those before."""
        self._paths = list(paths)
        self._by_thread = None
        self._marks.clear()

    def marks(self, thread: str, besides: str) -> Marks | None:
        """What `thread` says in its files but `besides`; None when there are none."""
        if self._by_thread is None:
            self._by_thread = {}
            for path in self._paths:
                self._by_thread.setdefault(self._thread_of(path), []).append(path)
        found = sorted(self._by_thread.get(thread, ()))
        key = tuple(path for path in found if path != besides)
        if not key:
            return None
        if key not in self._marks:
            if len(self._marks) >= PARENTS:
                del self._marks[next(iter(self._marks))]
            self._marks[key] = Marks(self._lines(key))
        return self._marks[key]

    def _lines(self, paths: Iterable[str]) -> Iterator[Line]:
        count = 0
        for path in paths:
            try:
                with closing(LineReader(path, Checkpoint(), _unheard)) as reader:
                    for raw, _, _ in reader:
                        yield from self._decoder.decode(raw, _unheard)
                        count += 1
                        if count >= PARENT_LINES:
                            return
            except OSError:
                continue


def _unheard(_kind: str) -> None:
    """A parent's warnings are counted where that file is read for itself."""
