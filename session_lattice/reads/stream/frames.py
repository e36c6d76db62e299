"""Events as server-sent events: bytes in, bytes out, no event decoded on the way."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from session_lattice.events import Envelope
from session_lattice.log.base import Reset
from session_lattice.log.cursor import Cursor
from session_lattice.reads.stream.limits import BATCH_BYTES
from session_lattice.reads.times import from_micros

RETRY_MILLISECONDS = 1000
"""How long a client waits before it connects again."""

PING = b": ping\n\n"

CACHE = 8192
"""Names, kinds and minutes that are kept encoded, of each."""

MINUTE_MICROS = 60_000_000
FIRST_MINUTE = -62_135_596_800 // 60
LAST_MINUTE = 253_402_300_799 // 60
"""The years 1 to 9999, which is what the format can say."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Types = frozenset[str] | None
"""Types of events that a client wants; None: all."""


class Batch(NamedTuple):
    """What is sent at once: `events` frames, made of the first `covered` events given.

    `reset`: why it is a reset instead, if it is one.
    """

    body: bytes = b""
    events: int = 0
    covered: int = 0
    reset: str = ""


NOTHING = Batch()


def batch(
    events: Sequence[Envelope],
    epoch: str,
    *,
    by_seq: bool,
    types: Types = None,
    max_bytes: int = BATCH_BYTES,
) -> Batch:
    """As many of the events as fit in `max_bytes`, one at least.

    Where the last one is none of `types`, an id without an event moves the client's cursor on.
    """
    life = epoch.encode()
    frames: list[bytes] = []
    size = covered = number = 0
    wanted = True
    for event in events:
        number = event.seq if by_seq else event.position
        wanted = types is None or event.type in types
        if wanted:
            frame = b"id: %b-%d\nevent: %b\ndata: %b\n\n" % (
                life,
                number,
                _name(event.type),
                data(event),
            )
            size += len(frame)
            if size > max_bytes and covered:
                break
            frames.append(frame)
        covered += 1
    tail = b"" if wanted else b"id: %b-%d\n\n" % (life, number)
    return Batch(b"".join(frames) + tail, len(frames), covered)


def data(event: Envelope) -> bytes:
    """The event with its place, as one line of JSON; what happened is spliced in as it is kept."""
    minute, rest = divmod(event.ts, MINUTE_MICROS)
    second, micros = divmod(rest, 1_000_000)
    return b'{"stream":%b,"seq":%d,"position":%d,"ts":"%b%02d.%06dZ",%b%b}' % (
        _text(event.stream),
        event.seq,
        event.position,
        _minute(minute),
        second,
        micros,
        _kind(event.type, event.terminal, event.origin),
        event.data,
    )


def opening(at: Cursor | None) -> bytes:
    """The first block; its id is for a client that drops before its first event."""
    place = b"id: %b\n" % str(at).encode() if at else b""
    return b"retry: %d\n%b\n" % (RETRY_MILLISECONDS, place)


def reset(what: Reset) -> Batch:
    """Its id is where following goes on: whoever drops right behind it is not reset again."""
    at = Cursor(what.bounds.epoch, what.bounds.oldest - 1)
    frame = b"id: %b\nevent: reset\ndata: %b\n\n" % (str(at).encode(), reset_data(what))
    return Batch(frame, reset=what.reason)


def reset_data(what: Reset) -> bytes:
    """One line of JSON; `oldest` and `newest` are the cursors of events."""
    bounds = what.bounds
    told = {
        "reason": what.reason,
        "oldest": str(Cursor(bounds.epoch, bounds.oldest)),
        "newest": str(Cursor(bounds.epoch, bounds.newest)),
    }
    return msgspec.json.encode(told)


@lru_cache(CACHE)
def _text(text: str) -> bytes:
    """JSON, which holds no raw control character; what is no Unicode is replaced."""
    return msgspec.json.encode(text.encode("utf-8", "replace").decode())


@lru_cache(CACHE)
def _name(kind: str) -> bytes:
    return _CONTROLS.sub("", kind).encode("utf-8", "replace")


@lru_cache(CACHE)
def _kind(kind: str, terminal: bool, origin: str) -> bytes:
    ends = b"true" if terminal else b"false"
    return b'"type":%b,"terminal":%b,"origin":%b,"data":' % (_text(kind), ends, _text(origin))


@lru_cache(CACHE)
def _minute(minute: int) -> bytes:
    kept = min(max(minute, FIRST_MINUTE), LAST_MINUTE)
    whole = from_micros(kept * MINUTE_MICROS).replace(tzinfo=None).isoformat()
    return whole.removesuffix("00").encode()
