"""Turns reads into responses: kept per generation, the same read done once at a time."""

import asyncio
import time
from contextlib import suppress

import duckdb

from session_lattice.errors import LatticeError
from session_lattice.reads.cache import AnswerCache, Body, Headers, Key, Make
from session_lattice.reads.freshness import HeartbeatReader, age_seconds, source_at
from session_lattice.reads.pool import ReadPool
from session_lattice.reads.snapshot import Served, Snapshot
from session_lattice.reads.times import from_micros, iso

HEADER = b"x-session-lattice-"
PREPARED = 8
"""Answers of the last generation that are made anew before the next one is served ..."""

PREPARE_SECONDS = 0.1
"""... while there is time: none is begun later than this."""

Answered = tuple[Served, Body]


class Answers:
    """Finds or makes the body for a request; used by the event loop's thread alone."""

    def __init__(self, pool: ReadPool, beats: HeartbeatReader) -> None:
        self._pool = pool
        self._beats = beats
        self._cache = AnswerCache()
        self._under_way: dict[tuple[int, Key], asyncio.Task[Answered]] = {}
        self._source: tuple[int, bytes] = (-1, b"")
        pool.snapshots.prepare = self._prepare

    def kept(self, key: Key) -> Answered | None:
        """The answer, if it was given before in the generation that is served now."""
        served = self._pool.snapshots.look()
        if served is None:
            return None
        body = self._cache.get(served, key)
        if body is None and key in served.prepared:
            body, make = served.prepared[key]
            self._cache.put(served, key, body, make)
        return (served, body) if body else None

    def _prepare(self, snapshot: Snapshot) -> dict[Key, tuple[Body, Make]]:
        """The answers that are asked for most, before the generation is served.

        Without them, everybody who asks just after a new generation waits for the same reads.
        """
        prepared = {}
        until = time.monotonic() + PREPARE_SECONDS
        for key, make in self._cache.hottest(PREPARED):
            if time.monotonic() > until:
                break
            with suppress(LatticeError, duckdb.Error):
                # Whoever asks for it next is told what is wrong.
                prepared[key] = (make(snapshot), make)
        return prepared

    async def made(self, key: Key, make: Make) -> Answered:
        """The answer, made in the pool; whoever asks the same of this generation shares it.

        Of the one that is served, not of the one that the pointer names: what was begun before
        a generation took over is no answer for who has seen that generation.
        """
        flight = (self._pool.snapshots.serial, key)
        task = self._under_way.get(flight)
        if task is None:
            task = asyncio.create_task(self._make(key, make))
            self._under_way[flight] = task
            task.add_done_callback(lambda done: self._forget(flight, done))
        return await asyncio.shield(task)

    async def _make(self, key: Key, make: Make) -> Answered:
        served, body = await self._pool.run(lambda snapshot: (snapshot.served, make(snapshot)))
        self._cache.put(served, key, body, make)
        return served, body

    def _forget(self, flight: tuple[int, Key], done: asyncio.Task[Answered]) -> None:
        del self._under_way[flight]
        if not done.cancelled():
            # Everybody who asked may have gone: a failure is then nobody's.
            done.exception()

    def parts(self, answered: Answered, if_none_match: bytes) -> tuple[int, Headers, bytes]:
        """Status, headers and body as of now; 304 without a body if the client has it."""
        served, body = answered
        age, source = self._age(served)
        headers = [
            *body.headers,
            (HEADER + b"age-seconds", age),
            (HEADER + b"source-at", source),
        ]
        if if_none_match and body.etag and _matches(if_none_match, body.etag):
            return 304, headers, b""
        if body.tail is None:
            content = body.head
        else:
            content = b'%b%b,"source_at":"%b"}%b' % (body.head, age, source, body.tail)
        headers.append((b"content-length", b"%d" % len(content)))
        return 200, headers, content

    def _age(self, served: Served) -> tuple[bytes, bytes]:
        at = source_at(served, self._beats.beat())
        if self._source[0] != at:
            self._source = (at, iso(from_micros(at)).encode())
        return b"%.3f" % age_seconds(at), self._source[1]


def _matches(if_none_match: bytes, etag: bytes) -> bool:
    """Weak comparison with each of the tags that the client has."""
    if if_none_match.strip() == b"*":
        return True
    opaque = etag.removeprefix(b"W/")
    return any(tag.strip().removeprefix(b"W/") == opaque for tag in if_none_match.split(b","))
