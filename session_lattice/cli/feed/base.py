"""What `tail` shows, wherever it comes from: events with the cursor behind each, and resets."""

from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from session_lattice.errors import LatticeError

RESET = "reset"
"""The type of what says that the cursor was of no use."""

NEWEST = "pull/latest"
"""The stream of the pull that was begun last."""

_MISSED = {
    "evicted": "missed: the log no longer has the events before {oldest}",
    "epoch": "missed: the log was lost or rebuilt since, and begins anew at {oldest}",
    "future": "missed: the log does not reach that far, but from {oldest} to {newest}",
}


class Frame(NamedTuple):
    """One frame of the stream: `data` is its JSON object, `cursor` the place behind it."""

    cursor: str
    type: str
    data: bytes


class Feed(Protocol):
    """Where frames come from; it reconnects by itself and ends where its stream does."""

    def frames(self) -> Generator[Frame, None, None]:
        """Raises LatticeError for what trying again does not mend."""
        ...


def fields(frame: Frame) -> dict[str, Any]:
    """The frame's JSON object. Raises LatticeError when it is none."""
    try:
        return msgspec.json.decode(frame.data, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise no_event(error) from error


def no_event(error: Exception) -> LatticeError:
    return LatticeError(
        f"what came is no event: {error}",
        hint="check that the address is that of a session-lattice server of this version",
    )


def missed(reset: Mapping[str, Any]) -> str:
    """What a reset says, in plain words."""
    reason = str(reset.get("reason"))
    text = _MISSED.get(reason, f"missed: the cursor was of no use ({reason})")
    said = text.format(oldest=reset.get("oldest"), newest=reset.get("newest"))
    return f"{said}; going on from the oldest kept"
