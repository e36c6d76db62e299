"""When an upstream that fails is asked again, and what is said of it meanwhile."""

import time
from enum import Enum

from session_lattice.errors import UpstreamError
from session_lattice.sources.base import Trouble

FAILURES_TO_OPEN = 3
"""Pulls in a row that fail before a pull no longer counts as failed for it."""


class Verdict(Enum):
    """What a pull may do: ask for all there is, ask one cheap question, or nothing."""

    ASK = "ask"
    PROBE = "probe"
    WAIT = "wait"


class Circuit:
    """Closed while the upstream works; open once it failed FAILURES_TO_OPEN times in a row.

    Open, it lets one cheap question through in each pull, until one is answered.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._patience_until = 0.0
        self.trouble: Trouble | None = None

    @property
    def open(self) -> bool:
        return self._failures >= FAILURES_TO_OPEN

    def verdict(self) -> Verdict:
        if time.monotonic() < self._patience_until:
            return Verdict.WAIT
        return Verdict.PROBE if self.open else Verdict.ASK

    def failed(self, error: UpstreamError) -> None:
        """Remember since when; the last failure is the one that is told."""
        self._failures += 1
        self._patience_until = time.monotonic() + (error.retry_after_seconds or 0.0)
        since = self.trouble.since if self.trouble else time.time_ns() // 1000
        self.trouble = Trouble(error.what, error.hint, since)

    def succeeded(self) -> None:
        self._failures = 0
        self._patience_until = 0.0
        self.trouble = None
