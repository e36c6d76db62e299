"""How long to wait before trying again."""

import random
from threading import Event

MIN_SECONDS = 0.05
"""Whatever a peer asks for, it is not asked again sooner."""

JITTER = 0.5
"""Of a wait, left to chance: many clients of one server do not come back at once."""

MAX_DOUBLINGS = 16


class Backoff:
    """Waits that double from `first` to `most` seconds, until something works again."""

    def __init__(self, first: float, most: float) -> None:
        self.first = first
        self._most = most
        self._failures = 0

    def worked(self) -> None:
        self._failures = 0

    def seconds(self, at_least: float = 0.0) -> float:
        """How long to wait after one more failure; `at_least` is the peer's own wish."""
        doubled = max(self.first, MIN_SECONDS) * 2.0 ** min(self._failures, MAX_DOUBLINGS)
        self._failures += 1
        capped = min(doubled, self._most) * (1 - JITTER * random.random())
        return min(max(capped, at_least, MIN_SECONDS), self._most)

    def wait(self, at_least: float = 0.0) -> None:
        """Nothing but a signal ends it early."""
        Event().wait(self.seconds(at_least))
