"""Reads the log in Redis, a chunk per script."""

import time
from typing import Any, cast
from urllib.parse import quote

import msgspec
import redis

from session_lattice.errors import LogError
from session_lattice.events import Envelope
from session_lattice.log.base import (
    READ_BYTES,
    READ_LIMIT,
    WAIT_SECONDS,
    Bounds,
    Size,
    number_of,
)
from session_lattice.log.redis_server import PREFIX, Server

CHUNK_EVENTS = 1000
"""Events that one script returns at most: while it runs, the server answers nobody else."""

CHUNK_BYTES = 1024 * 1024
"""Bytes of event data that it returns at most, give or take its last event."""

SLICE_SECONDS = 0.25
"""How long the server is waited for in one go: it does not tell when it is flushed."""

SAMPLES = 100
"""Nodes of the feed whose size is looked at; the others are taken to be like them."""

_FEED = f"{PREFIX}feed"
_MARKS = f"{PREFIX}marks"

Head = tuple[str, int, str, bool, str]
"""Stream, ts, type, terminal and origin, kept as JSON with an event's data."""

_heads = msgspec.json.Decoder(Head)


def checkpoints_of(origin: str, source: str) -> str:
    """Which checkpoints: two machines may each have a source of that name."""
    return f"{quote(origin, safe='')}/{quote(source, safe='')}"


class Reader:
    """Asks; it never writes."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def bounds(self, stream: str | None = None) -> Bounds | None:
        """None where there is no log."""
        found = self._server.run("bounds", *_given(stream))
        if found is None:
            return None
        epoch, oldest, newest, ended = found
        return Bounds(epoch.decode(), oldest, newest, bool(ended))

    def checkpoints(self, origin: str, source: str) -> dict[str, bytes]:
        key = f"{PREFIX}checkpoints:{checkpoints_of(origin, source)}"
        found = self._server.call(lambda client: client.hgetall(key))
        return {cast(bytes, name).decode(): cast(bytes, found[name]) for name in found}

    def latest(self, stream_prefix: str, terminal: bool) -> Envelope | None:
        position = self._server.run("latest", stream_prefix, "ended" if terminal else "newest")
        found = self.read(position - 1, 1, None) if position else []
        return found[0] if found and found[0].position == position else None

    def read(self, after: int, limit: int, stream: str | None) -> list[Envelope]:
        found: list[Envelope] = []
        limit, size, last = min(limit, READ_LIMIT), 0, max(after, 0)
        while len(found) < limit and size < READ_BYTES:
            count = min(CHUNK_EVENTS, limit - len(found))
            room = min(CHUNK_BYTES, READ_BYTES - size)
            chunk = self._chunk(last, count, room, stream)
            # Between two chunks the log may have been trimmed.
            if not chunk or (found and number_of(chunk[0], stream) != last + 1):
                break
            found += chunk
            last = number_of(chunk[-1], stream)
            got = sum(len(event.data) for event in chunk)
            size += got
            if len(chunk) < count and got < room:
                break
        return found

    def _chunk(self, after: int, count: int, room: int, stream: str | None) -> list[Envelope]:
        flat = iter(self._server.run("read", after, count, room, *_given(stream)))
        envelopes = []
        for position, seq, head, data in zip(flat, flat, flat, flat, strict=True):
            name, ts, type_, terminal, origin = _heads.decode(head)
            envelopes.append(Envelope(position, name, seq, ts, type_, terminal, origin, data))
        return envelopes

    def wait(self, seen: Bounds, seconds: float) -> Bounds | None:
        end = time.monotonic() + min(seconds, WAIT_SECONDS)
        try:
            while True:
                bounds = self.bounds()
                left = end - time.monotonic()
                if bounds is None or (bounds.epoch, bounds.newest) != (seen.epoch, seen.newest):
                    return bounds
                if left <= 0 or self._server.closing.is_set():
                    return bounds
                self._block(seen.newest, min(left, SLICE_SECONDS))
        except LogError:
            if self._server.closing.is_set():
                return seen
            raise

    def _block(self, position: int, seconds: float) -> None:
        # 0 would be for ever.
        milliseconds = max(1, int(seconds * 1000))
        self._server.call(
            lambda client: client.xread({_FEED: f"{position}-0"}, count=1, block=milliseconds)
        )

    def size(self) -> Size:
        size, length, marks = self._server.call(_measured)
        oldest_at = int(marks[0].rpartition(b":")[2]) if length and marks else None
        return Size(size or 0, oldest_at)


def _given(stream: str | None) -> tuple[str, ...]:
    return () if stream is None else (stream,)


def _measured(client: "redis.Redis") -> list[Any]:
    with client.pipeline() as pipeline:
        pipeline.memory_usage(_FEED, samples=SAMPLES)
        pipeline.xlen(_FEED)
        pipeline.zrange(_MARKS, 0, 0)
        return pipeline.execute()
