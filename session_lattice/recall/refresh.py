"""Has the puller pull now, and waits until what it found is served."""

import asyncio
import os
import signal
import time
from contextlib import suppress

from session_lattice import heartbeat
from session_lattice.recall.home import RecallHome
from session_lattice.recall.scan import Scanner

REFRESH_SECONDS = 60.0
"""How long one refresh may take before who asked is answered without it."""

BEAT_SECONDS = 0.05
"""Between two looks at the puller's heartbeat."""


class Refresh:
    """One refresh at a time; whoever asks meanwhile waits for the one that is under way."""

    def __init__(self, home: RecallHome, scanner: Scanner, seconds: float = REFRESH_SECONDS):
        self._home = home
        self._scanner = scanner
        self._seconds = seconds
        self._under_way: asyncio.Task[None] | None = None

    async def __call__(self) -> bool:
        """Whether a pull and a scan that began after this call, or joined it, have ended."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._run())
        done, _ = await asyncio.wait({self._under_way}, timeout=self._seconds)
        return any(not one.cancelled() and one.exception() is None for one in done)

    def stop(self) -> None:
        if self._under_way:
            self._under_way.cancel()

    async def _run(self) -> None:
        async with asyncio.timeout(self._seconds):
            await self._pulled()
            await self._scanner.scan()

    async def _pulled(self) -> None:
        """Ask the puller; one that is being started again is asked once it runs."""
        asked_at = time.time_ns() // 1000
        asked = 0
        while not self._ended_since(asked_at):
            pid = self._home.puller.puller_pid()
            if pid not in (0, asked):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGHUP)
                asked = pid
            await asyncio.sleep(BEAT_SECONDS)

    def _ended_since(self, asked_at: int) -> bool:
        beat = heartbeat.read(self._home.heartbeat)
        return bool(beat and beat.last_pull and beat.last_pull.started_at >= asked_at)
