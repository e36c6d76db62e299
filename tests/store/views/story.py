"""Events of a made-up story, told by the minute: who edited, asked, committed."""

from typing import Any

from session_lattice import events
from session_lattice.events import ChangedFile, CommitObserved, Envelope, Event, Touch
from tests.store.lab import START_US, Lab, envelope

MINUTE_US = 60_000_000
DAY = 24 * 60
MODEL = "claude-opus-4-5-20251101"
PRICE = 5
"""Microdollars of an input token of MODEL."""


def name_of(session: str) -> str:
    """As the tables have it."""
    return f"codex/{session}"


class Story:
    """Collects what happened, at minutes from START_US on; `tell` hands it to a lab."""

    def __init__(self) -> None:
        self.told: list[Envelope] = []
        self.position = 0
        self.calls = 0

    def tell(self, lab: Lab) -> None:
        """Feed what has not been told yet, and refresh."""
        lab.feed(self.told)
        self.told = []
        lab.store.refresh()
        assert lab.store.view_errors == []

    def add(self, minute: float, event: Event) -> None:
        self.position += 1
        at = START_US + int(minute * MINUTE_US)
        self.told.append(envelope(event, self.position, at))

    def checkout(self, cwd: str, repo: str = "/repo", worktree: str = "") -> None:
        self.add(0, events.CheckoutObserved(
            cwd=cwd, repo=repo, worktree=worktree or cwd, evidence="git",
        ))  # fmt: skip

    def edit(
        self,
        minute: float,
        session: str,
        path: str,
        lines: tuple[int, ...] = (),
        taken: tuple[int, ...] = (),
        *,
        ok: bool = True,
        **place: Any,
    ) -> None:
        """A call that wrote `lines` and took away `taken`."""
        where = _place(session, place)
        touch = Touch(path=path, action="edit", added=lines, removed=taken)
        call = self._call()
        self.add(minute, events.ToolCalled(**where, call=call, name="Edit", files=(touch,)))
        self.add(minute, events.ToolReturned(**where, call=call, ok=ok))

    def run(
        self, minute: float, session: str, output: str, *, command: str = "", **place: Any
    ) -> str:
        """A command and what it printed; the call's id."""
        where = _place(session, place)
        call = self._call()
        self.add(minute, events.ToolCalled(**where, call=call, name="Bash", input=command))
        self.add(minute, events.ToolReturned(**where, call=call, ok=True, output=output))
        return call

    def answer(self, minute: float, session: str, input_tokens: int, **place: Any) -> None:
        """A response of the model that costs PRICE for each token."""
        self.add(minute, events.UsageReported(
            **_place(session, place), response=f"r{session}{minute}", model=MODEL,
            input_tokens=input_tokens, output_tokens=0,
        ))  # fmt: skip

    def commit(
        self, minute: float, sha: str, files: dict[str, tuple[int, ...]], **told: Any
    ) -> None:
        """A commit of /repo that adds these lines; `sha` is repeated to its full length."""
        at = START_US + int(minute * MINUTE_US)
        former = told.pop("former", {})
        changes = tuple(
            ChangedFile(
                path=path, former_path=former.get(path, ""),
                status="renamed" if path in former else "modified",
                additions=len(lines), lines=lines,
            )
            for path, lines in files.items()
        )  # fmt: skip
        known = {"repo": "/repo", "author_name": "Sam", "author_email": "sam@example.org"}
        self.add(minute, CommitObserved(
            **known | told, sha=full(sha), authored_at=at, committed_at=at, changes=changes,
            files_changed=len(files), additions=sum(map(len, files.values())), deletions=1,
        ))  # fmt: skip

    def _call(self) -> str:
        self.calls += 1
        return f"call{self.calls}"


def full(sha: str) -> str:
    """A hash of 40 digits that begins so."""
    return (sha * 40)[:40]


def _place(session: str, place: dict[str, Any]) -> dict[str, Any]:
    return {"agent": "codex", "session": session, "cwd": "/repo", "branch": "main"} | place
