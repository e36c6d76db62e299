"""Answers kept per generation: it never changes, so neither do they but for their age."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from session_lattice.reads.snapshot import Served, Snapshot

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


Make = Callable[[Snapshot], Body]
"""Makes an answer anew, in whichever generation."""


class AnswerCache:
    """Bodies of one generation, the least recently used dropped first; one thread uses it.

    Only `hottest` may be called from another.
    """

    def __init__(self) -> None:
        self._serial = 0
        self._kept: dict[Key, tuple[Body, Make]] = {}
        self._bytes = 0

    def get(self, served: Served, key: Key) -> Body | None:
        """What was kept under `key` for that generation."""
        if served.serial != self._serial:
            return None
        kept = self._kept.pop(key, None)
        if kept is None:
            return None
        self._kept[key] = kept
        return kept[0]

    def put(self, served: Served, key: Key, body: Body, make: Make) -> None:
        """Keep it, unless a newer generation is being answered from or it is too large."""
        if served.serial > self._serial:
            self._serial, self._bytes = served.serial, 0
            self._kept = {}
        if served.serial < self._serial or body.size > MAX_ENTRY_BYTES or not body.etag:
            return
        replaced = self._kept.pop(key, None)
        self._bytes += body.size - (replaced[0].size if replaced else 0)
        self._kept[key] = (body, make)
        while self._bytes > MAX_BYTES or len(self._kept) > MAX_ENTRIES:
            oldest = next(iter(self._kept))
            self._bytes -= self._kept.pop(oldest)[0].size

    def hottest(self, count: int) -> list[tuple[Key, Make]]:
        """What was asked for last, the very last first."""
        latest = list(self._kept.items())[-count:]
        return [(key, make) for key, (_, make) in reversed(latest)]
