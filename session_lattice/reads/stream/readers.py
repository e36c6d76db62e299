"""The few threads that read from the log for clients that are not at its end."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

THREADS = 2

Result = TypeVar("Result")


class Readers:
    """Runs reads off the event loop, in turn; a client has one at most, which bounds the queue.

    The threads are daemons: the process waits for those of an executor when it ends, and a log
    at the other end of a network may be silent for longer than that should take.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._started = False

    async def call(self, work: Callable[..., Result], *arguments: object) -> Result:
        """What `work` returns or raises."""
        if not self._started:
            self._started = True
            for number in range(THREADS):
                threading.Thread(target=self._run, name=f"stream-{number}", daemon=True).start()
        job = _Job(work, arguments)
        self._jobs.put(job)
        result: Result = await job.future
        return result

    def close(self) -> None:
        """The threads end behind what they have begun."""
        for _ in range(THREADS if self._started else 0):
            self._jobs.put(None)

    def _run(self) -> None:
        while job := self._jobs.get():
            job.run()


class _Job:
    def __init__(self, work: Callable[..., Any], arguments: tuple[object, ...]) -> None:
        self._work = work
        self._arguments = arguments
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self._loop.create_future()

    def run(self) -> None:
        if self.future.cancelled():
            return
        try:
            result, error = self._work(*self._arguments), None
        except Exception as raised:
            result, error = None, raised
        # The loop may have ended meanwhile, and then nobody waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: Any, error: Exception | None) -> None:
        if self.future.cancelled():
            return
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)
