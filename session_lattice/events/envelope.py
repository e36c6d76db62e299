"""An event on its way to the log and in it, and how it is written down."""

from typing import Any

import msgspec

from session_lattice.events.base import Event
from session_lattice.events.pull import (
    GenerationPublished,
    PullCancelled,
    PullFailed,
    PullFinished,
    PullProgressed,
    PullStarted,
    ViewMaterialized,
)
from session_lattice.events.report import SessionReported
from session_lattice.events.repository import (
    CheckoutObserved,
    CommitObserved,
    HeadMoved,
    RefsObserved,
    RepoObserved,
)
from session_lattice.events.session import (
    MessageAssistant,
    MessageUser,
    ReferenceObserved,
    SessionCompacted,
    SessionObserved,
    SubagentLinked,
    ToolCalled,
    ToolReturned,
    TranscriptChanged,
    UsageReported,
)

AnyEvent = (
    SessionObserved
    | TranscriptChanged
    | MessageUser
    | MessageAssistant
    | UsageReported
    | ToolCalled
    | ToolReturned
    | SessionCompacted
    | SubagentLinked
    | ReferenceObserved
    | SessionReported
    | CheckoutObserved
    | RepoObserved
    | RefsObserved
    | CommitObserved
    | HeadMoved
    | PullStarted
    | PullProgressed
    | ViewMaterialized
    | GenerationPublished
    | PullFinished
    | PullFailed
    | PullCancelled
)


class Draft(msgspec.Struct, frozen=True, gc=False):
    """An event on its way to the log.

    `key` is its natural identity over all time ("claude_code/<uuid>/0"): a second delivery
    is a silent no-op. `ts` is when it happened, microseconds since the epoch, UTC.
    """

    stream: str
    key: str
    ts: int
    event: Event


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """An event as the log keeps it; `data` is the JSON that was appended, type included."""

    position: int
    stream: str
    seq: int
    ts: int
    type: str
    terminal: bool
    origin: str
    data: bytes


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyEvent)


def encode(event: Event) -> bytes:
    """One line of JSON without a newline; fields at their default are left out."""
    return _encoder.encode(event)


def decode(data: bytes) -> Any:
    """The typed event, or a plain dict when its type is from a newer version."""
    try:
        return _decoder.decode(data)
    except msgspec.ValidationError:
        return msgspec.json.decode(data)


def validate(data: bytes) -> None:
    """Raise msgspec.ValidationError unless `data` is an event of this version."""
    _decoder.decode(data)


def session_stream(agent: str, session: str) -> str:
    return f"session/{agent}/{session}"


def is_bounded(stream: str) -> bool:
    """Whether the stream is a job's, which ends in exactly one terminal event."""
    return stream.startswith("pull/")
