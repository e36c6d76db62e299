"""Rollouts of Codex for tests, line by line, in the shapes that its versions wrote."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from session_lattice.events import MessageUser, UsageReported
from session_lattice.sources.codex import Codex
from tests.sources.samples import Line, encode, of, pull

THREAD = "019e4a00-1000-7000-8000-00000000000a"
"""Made, as its first digits tell, in May 2026."""

CHILD = "019e9c66-0000-7000-8000-00000000000b"
"""Made later than THREAD."""

EARLY_TURN = "019e4a00-2000-7000-8000-00000000000c"
LATE_TURN = "019e9c66-1000-7000-8000-00000000000d"
CWD = "/srv/tide"
MODEL = "gpt-5.1-codex"
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def counts(input_tokens: int, cached: int, output: int, reasoning: int = 0) -> dict[str, int]:
    return {
        "input_tokens": input_tokens,
        "cached_input_tokens": cached,
        "output_tokens": output,
        "reasoning_output_tokens": reasoning,
        "total_tokens": input_tokens + output,
    }


def stamp(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Rollout:
    """Builds the lines of one file; each is a second later than the one before."""

    def __init__(self, thread: str = THREAD, *, start: datetime = START) -> None:
        self.thread = thread
        self.lines: list[Line] = []
        self.now = start
        self.step = timedelta(seconds=1)
        self._total = counts(0, 0, 0)

    @property
    def data(self) -> bytes:
        return encode(self.lines)

    def line(self, kind: str, payload: Line | None = None, **more: Any) -> Line:
        self.now += self.step
        line = {"timestamp": stamp(self.now), "type": kind, "payload": payload or {}, **more}
        self.lines.append(line)
        return line

    def item(self, kind: str, /, **fields: Any) -> Line:
        return self.line("response_item", {"type": kind, **fields})

    def event(self, kind: str, /, **fields: Any) -> Line:
        return self.line("event_msg", {"type": kind, **fields})

    def meta(self, thread: str = "", /, **fields: Any) -> Line:
        payload = {
            "id": thread or self.thread,
            "timestamp": stamp(self.now),
            "cwd": CWD,
            "originator": "codex_cli_rs",
            "cli_version": "0.142.0",
            "source": "cli",
            "model_provider": "openai",
            "git": {"branch": "main", "repository_url": "https://example.org/tide.git"},
            **fields,
        }
        return self.line("session_meta", payload)

    def turn(self, turn: str | None = None, *, model: str = MODEL, cwd: str = CWD) -> None:
        ids = {"turn_id": turn} if turn else {}
        if turn:
            self.event("task_started", turn_id=turn)
        self.line("turn_context", {**ids, "cwd": cwd, "model": model, "summary": "auto"})

    def prompt(self, text: str) -> None:
        self.message("user", text)
        self.event("user_message", message=text, images=[])

    def message(self, role: str, text: str) -> Line:
        kind = "output_text" if role == "assistant" else "input_text"
        return self.item("message", role=role, content=[{"type": kind, "text": text}])

    def say(self, text: str) -> None:
        self.event("agent_message", message=text)
        self.message("assistant", text)

    def call(self, name: str, given: Any, call: str = "call_1", **more: Any) -> None:
        text = given if isinstance(given, str) else json.dumps(given)
        self.item("function_call", name=name, arguments=text, call_id=call, **more)

    def output(self, output: Any, call: str = "call_1") -> None:
        self.item("function_call_output", call_id=call, output=output)

    def count(self, *last: int, again: bool = False) -> None:
        """A token count: of one answer more, or `again` of the same."""
        if not again:
            self._last = counts(*last)
            self._total = {key: self._total[key] + self._last[key] for key in self._last}
        self.info(self._total, self._last)

    def reset(self) -> None:
        self._total = counts(0, 0, 0)

    def info(self, total: Line | None, last: Line | None) -> None:
        info = {"total_token_usage": total, "last_token_usage": last}
        self.event("token_count", info={key: told for key, told in info.items() if told})

    def copy(self, other: "Rollout", *, step: timedelta = timedelta(milliseconds=1)) -> None:
        """The lines of another rollout again, with new times."""
        for line in other.lines:
            self.now += step
            self.lines.append({**line, "timestamp": stamp(self.now)})
        self._total = dict(other._total)

    def put(self, root: Path, *, archived: bool = False, suffix: str = "") -> Path:
        """Write the file where Codex would."""
        name = f"rollout-2026-11-02T09-00-00-{self.thread}{suffix}.jsonl"
        folder = root / "archived_sessions" if archived else root / "sessions/2026/11/02"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(self.data)
        return path


def session(turns: int = 1) -> Rollout:
    """A thread with a meta, and a prompt, a call, an answer and a count per turn."""
    talk = Rollout()
    talk.meta()
    for number in range(turns):
        talk.turn()
        talk.prompt(f"show tide {number}")
        talk.call("exec_command", {"cmd": f"tide {number}"}, f"call_{number}")
        talk.output("high at six", f"call_{number}")
        talk.say(f"It is high {number} hours after noon.")
        talk.count(1000 + number, 600, 50, 20)
    return talk


def begun() -> Rollout:
    """A thread with a meta and the beginning of a turn."""
    talk = Rollout()
    talk.meta()
    talk.turn()
    return talk


def told(root: Path, talk: Rollout, kind: type[Any]) -> list[Any]:
    """The events of one type that come of a rollout."""
    talk.put(root)
    return of(pull(Codex(root)), kind)


MINUTE = timedelta(minutes=1)
OLD = "0.36.0"
"""A version whose forks count their tokens from zero."""

SEEDED = "0.77.0"
"""A version whose forks go on counting where their parent was, and whose turns have no ids."""


def parent(turn: str | None = None) -> Rollout:
    """A thread that others copy."""
    talk = Rollout()
    talk.meta(cli_version=OLD)
    for number in range(3):
        talk.turn(turn)
        talk.prompt(f"show tide {number}")
        talk.call("shell", {"command": ["tide"]}, f"call_{number}")
        talk.output("six", f"call_{number}")
        talk.say(f"It is high at {number}.")
        talk.count(1000 + number, 0, 0)
        talk.count(again=True)
    return talk


def fork(copied: Rollout, thread: str = CHILD, **fields: Any) -> Rollout:
    """A rollout that begins with a copy of another one's lines."""
    talk = Rollout(thread, start=copied.now + MINUTE)
    talk.meta(**fields)
    talk.copy(copied)
    return talk


def own(root: Path, thread: str = CHILD) -> tuple[list[str], list[int]]:
    """The prompts and token counts of one thread."""
    drafts = [d for d in pull(Codex(root)) if d.stream.endswith(thread)]
    prompts = [m.text for m in of(drafts, MessageUser) if m.kind in ("prompt", "injected")]
    return prompts, [usage.total for usage in of(drafts, UsageReported)]
