"""The few threads that read: a bounded number of reads, each with a deadline."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import duckdb

from session_lattice.reads.problems import OverloadedError, SlowQueryError
from session_lattice.reads.reading import read
from session_lattice.reads.snapshot import Snapshot, Snapshots

THREADS = 2
MAX_WAITING = 256
"""Reads that may be waiting or under way; a further one is refused at once."""

QUERY_SECONDS = 10.0
"""A read that takes longer, waiting included, is ended."""

INSIST_SECONDS = 0.25
"""An interrupt that comes between two statements is lost, so it is repeated this often."""

Result = TypeVar("Result")


class ReadPool:
    """Runs reads off the event loop, each on a snapshot of its own."""

    def __init__(self, snapshots: Snapshots, query_seconds: float = QUERY_SECONDS) -> None:
        self.snapshots = snapshots
        self._query_seconds = query_seconds
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="read")
        self._under_way = 0

    async def run(self, work: Callable[[Snapshot], Result]) -> Result:
        """What `work` returns. Raises OverloadedError, SlowQueryError and what `work` does."""
        deadline = _Deadline(asyncio.get_running_loop(), self._query_seconds)
        try:
            return await self.call(lambda: read(self.snapshots, work, deadline.watch))
        except duckdb.InterruptException as error:
            raise SlowQueryError(
                f"the read took more than {self._query_seconds:g} s",
                hint="filter more, or ask for fewer rows",
            ) from error
        finally:
            deadline.cancel()

    async def call(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, run in one of the threads. Raises OverloadedError."""
        if self._under_way >= MAX_WAITING:
            raise OverloadedError(
                f"{self._under_way} reads are waiting", hint="ask again in a moment"
            )
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._under_way -= 1

    def close(self) -> None:
        self._executor.shutdown(cancel_futures=True)
        self.snapshots.close()


class _Deadline:
    """Interrupts whatever statement the watched connection runs once the time is up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._lock = Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._passed = False
        self._timer = loop.call_later(seconds, self._pass)

    @contextmanager
    def watch(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        if self._passed:
            raise duckdb.InterruptException("the read waited too long")
        with self._lock:
            self._connection = connection
        try:
            yield
        finally:
            with self._lock:
                self._connection = None

    def cancel(self) -> None:
        self._timer.cancel()

    def _pass(self) -> None:
        self._passed = True
        with self._lock:
            if self._connection:
                self._connection.interrupt()
        self._timer = self._loop.call_later(INSIST_SECONDS, self._pass)
