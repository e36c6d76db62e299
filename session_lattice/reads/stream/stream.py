"""GET /events: server-sent events, from any cursor on, for as long as the client wishes."""

import asyncio
from contextlib import suppress
from typing import Any

from starlette.types import Receive, Scope, Send

from session_lattice.errors import LatticeError, RequestError
from session_lattice.log.cursor import Cursor
from session_lattice.reads.metrics import Metrics
from session_lattice.reads.problems import OverloadedError, of_error
from session_lattice.reads.stream.client import Client
from session_lattice.reads.stream.frames import Batch
from session_lattice.reads.stream.limits import DECIDE_SECONDS, END_SECONDS, Limits
from session_lattice.reads.stream.log import SharedLog
from session_lattice.reads.stream.place import Place
from session_lattice.reads.stream.readers import Readers
from session_lattice.reads.stream.request import wanted
from session_lattice.reads.stream.tailer import Tailer

EVENTS_PATH = "/events"

RETRY_SECONDS = 1.0
"""Before a client's read that failed is tried again, unless the log is back sooner."""

TICKS = 8
"""Looks at all clients within the shortest of the times that they are given."""

MAX_TICK_SECONDS = 1.0
POLL_SECONDS = 0.02

TRANSPORT = "session_lattice.transport"
METHOD = "session_lattice.method"
"""Extensions of the scope: the connection's asyncio.Transport, and the method as it was sent."""

UNREADABLE = Batch()


class Stream:
    """The ASGI application behind /events.

    A client is one task that sends what comes next from its place, from the log or, once it
    has all that there is, from the tailer's ring. It has no queue: while it is slow it is
    not read for.
    """

    def __init__(self, log: SharedLog, metrics: Metrics, limits: Limits) -> None:
        self._log = log
        self._metrics = metrics
        self._limits = limits
        self._clients: set[Client] = set()
        self._tailer = Tailer(log, limits, metrics.tail_lag_seconds, self._wake)
        self._readers = Readers()
        self._ending = False
        shortest = min(limits.ping_seconds, limits.send_seconds)
        self._tick_seconds = min(MAX_TICK_SECONDS, shortest / TICKS)
        self._ticker: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            asked = wanted(scope)
            if len(self._clients) >= self._limits.max_streams:
                raise OverloadedError(
                    f"{len(self._clients)} streams are open", hint="come again in a moment"
                )
        except (RequestError, OverloadedError) as error:
            await of_error(error, scope["path"])(scope, receive, send)
            return
        extensions: dict[str, Any] = scope.get("extensions") or {}
        client = Client(send, extensions.get(TRANSPORT), self._metrics)
        if self._ending or extensions.get(METHOD) == b"HEAD":
            await client.start(None)
            await client.finish()
            return
        place = Place(asked.start, asked.stream, asked.types, self._limits)
        self._enter(client)
        try:
            async with client.present(receive):
                await self._serve(client, place)
        finally:
            self._leave(client)

    async def end(self) -> None:
        """End all streams, so that their clients come again; those that do not read are cut."""
        self._ending = True
        self._wake()
        loop = asyncio.get_running_loop()
        until, clients = loop.time() + END_SECONDS, list(self._clients)
        while any(client.busy for client in clients) and loop.time() < until:
            await asyncio.sleep(POLL_SECONDS)
        for client in clients:
            if client.busy:
                client.cut()

    async def close(self) -> None:
        """Give the threads back; the log is closed."""
        self._ending = True
        await self._tailer.close()
        self._readers.close()

    async def _serve(self, client: Client, place: Place) -> None:
        if place.stream is not None and await self._is_over(place):
            await client.refuse()
            return
        await client.start(await self._settled(place))
        replaying = True
        while not (self._ending or place.ended):
            version = self._tailer.version
            batch = place.next(self._tailer.ring)
            if batch is None:
                batch = await self._read(client, place)
            if batch.body:
                await client.send(batch)
            elif batch is not UNREADABLE and replaying:
                replaying = False
                self._metrics.replays.observe(place.replayed)
            if not batch.body and not place.ended:
                await self._idle(client, version)
        if replaying and place.ended:
            self._metrics.replays.observe(place.replayed)
        await client.finish()

    async def _is_over(self, place: Place) -> bool:
        """Whether the client has all of a stream that ended; no, as long as nobody can say."""
        with suppress(LatticeError, TimeoutError):
            async with asyncio.timeout(DECIDE_SECONDS):
                return await self._readers.call(place.over, self._log)
        return False

    async def _settled(self, place: Place) -> Cursor | None:
        """What "from now" means, fixed before the client is told that it is connected.

        None where the client named a place itself, and where the log cannot tell.
        """
        if place.at != "latest":
            return None
        with suppress(LatticeError, TimeoutError):
            async with asyncio.timeout(DECIDE_SECONDS):
                place.at = at = await self._readers.call(place.settle, self._log)
                return at
        return None

    async def _read(self, client: Client, place: Place) -> Batch:
        newest = self._tailer.ring.cursor
        try:
            return await self._readers.call(place.read, self._log, newest)
        except LatticeError:
            # The tailer wakes everybody once it can read; what failed here alone is tried again.
            asyncio.get_running_loop().call_later(RETRY_SECONDS, client.wake)
            return UNREADABLE

    async def _idle(self, client: Client, version: int) -> None:
        """Wait for news since `version`, or until it has been silent for too long."""
        if version == self._tailer.version and not self._ending:
            await client.wait()
        if client.silent_seconds >= self._limits.ping_seconds:
            await client.ping()

    def _wake(self) -> None:
        for client in self._clients:
            client.wake()

    def _enter(self, client: Client) -> None:
        self._clients.add(client)
        self._metrics.streams_open.set(len(self._clients))
        self._tailer.enter()
        if self._ticker is None:
            self._tick()

    def _leave(self, client: Client) -> None:
        self._clients.discard(client)
        self._metrics.streams_open.set(len(self._clients))
        self._tailer.leave()
        if not self._clients and self._ticker:
            self._ticker.cancel()
            self._ticker = None

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self._ticker = loop.call_later(self._tick_seconds, self._tick)
        self._tailer.ensure()
        for client in self._clients:
            if client.stuck_seconds() >= self._limits.send_seconds:
                self._metrics.slow_clients_cut.inc()
                client.cut()
            elif client.silent_seconds >= self._limits.ping_seconds:
                client.wake()
