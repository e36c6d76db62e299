"""The event log of a single process, for tests: the same contract, nothing durable."""

import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from session_lattice.events import Envelope
from session_lattice.log.base import (
    READ_BYTES,
    READ_LIMIT,
    WAIT_SECONDS,
    Bounds,
    Clock,
    Encoded,
    Size,
    number_of,
    refuse_line_breaks,
    system_clock,
)
from session_lattice.log.follow import Followable


class MemoryEventLog(Followable):
    """An EventLog that lives and dies with the object."""

    def __init__(self, *, origin: str = "", clock: Clock = system_clock) -> None:
        self._origin = origin
        self._clock = clock
        self._changed = threading.Condition()
        self._closed = False
        self._epoch = secrets.token_hex(8)
        self._events: list[Envelope] = []
        self._appended_at: list[int] = []
        self._position = 0
        self._keys: set[str] = set()
        self._seqs: Counter[str] = Counter()
        self._ended: set[str] = set()
        self._checkpoints: dict[str, dict[str, bytes]] = {}

    @property
    def epoch(self) -> str:
        return self._epoch

    def append(
        self,
        events: Sequence[Encoded],
        checkpoints: Mapping[str, Mapping[str, bytes | None]],
    ) -> int:
        refuse_line_breaks(events)
        with self._changed:
            fresh = [event for event in events if self._is_new(event)]
            now = self._clock()
            for event in fresh:
                self._add(event, now)
            for source, values in checkpoints.items():
                self._keep(source, values)
            self._changed.notify_all()
        return len(fresh)

    def _is_new(self, event: Encoded) -> bool:
        known = event.key in self._keys
        self._keys.add(event.key)
        return not known

    def _add(self, event: Encoded, now: int) -> None:
        self._position += 1
        self._seqs[event.stream] += 1
        if event.terminal:
            self._ended.add(event.stream)
        self._appended_at.append(now)
        self._events.append(
            Envelope(
                position=self._position,
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
        with self._changed:
            return dict(self._checkpoints.get(source, {}))

    def bounds(self, stream: str | None = None) -> Bounds:
        with self._changed:
            newest = self._position if stream is None else self._seqs[stream]
            kept = sum(stream is None or event.stream == stream for event in self._events)
            return Bounds(self._epoch, newest - kept + 1, newest, stream in self._ended)

    def read(
        self, after: int, *, limit: int = READ_LIMIT, stream: str | None = None
    ) -> list[Envelope]:
        with self._changed:
            events = self._events.copy()
        mine = (event for event in events if stream is None or event.stream == stream)
        later = (event for event in mine if number_of(event, stream) > after)
        return _bounded(later, min(limit, READ_LIMIT))

    def latest(self, stream_prefix: str, *, terminal: bool) -> Envelope | None:
        with self._changed:
            events = reversed(self._events.copy())
        found = (e for e in events if e.stream.startswith(stream_prefix))
        return next((e for e in found if e.terminal or not terminal), None)

    def wait(self, seen: Bounds, seconds: float) -> Bounds:
        def is_over() -> bool:
            return self._closed or (self._epoch, self._position) != (seen.epoch, seen.newest)

        with self._changed:
            self._changed.wait_for(is_over, timeout=min(seconds, WAIT_SECONDS))
        return self.bounds()

    def trim(self, *, before: int, up_to: int, limit: int) -> int:
        with self._changed:
            old = 0
            for event, at in zip(self._events, self._appended_at, strict=True):
                if at >= before or event.position > up_to or old >= limit:
                    break
                old += 1
            del self._events[:old], self._appended_at[:old]
        return old

    def size(self) -> Size:
        with self._changed:
            size = sum(len(event.data) for event in self._events)
            return Size(size, self._appended_at[0] if self._events else None)

    def renew(self) -> None:
        with self._changed:
            self._epoch = secrets.token_hex(8)
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _bounded(events: Iterable[Envelope], limit: int) -> list[Envelope]:
    kept: list[Envelope] = []
    size = 0
    for event in events:
        if len(kept) >= limit or size >= READ_BYTES:
            break
        kept.append(event)
        size += len(event.data)
    return kept
