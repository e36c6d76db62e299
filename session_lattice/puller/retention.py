"""Gives old events up once a generation holds what they told."""

import time
from collections.abc import Callable

from session_lattice.log.base import EventLog
from session_lattice.puller.pull import now_us

TRIM_EVENTS = 5_000
"""Events deleted in one transaction."""

TRIM_STEPS = 40
"""Transactions in a row at most; the next look goes on."""

TRIM_INTERVAL_SECONDS = 60.0
"""Between two looks for what is old enough."""

DAY_US = 86_400_000_000


class Retention:
    """Trims the log by age, now and then."""

    def __init__(self, days: float, *, interval_seconds: float = TRIM_INTERVAL_SECONDS) -> None:
        self._days = days
        self._interval_seconds = interval_seconds
        self._looked_at = -interval_seconds

    def trim(self, log: EventLog, up_to: int, over: Callable[[], bool]) -> int:
        """Delete what is too old, only up to position `up_to`; how many events there were.

        Ends between two steps once `over` says so. Raises LogError.
        """
        if time.monotonic() - self._looked_at < self._interval_seconds:
            return 0
        before = now_us() - int(self._days * DAY_US)
        trimmed = 0
        for _ in range(TRIM_STEPS):
            some = 0 if over() else log.trim(before=before, up_to=up_to, limit=TRIM_EVENTS)
            trimmed += some
            if not some:
                self._looked_at = time.monotonic()
                break
        return trimmed
