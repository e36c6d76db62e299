"""Doubles for tests: an event log in memory, and a source that follows a script."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from session_lattice.errors import SourceError
from session_lattice.events import Draft
from session_lattice.log.memory import MemoryEventLog
from session_lattice.sources.base import Batch, SourceStatus

__all__ = ["MemoryEventLog", "ScriptedSource"]

BATCH_BYTES = 1000
"""Bytes of upstream that a scripted batch says it covers."""

_DONE = "batches"


class ScriptedSource:
    """A Source whose upstream is a list of batches; more can be added at any time.

    Its one checkpoint is how many batches are done, so that it resumes as a real one does.
    While `failure` is set, `pending` and `batches` raise it.
    """

    def __init__(self, name: str, script: Sequence[Sequence[Draft]] = ()) -> None:
        self._name = name
        self._script = [list(drafts) for drafts in script]
        self._done = 0
        self._found = 0
        self.failure: SourceError | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def roots(self) -> tuple[Path, ...]:
        return ()

    def add(self, *drafts: Draft) -> None:
        """One more batch appears upstream."""
        self._script.append(list(drafts))

    def load(self, checkpoints: Mapping[str, bytes]) -> None:
        self._done = int(checkpoints.get(_DONE, b"0"))

    def pending(self) -> int:
        self._fail()
        self._found = len(self._script)
        return (self._found - self._done) * BATCH_BYTES

    def batches(self) -> Iterator[Batch]:
        while self._done < self._found:
            self._fail()
            drafts = self._script[self._done]
            self._done += 1
            yield Batch(drafts, {_DONE: b"%d" % self._done}, read_bytes=BATCH_BYTES)

    def abandon(self) -> None:
        """It never waits."""

    def close(self) -> None:
        """It has nothing open."""

    def status(self) -> SourceStatus:
        state = "unreadable" if self.failure else "ok"
        return SourceStatus(self._name, state, root="", files=len(self._script))

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
