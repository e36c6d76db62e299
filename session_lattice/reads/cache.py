"""Answers kept per generation: it never changes, so neither do they but for their age."""

from dataclasses import dataclass
from typing import NamedTuple

from session_lattice.reads.snapshot import Served

MAX_ENTRIES = 512
MAX_BYTES = 4 * 1024 * 1024
"""Bytes of bodies kept altogether."""

MAX_ENTRY_BYTES = 512 * 1024
"""A larger body is made anew each time."""


class Key(NamedTuple):
    """A request as far as its answer goes; `query` is the query string as sent."""

    path: str
    query: bytes
    csv: bool


Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Body:
    """An answer's bytes around the place where its age is said, and its unchanging headers.

    `tail` is None where nothing is said in the body, as in CSV. `etag` is empty for what means
    something else a moment later, such as `since=24h`; that is not kept.
    """

    head: bytes
    tail: bytes | None
    headers: Headers
    etag: bytes

    @property
    def size(self) -> int:
        return len(self.head) + len(self.tail or b"")


class AnswerCache:
    """Bodies of one generation, the least recently used dropped first; one thread uses it."""

    def __init__(self) -> None:
        self._serial = 0
        self._bodies: dict[Key, Body] = {}
        self._bytes = 0

    def get(self, served: Served, key: Key) -> Body | None:
        """What was kept under `key` for the generation of `served`."""
        if served.serial != self._serial:
            return None
        body = self._bodies.pop(key, None)
        if body:
            self._bodies[key] = body
        return body

    def put(self, served: Served, key: Key, body: Body) -> None:
        """Keep it, unless a newer generation is being answered from or it is too large."""
        if served.serial > self._serial:
            self._serial, self._bytes = served.serial, 0
            self._bodies.clear()
        if served.serial < self._serial or body.size > MAX_ENTRY_BYTES or not body.etag:
            return
        replaced = self._bodies.pop(key, None)
        self._bytes += body.size - (replaced.size if replaced else 0)
        self._bodies[key] = body
        while self._bytes > MAX_BYTES or len(self._bodies) > MAX_ENTRIES:
            oldest = next(iter(self._bodies))
            self._bytes -= self._bodies.pop(oldest).size
