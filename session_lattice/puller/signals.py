"""What signals ask of the puller: to stop, to pull now, to cancel the pull under way."""

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

DRAIN_BYTES = 4096
"""Of wake-up bytes taken from the pipe at once; what is left wakes once more."""


class Signals:
    """Takes SIGTERM and SIGINT (stop), SIGHUP (pull now) and SIGUSR1 (cancel) for a block.

    Plain flags and a pipe, because a handler interrupts its own thread anywhere, even inside a
    lock that an event or a queue would take again; and one that comes just before the thread
    blocks would run only after it.
    """

    def __init__(self) -> None:
        self.stopping = False
        self.asked = False
        self.cancelled = False
        self._ends: tuple[int, int] | None = None
        self._woken = -1
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Signals":
        self._ends = os.pipe()
        for end in self._ends:
            os.set_blocking(end, False)
        handlers: dict[signal.Signals, Callable[..., None]] = {
            signal.SIGTERM: self._stop,
            signal.SIGINT: self._stop,
            signal.SIGHUP: self._ask,
            signal.SIGUSR1: self._cancel,
        }
        self._woken = signal.set_wakeup_fd(self._ends[1], warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, take) for number, take in handlers.items()}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        signal.set_wakeup_fd(self._woken)
        ends, self._ends = self._ends, None
        for end in ends or ():
            os.close(end)

    def over(self) -> bool:
        """Whether the pull under way is to end."""
        return self.stopping or self.cancelled

    def wait(self, seconds: float) -> None:
        """Until a stop or a pull is asked for, but no longer than `seconds`."""
        end = time.monotonic() + seconds
        while not (self.stopping or self.asked) and (left := end - time.monotonic()) > 0:
            assert self._ends is not None
            select.select([self._ends[0]], [], [], left)
            with suppress(BlockingIOError):
                os.read(self._ends[0], DRAIN_BYTES)

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _ask(self, *_: object) -> None:
        self.asked = True

    def _cancel(self, *_: object) -> None:
        self.cancelled = True
