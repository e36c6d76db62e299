"""One client of a stream: its connection, and what is known of how it reads."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Receive, Send

from session_lattice.log.cursor import Cursor
from session_lattice.reads.metrics import Metrics
from session_lattice.reads.stream.frames import PING, Batch, opening

AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time."""

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Client:
    """Made by the task that serves it. `transport` is None where the server tells of none."""

    def __init__(self, send: Send, transport: asyncio.Transport | None, metrics: Metrics) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._send = send
        self._transport = transport
        self._metrics = metrics
        self._time = asyncio.get_running_loop().time
        self._waiter: asyncio.Future[None] | None = None
        self._gone = False
        self._sent_at = self._moved_at = self._time()
        self._sent_bytes = 0
        self._taken_bytes = 0

    @property
    def silent_seconds(self) -> float:
        return self._time() - self._sent_at

    @property
    def busy(self) -> bool:
        """Whether it is being served, or has not taken all that it was sent."""
        return not self._task.done() or self._unsent() > 0

    def stuck_seconds(self) -> float:
        """For how long it has taken none of the bytes that wait for it, as of this look."""
        left = self._unsent()
        taken = self._sent_bytes - left
        if not left or taken > self._taken_bytes:
            self._moved_at = self._time()
        self._taken_bytes = taken
        return self._time() - self._moved_at

    @asynccontextmanager
    async def present(self, receive: Receive) -> AsyncIterator[None]:
        """The block ends when the client goes, wherever it waits."""
        watching = asyncio.create_task(self._watch(receive))
        try:
            yield
        except asyncio.CancelledError:
            if not self._gone:
                raise
            self._task.uncancel()
        finally:
            watching.cancel()

    async def start(self, at: Cursor | None) -> None:
        """The head, and where the client stands, should it drop before its first event."""
        await self._send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await self._write(opening(at))

    async def refuse(self) -> None:
        """204, which tells an EventSource to come no more."""
        await self._send({"type": "http.response.start", "status": 204, "headers": HEADERS[1:2]})
        await self._send({"type": "http.response.body", "body": b""})

    async def send(self, batch: Batch) -> None:
        """Returns once the connection takes more."""
        await self._write(batch.body)
        if batch.events:
            self._metrics.events_sent.inc(batch.events)
        if batch.reset:
            self._metrics.resets.labels(batch.reset).inc()

    async def ping(self) -> None:
        await self._write(PING)

    async def finish(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})

    async def wait(self) -> None:
        """Until `wake` is called."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def cut(self) -> None:
        """End the connection without a word: what it was sent would never be taken."""
        if self._transport is not None:
            # Else the kernel keeps what it has for the client, megabytes and for minutes.
            if (connection := self._transport.get_extra_info("socket")) is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            self._transport.abort()
        else:
            self._go()

    async def _write(self, body: bytes) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        self._sent_at = self._time()
        self._sent_bytes += len(body)
        self._metrics.bytes_sent.inc(len(body))

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._go()

    def _go(self) -> None:
        self._gone = True
        self._task.cancel()

    def _unsent(self) -> int:
        if self._transport is None or self._transport.is_closing():
            return 0
        return self._transport.get_write_buffer_size()
