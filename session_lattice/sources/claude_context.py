"""Where the line that is being read stands, and the way of its events to the batch."""

from collections.abc import Iterable
from typing import Any

from session_lattice.events import (
    Event,
    Reference,
    ReferenceObserved,
    SessionObserved,
    session_stream,
)
from session_lattice.sources.claude_memo import Fact, Memo
from session_lattice.sources.claude_usage import Where
from session_lattice.sources.references import observed, references
from session_lattice.sources.tail import Out, Place
from session_lattice.sources.text import digest

AGENT = "claude_code"


class Context:
    """One file's session, and the thread, time, directory and branch of its current line.

    Lines without a time take that of the line before; what comes before the first time is
    held until there is one, or until the batch ends.
    """

    def __init__(self, place: Place, memo: Memo, out: Out) -> None:
        self.memo = memo
        self.out = out
        self.own_subagent = place.subagent
        self.subagent = place.subagent
        self._held: list[tuple[str, Event]] = []
        self.enter_session(place.session)

    def enter_session(self, session: str) -> None:
        self.session = session
        self.stream = session_stream(AGENT, session)

    @property
    def fields(self) -> dict[str, Any]:
        """The fields that every event of a session has."""
        return {
            "agent": AGENT,
            "session": self.session,
            "subagent": self.subagent,
            "cwd": self.memo.cwd,
            "branch": self.memo.branch,
        }

    @property
    def ts(self) -> int:
        return self.out.now if self.memo.ts is None else self.memo.ts

    def where(self, subagent: str) -> Where:
        return Where(self.ts, self.session, subagent, self.memo.cwd, self.memo.branch)

    def enter(self, ts: int | None, cwd: str | None, branch: str | None) -> None:
        """Take over a line's time and place, as far as it has them."""
        if ts is not None:
            self.memo.ts = ts
            if self._held:
                self.release()
        if cwd and cwd != self.memo.cwd:
            self.memo.cwd = cwd
            self.out.observe(cwd, self.ts)
        if branch is not None:
            self.memo.branch = branch

    def emit(self, key: str, event: Event) -> None:
        """`key` is the event's identity within the agent."""
        if self.memo.ts is None:
            self._held.append((key, event))
        else:
            self.out.add(self.stream, f"{AGENT}/{key}", self.memo.ts, event)

    def refer(self, found: Iterable[Reference], *, call: str = "", message: str = "") -> None:
        """Tell the pull requests and issues that a call or a message names."""
        for key, values in observed(found, call=call, message=message):
            self.emit(key, ReferenceObserved(**self.fields, **values))

    def link(self, url: str, slug: str, number: int) -> None:
        """Tell a pull request that Claude Code itself recorded as one of the session."""
        found = references(url) or references(f"{slug}#{number}")
        for key, values in observed(found, evidence="pr_link"):
            own = f"reference/{self.session}/{key}"
            event = ReferenceObserved(**self.fields, **{**values, "kind": "pull_request"})
            self.emit(own, event)

    def release(self) -> None:
        """Send what is held, dated by the file when no line gave a time."""
        for key, event in self._held:
            self.out.add(self.stream, f"{AGENT}/{key}", self.ts, event)
        self._held = []

    def changed(self, name: str, value: str | None) -> bool:
        """True, and remembered, when the session's fact `name` is not what it last was."""
        if not value:
            return False
        known = self.memo.facts.get(name)
        if known and known.value == value:
            return False
        self.memo.facts[name] = Fact(value, known.changes + 1 if known else 0)
        return True

    def observed(self, name: str, event: SessionObserved) -> None:
        """Emit facts; `name` is the one of them that changed. A fact may return to a value."""
        fact = self.memo.facts[name]
        mark = digest(name, fact.value, str(fact.changes))
        self.emit(f"session/{self.session}/{name}/{mark}", event)
