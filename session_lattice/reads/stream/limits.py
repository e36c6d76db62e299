"""What a stream may take: of the log, of memory, of time."""

from dataclasses import dataclass

BATCH_EVENTS = 500
BATCH_BYTES = 512 * 1024
"""Of what is sent at once; one event that is larger goes alone."""

FIRST_EVENTS = 32
"""Of the first read; each further one takes up to twice as many, as long as all could be sent.
Who comes for a few, or does not read, costs no more than these."""

PING_SECONDS = 15.0
"""Silence after which a comment tells a client, and what lies between, that the stream lives."""

SEND_SECONDS = 20.0
"""A client that takes none of the bytes that wait for it in this time is cut off."""

MAX_STREAMS = 2000
"""Open at once; one more is refused."""

RING_EVENTS = 4096
RING_BYTES = 8 * 1024 * 1024
"""The newest events, kept in memory for the clients that have all that came before."""

LINGER_SECONDS = 3.0
"""How long the log is watched on after the last client has left: it may be reloading."""

DECIDE_SECONDS = 1.0
"""How long a client waits for its head while the log is asked whether its stream is over."""

END_SECONDS = 0.3
"""How long clients may take to be sent what is on its way when the server ends."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits as one value, so that tests can use small ones."""

    batch_events: int = BATCH_EVENTS
    batch_bytes: int = BATCH_BYTES
    ping_seconds: float = PING_SECONDS
    send_seconds: float = SEND_SECONDS
    max_streams: int = MAX_STREAMS
    ring_events: int = RING_EVENTS
    ring_bytes: int = RING_BYTES
    linger_seconds: float = LINGER_SECONDS
