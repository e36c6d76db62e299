"""Appends to the log in Redis, a batch per script."""

import secrets
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import msgspec

from session_lattice.errors import LogError, LogLostError
from session_lattice.log.base import MARK_SECONDS, Clock, Encoded, refuse_line_breaks
from session_lattice.log.keys import key_hashes
from session_lattice.log.redis_reader import checkpoints_of
from session_lattice.log.redis_server import Server

LEASE_MILLISECONDS = 30_000
"""How long a stream stays this producer's after its last event."""

LEASES = 65_536
"""Streams remembered for their lease to be given up on closing; others' end by themselves."""

ANSWER_MILLISECONDS = 60_000
"""How long the answer to the last call is kept, should the call come again."""

KEY_SETS = 65_536
"""Sets that share the hashes of all keys. Redis packs a set of up to 512 integers at 8 bytes
each, so they are small up to 33 million keys."""

MARK_MICROS = int(MARK_SECONDS * 1e6)

_encoder = msgspec.msgpack.Encoder()
_json = msgspec.json.Encoder()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What `append.lua` takes. `position` is the last that the server is known to have had.

    `holder` is whose the leases are, `producer` the object that calls: leases outlast a puller
    that was killed, and are the next one's on the same home at once.

    Each event is the number of its stream in `streams`, from 1, the set and the hash of its
    key, whether it is terminal and its head. Its data and the values of checkpoints are
    arguments of the script; a checkpoint has the number of its value, None to be deleted.
    """

    holder: str
    producer: str
    call: int
    epoch: str
    next_epoch: str
    position: int
    now: int
    mark_micros: int = MARK_MICROS
    lease_ms: int
    answer_ms: int = ANSWER_MILLISECONDS
    streams: list[str]
    events: list[tuple[int, int, str, bool, str]]
    checkpoints: dict[str, list[tuple[str, int | None]]]


class Writer:
    """One producer: it knows the life of the log that it appends to, and notices another."""

    def __init__(self, server: Server, origin: str, holder: str, clock: Clock) -> None:
        self._server = server
        self._origin = origin
        self._clock = clock
        self._producer = secrets.token_hex(8)
        self._holder = holder or self._producer
        self._lock = threading.Lock()
        self._calls = 0
        self._leases: dict[str, float] = {}
        server.check()
        self._epoch, self._position = self.begin()

    def begin(self, how: str = "") -> tuple[str, int]:
        """The epoch and position of the log that is there; it is begun if there is none."""
        epoch, position = self._server.run("life", secrets.token_hex(8), how)
        return epoch.decode(), position

    def renew(self) -> None:
        with self._lock:
            self._epoch, self._position = self.begin("renew")

    def append(
        self,
        events: Sequence[Encoded],
        checkpoints: Mapping[str, Mapping[str, bytes | None]],
    ) -> int:
        refuse_line_breaks(events)
        with self._lock:
            self._calls += 1
            blobs = [event.data for event in events]
            numbers = _numbered(checkpoints, blobs)
            request = self._request(events, numbers)
            outcome, *rest = self._server.run("append", _encoder.encode(request), *blobs)
            if outcome == b"lost":
                self._adopt()
            if outcome == b"held":
                self._refuse(rest[0].decode())
            self._position, new = rest[1:]
            self._lease(request.streams)
        return int(new)

    def _request(
        self,
        events: Sequence[Encoded],
        checkpoints: Mapping[str, list[tuple[str, int | None]]],
    ) -> Request:
        numbers = {name: i for i, name in enumerate(dict.fromkeys(e.stream for e in events), 1)}
        return Request(
            holder=self._holder,
            producer=self._producer,
            call=self._calls,
            epoch=self._epoch,
            next_epoch=secrets.token_hex(8),
            position=self._position,
            now=self._clock(),
            lease_ms=LEASE_MILLISECONDS,
            streams=list(numbers),
            events=[
                (numbers[e.stream], hash_ % KEY_SETS, str(hash_), e.terminal, self._head(e))
                for e, hash_ in zip(events, key_hashes(events), strict=True)
            ],
            checkpoints={
                checkpoints_of(self._origin, source): pairs for source, pairs in checkpoints.items()
            },
        )

    def _head(self, event: Encoded) -> str:
        head = (event.stream, event.ts, event.type, event.terminal, self._origin)
        return _json.encode(head).decode()

    def _adopt(self) -> None:
        self._epoch, self._position = self.begin()
        raise LogLostError(
            f"the event log {self._server.shown} was emptied, replaced or put back",
            hint="nothing needs to be done: what the log lacks is read again",
        )

    def _refuse(self, stream: str) -> None:
        raise LogError(
            f"the event log {self._server.shown}: another puller appends to {stream}",
            hint=f"stop the other puller; {LEASE_MILLISECONDS // 1000} s after its last event"
            " the stream is free",
        )

    def _lease(self, streams: Iterable[str]) -> None:
        """Remember whose leases may be held, the longest untouched first."""
        now = time.monotonic()
        for stream in streams:
            self._leases.pop(stream, None)
            self._leases[stream] = now
        while len(self._leases) > LEASES:
            del self._leases[next(iter(self._leases))]

    def trim(self, before: int, up_to: int, limit: int) -> int:
        return int(self._server.run("trim", before - MARK_MICROS, up_to, limit))

    def close(self) -> None:
        """Give up the leases. Where the server cannot be asked, they end by themselves."""
        with self._lock, suppress(LogError):
            oldest = time.monotonic() - LEASE_MILLISECONDS / 1000
            held = [stream for stream, since in self._leases.items() if since > oldest]
            if held:
                self._server.run("release", self._holder, _encoder.encode(held), patient=False)


def _numbered(
    checkpoints: Mapping[str, Mapping[str, bytes | None]], blobs: list[bytes]
) -> dict[str, list[tuple[str, int | None]]]:
    """Values go to the end of `blobs`; numbers are those of the script's arguments from 2."""
    numbered: dict[str, list[tuple[str, int | None]]] = {}
    for source, values in checkpoints.items():
        pairs = numbered.setdefault(source, [])
        for key, value in values.items():
            if value is not None:
                blobs.append(value)
            pairs.append((key, None if value is None else len(blobs) + 1))
    return numbered
