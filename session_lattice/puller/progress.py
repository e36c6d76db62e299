"""Tells whoever watches how far a long pull is."""

import sys
import threading
import time
from collections.abc import Callable

import structlog

LONG_PULL_BYTES = 8 * 1024 * 1024
"""A pull that reads less than this is over before anyone wonders."""

LINE_SECONDS = 5.0
"""Between two log lines about one pull."""

BAR_WIDTH = 30
"""Characters of the progress bar."""


class Progress:
    """A bar that redraws itself on a terminal; elsewhere a log line every few seconds.

    Called from the thread that reads, it keeps the last figures for the heartbeat and for the
    pull that waits; both are 0 while nothing is read.
    """

    def __init__(self, on_step: Callable[[], None], *, terminal: bool | None = None) -> None:
        self._on_step = on_step
        self._terminal = sys.stderr.isatty() if terminal is None else terminal
        self._lock = threading.Lock()
        self._told_at = 0.0
        self._began = 0.0
        self.done_bytes = 0
        self.total_bytes = 0
        self._log = structlog.get_logger()

    def step(self, done: int, total: int) -> None:
        """`done` of `total` bytes are read."""
        with self._lock:
            if done < self.done_bytes or self.total_bytes == 0:
                self._began = self._told_at = time.monotonic()
            self.done_bytes, self.total_bytes = done, max(done, total)
            if self.total_bytes >= LONG_PULL_BYTES:
                self._tell()
        self._on_step()

    def clear(self) -> None:
        """Nothing is being read any more."""
        with self._lock:
            if not self.total_bytes:
                return
            if self._terminal and self.total_bytes >= LONG_PULL_BYTES:
                sys.stderr.write("\n")
            self.done_bytes = self.total_bytes = 0
        self._on_step()

    def _tell(self) -> None:
        now = time.monotonic()
        if self._terminal:
            self._draw(now)
        elif now - self._told_at >= LINE_SECONDS:
            self._told_at = now
            self._log.info(
                "pull_progress", done_bytes=self.done_bytes, total_bytes=self.total_bytes
            )

    def _draw(self, now: float) -> None:
        share = self.done_bytes / self.total_bytes
        bar = ("█" * int(share * BAR_WIDTH)).ljust(BAR_WIDTH, "·")
        speed = self.done_bytes / 1e6 / max(now - self._began, 0.1)
        sys.stderr.write(
            f"\r  reading transcripts {bar} {share:4.0%}  {self.done_bytes / 1e6:,.0f} of "
            f"{self.total_bytes / 1e6:,.0f} MB  {speed:,.0f} MB/s "
        )
        sys.stderr.flush()


class Unmeasured:
    """For a lane that cannot know beforehand how much it will read."""

    def step(self, done: int, total: int) -> None:
        """Nobody is told."""

    def clear(self) -> None:
        """Nothing was told."""
