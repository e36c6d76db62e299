"""A story of all that a history needs, told by the minute."""

from typing import Any

from session_lattice import events
from tests.store.views.story import Story, full

UPSTREAM = "http://one:7777"


class Teller(Story):
    """A story with what else a history needs."""

    def say(self, minute: float, session: str, cwd: str, **more: Any) -> None:
        known = {
            "agent": "codex",
            "branch": "main",
            "kind": "prompt",
            "text": "do",
            "text_bytes": 2,
        }
        told = {"message": self._call(), **known, **more}
        self.add(minute, events.MessageUser(session=session, cwd=cwd, **told))

    def call(self, minute: float, session: str, call: str, **more: Any) -> None:
        told = {"agent": "codex", "branch": "main", "name": "Bash", **more}
        self.add(minute, events.ToolCalled(session=session, call=call, **told))

    def result(self, minute: float, session: str, call: str, **more: Any) -> None:
        told = {"agent": "codex", "branch": "main", "ok": True, **more}
        self.add(minute, events.ToolReturned(session=session, call=call, **told))

    def use(self, minute: float, session: str, tokens: int, **more: Any) -> None:
        named = {"agent": "codex", "response": f"{session}-{self._call()}"}
        told = {**named, "model": "gpt-5.1-codex", **more}
        self.add(minute, events.UsageReported(session=session, input_tokens=tokens, **told))

    def see(self, minute: float, session: str, **more: Any) -> None:
        """What a session tells of itself."""
        self.add(minute, events.SessionObserved(agent="codex", session=session, **more))

    def name(self, minute: float, session: str, number: int, **more: Any) -> None:
        """The session names a pull request or an issue."""
        told = {"agent": "codex", "evidence": "mention", "message": "m", **more}
        self.add(minute, events.ReferenceObserved(session=session, number=number, **told))

    def claim(self, minute: float, session: str, **more: Any) -> None:
        told = {"agent": "codex", "upstream": UPSTREAM, **more}
        self.add(minute, events.SessionReported(session=session, **told))

    def link(self, minute: float, session: str, child: str, **more: Any) -> None:
        told = {"agent": "codex", "child_session": child, **more}
        self.add(minute, events.SubagentLinked(session=session, **told))

    def refs(self, minute: float, repo: str, slug: str = "", **more: Any) -> None:
        remote = f"git@forge.example:{slug}.git" if slug else ""
        self.add(minute, events.RefsObserved(repo=repo, remote_url=remote, **more))

    def move(self, minute: float, worktree: str, sha: str) -> None:
        """A commit moves the worktree's HEAD."""
        moved = events.HeadMoved(
            repo=worktree, worktree=worktree, number=0, sha=full(sha), action="commit"
        )
        self.add(minute, moved)
