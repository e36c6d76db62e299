"""Keeps what the repositories on disk tell, and asks them again when it is time."""

import time
from collections.abc import Mapping, Sequence

import msgspec
import structlog

from session_lattice.log.redaction import redact_events
from session_lattice.sources.git.facts import Facts
from session_lattice.sources.git.reader import GitReader

SHARE = 0.1
"""Of the time, at most, in which repositories are read: many of them are read less often."""


class Repositories:
    """One thread at a time may `look`; `close` may come from another."""

    def __init__(self) -> None:
        self._reader = GitReader()
        self._known: dict[str, Facts] = {}
        self._due = 0.0
        self._logger = structlog.get_logger()

    def look(self, paths: Sequence[str], *, now: bool = False) -> Mapping[str, Facts]:
        """Path → facts. All are read when they are due or wanted `now`, else those not known.

        Raises SourceError once it is closed.
        """
        began = time.monotonic()
        every = now or began >= self._due
        before, self._known = self._known, {}
        for path in paths:
            known = None if every else before.get(path)
            self._known[path] = known or self._read(path, before.get(path))
        if every:
            ended = time.monotonic()
            self._due = ended + (ended - began) * (1 / SHARE - 1)
        return self._known

    def close(self) -> None:
        self._reader.close()

    def reap(self) -> None:
        self._reader.reap()

    def _read(self, path: str, before: Facts | None) -> Facts:
        facts = self._reader.read(path, int(time.time()))
        if facts.problems and (before is None or before.problems != facts.problems):
            self._logger.warning("repository_unread", repo=path, problems=facts.problems)
        return _redacted(facts)


def _redacted(facts: Facts) -> Facts:
    """Commit messages and addresses hold secrets as transcripts do."""
    (cleaned,) = redact_events([msgspec.json.encode(facts)])
    return msgspec.json.decode(cleaned, type=Facts)
