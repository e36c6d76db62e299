"""Transcripts for tests, line by line, and what a source makes of them."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from session_lattice.events import Draft, UsageReported
from session_lattice.sources.base import Source

SESSION = "5e551011-0000-4000-8000-000000000001"
MODEL = "claude-opus-4-5-20251101"
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

Line = dict[str, Any]


def usage(*counts: int, **more: Any) -> dict[str, Any]:
    """Input, output, cache write and cache read tokens, as far as given."""
    names = (
        "input_tokens",
        "output_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
    )
    return {**dict(zip(names, counts, strict=False)), **more}


def encode(lines: Iterable[Line]) -> bytes:
    """Compact JSON Lines, each with its newline."""
    return b"".join(
        json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        for line in lines
    )


class Conversation:
    """Builds the lines of one Claude Code file: uuids, parents and times count up by themselves.

    Keyword arguments of each method are put into the line, over what it would hold.
    """

    def __init__(self, session: str = SESSION, *, number: int = 1, **common: Any) -> None:
        self.lines: list[Line] = []
        self.last: str | None = None
        self._session = session
        self._number = number
        self._common = common
        self._messages = 0

    @property
    def data(self) -> bytes:
        return encode(self.lines)

    def bare(self, kind: str, **fields: Any) -> Line:
        """A line of the kinds that have no uuid, no time and no place."""
        return self._add({"type": kind, "sessionId": self._session, **fields})

    def full(self, kind: str, **fields: Any) -> Line:
        count = len(self.lines)
        uuid = f"{self._number:04x}{count:04x}-0000-4000-8000-{self._number:04x}{count:08x}"
        time = START + timedelta(seconds=self._number * 3600 + count)
        line = {
            "parentUuid": self.last,
            "isSidechain": False,
            "userType": "external",
            "cwd": "/srv/tide",
            "sessionId": self._session,
            "version": "2.1.201",
            "gitBranch": "main",
            "type": kind,
            "uuid": uuid,
            "timestamp": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **self._common,
            **fields,
        }
        self.last = line["uuid"]
        return self._add(line)

    def prompt(self, text: str | list[Line] = "show the tides", **fields: Any) -> Line:
        return self.full("user", message={"role": "user", "content": text}, **fields)

    def answer(self, *blocks: Line, **fields: Any) -> Line:
        """One line of an API message; `id`, `model` and `usage` go into the message."""
        message: Line = {"role": "assistant", "type": "message", "model": MODEL}
        for name in ("id", "model", "usage"):
            if name in fields:
                message[name] = fields.pop(name)
        if "id" not in message:
            self._messages += 1
            message["id"] = f"msg_{self._number:02}{self._messages:04}"
        message["content"] = list(blocks)
        fields.setdefault("requestId", f"req_{message['id']}")
        return self.full("assistant", message=message, **fields)

    def reply(self, text: str = "Here they are.", **fields: Any) -> Line:
        return self.answer({"type": "text", "text": text}, **fields)

    def call(self, name: str, given: Any, call: str = "", **fields: Any) -> str:
        """A tool call; returns its id."""
        call = call or f"toolu_{self._number:02}{len(self.lines):04}"
        self.answer({"type": "tool_use", "id": call, "name": name, "input": given}, **fields)
        return call

    def result(self, call: str, content: Any = "done", told: Any = None, **fields: Any) -> Line:
        """A call's result; `told` is the line's toolUseResult, `is_error` the block's flag."""
        block = {"type": "tool_result", "tool_use_id": call, "content": content}
        if "is_error" in fields:
            block["is_error"] = fields.pop("is_error")
        if told is not None:
            fields["toolUseResult"] = told
        return self.full("user", message={"role": "user", "content": [block]}, **fields)

    def _add(self, line: Line) -> Line:
        self.lines.append(line)
        return line


def put(root: Path, data: bytes, name: str = f"-work-tide/{SESSION}.jsonl") -> Path:
    """Write a file below `projects/`."""
    path = root / "projects" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def pull(source: Source) -> list[Draft]:
    """What a source has that is new, all of it kept."""
    source.pending()
    return [draft for batch in source.batches() for draft in batch.drafts]


def kept(drafts: Sequence[Draft]) -> dict[str, object]:
    """What a log and a store make of drafts: the first per key, of usage the greatest."""
    first: dict[str, object] = {}
    greatest: dict[str, tuple[int, ...]] = {}
    for draft in drafts:
        event = draft.event
        if isinstance(event, UsageReported):
            counts = (event.total, event.input_tokens, event.output_tokens)
            greatest[event.response] = max(greatest.get(event.response, ()), counts)
        else:
            first.setdefault(draft.key, event)
    return first | greatest


def of(drafts: Sequence[Draft], kind: type[Any]) -> list[Any]:
    """The events of one type, in order."""
    return [draft.event for draft in drafts if isinstance(draft.event, kind)]
