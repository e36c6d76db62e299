"""The event log of a single process, for tests: the same contract, nothing durable."""

import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from session_lattice.events import Envelope
from session_lattice.log.base import READ_BYTES, READ_LIMIT, Bounds, Encoded, refuse_newlines


class MemoryEventLog:
    """An EventLog that lives and dies with the object."""

    def __init__(self, *, origin: str = "") -> None:
        self._origin = origin
        self._epoch = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._events: list[Envelope] = []
        self._keys: set[str] = set()
        self._seqs: Counter[str] = Counter()
        self._checkpoints: dict[str, dict[str, bytes]] = {}

    @property
    def epoch(self) -> str:
        return self._epoch

    def append(
        self,
        events: Sequence[Encoded],
        checkpoints: Mapping[str, Mapping[str, bytes | None]],
    ) -> int:
        refuse_newlines(events)
        with self._lock:
            fresh = [event for event in events if self._is_new(event)]
            for event in fresh:
                self._add(event)
            for source, values in checkpoints.items():
                self._keep(source, values)
        return len(fresh)

    def _is_new(self, event: Encoded) -> bool:
        known = event.key in self._keys
        self._keys.add(event.key)
        return not known

    def _add(self, event: Encoded) -> None:
        self._seqs[event.stream] += 1
        self._events.append(
            Envelope(
                position=len(self._events) + 1,
                stream=event.stream,
                seq=self._seqs[event.stream],
                ts=event.ts,
                type=event.type,
                terminal=event.terminal,
                origin=self._origin,
                data=event.data,
            )
        )

    def _keep(self, source: str, values: Mapping[str, bytes | None]) -> None:
        kept = self._checkpoints.setdefault(source, {})
        for key, value in values.items():
            if value is None:
                kept.pop(key, None)
            else:
                kept[key] = value

    def checkpoints(self, source: str) -> dict[str, bytes]:
        with self._lock:
            return dict(self._checkpoints.get(source, {}))

    def bounds(self) -> Bounds:
        with self._lock:
            return Bounds(min(1, len(self._events)), len(self._events))

    def read(
        self, after: int, *, limit: int = READ_LIMIT, stream: str | None = None
    ) -> list[Envelope]:
        with self._lock:
            later = self._events[max(0, after) :]
        wanted = (event for event in later if stream is None or event.stream == stream)
        return _bounded(wanted, min(limit, READ_LIMIT))

    def latest(self, stream_prefix: str, *, terminal: bool) -> Envelope | None:
        with self._lock:
            events = reversed(self._events.copy())
        found = (e for e in events if e.stream.startswith(stream_prefix))
        return next((e for e in found if e.terminal or not terminal), None)

    def close(self) -> None:
        pass


def _bounded(events: Iterable[Envelope], limit: int) -> list[Envelope]:
    kept: list[Envelope] = []
    size = 0
    for event in events:
        if len(kept) >= limit or size >= READ_BYTES:
            break
        kept.append(event)
        size += len(event.data)
    return kept
