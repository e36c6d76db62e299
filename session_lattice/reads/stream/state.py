"""GET /streams/{stream}: what a stream has come to, in one small answer."""

import msgspec

from session_lattice.errors import NotFoundError
from session_lattice.events import Envelope, is_bounded
from session_lattice.log.base import Bounds, EventLog, Reset
from session_lattice.log.cursor import Cursor
from session_lattice.log.follow import Follower
from session_lattice.reads.stream import frames

NEWEST_PULL = "pull/latest"
"""Names whichever pull has the newest event."""

PULLS = "pull/"


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """`state` of a pull is "running", "finished", "failed", "cancelled", or "ended" if its last
    event is not kept any more; of another stream it is "open". `oldest` and `newest` are
    cursors, `events` is how many are kept, `last` is the newest as a stream would send it.
    """

    stream: str
    state: str
    oldest: str
    newest: str
    events: int
    last: msgspec.Raw | None


def stream_state(log: EventLog, stream: str) -> StreamState:
    """Raises NotFoundError for a stream that has had no event, and LogError."""
    if stream == NEWEST_PULL:
        newest = log.latest(PULLS, terminal=False)
        if newest is None:
            raise NotFoundError("there has been no pull", hint="session-lattice pull begins one")
        stream = newest.stream
    bounds, last = _look(log, stream)
    if not bounds.newest:
        raise NotFoundError(
            f"the stream {stream[:80]!r} has had no event",
            hint="streams are pull/<id>, session/<agent>/<id> and repo/<id>",
        )
    return StreamState(
        stream=stream,
        state=_state(stream, bounds, last),
        oldest=str(Cursor(bounds.epoch, bounds.oldest)),
        newest=str(Cursor(bounds.epoch, bounds.newest)),
        events=bounds.newest - bounds.oldest + 1,
        last=None if last is None else msgspec.Raw(frames.data(last)),
    )


def _look(log: EventLog, stream: str) -> tuple[Bounds, Envelope | None]:
    """The bounds and their newest event, of one life of the log."""
    bounds = log.bounds(stream)
    before = Cursor(bounds.epoch, max(0, bounds.newest - 1))
    taken = Follower(log, before, stream=stream).take(1)
    if isinstance(taken, Reset):
        return taken.bounds, None
    return bounds, taken[0] if taken else None


def _state(stream: str, bounds: Bounds, last: Envelope | None) -> str:
    if not is_bounded(stream):
        return "open"
    if last is not None and last.terminal:
        return last.type.removeprefix("pull.")
    return "ended" if bounds.ended else "running"
