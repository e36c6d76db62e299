"""How long a pull may go on."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from session_lattice.errors import PullCancelledError, PullTimeoutError

INTERRUPT_SECONDS = 1.0
"""Between two interrupts of a statement past the deadline: one between two statements is lost."""


class CancelScope:
    """Over when `cancelled` says so or `seconds` have passed; may be asked from any thread.

    `doing` names what is under way, for the error that tells of the deadline.
    """

    def __init__(self, seconds: float, cancelled: Callable[[], bool]) -> None:
        self._seconds = seconds
        self._cancelled = cancelled
        self._deadline = time.monotonic() + seconds
        self.doing = "starting"

    @property
    def expired(self) -> bool:
        return time.monotonic() >= self._deadline

    def over(self) -> bool:
        return self._cancelled() or self.expired

    def check(self) -> None:
        """Raise PullCancelledError or PullTimeoutError when it is over; else nothing."""
        if self._cancelled():
            raise PullCancelledError("the pull was cancelled")
        if self.expired:
            raise self.timeout()

    def timeout(self) -> PullTimeoutError:
        return PullTimeoutError(
            f"after {self._seconds:g} s the pull was still {self.doing}",
            hint="the next pull goes on from there; SESSION_LATTICE_PULL_SECONDS allows more time",
        )

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Call `interrupt` from another thread while the block goes on past the deadline."""
        left = threading.Event()
        watch = threading.Thread(
            target=self._watch, args=(left, interrupt), name="deadline", daemon=True
        )
        watch.start()
        try:
            yield
        finally:
            left.set()
            watch.join()

    def _watch(self, left: threading.Event, interrupt: Callable[[], None]) -> None:
        pause = max(0.0, self._deadline - time.monotonic())
        while not left.wait(pause):
            interrupt()
            pause = INTERRUPT_SECONDS
