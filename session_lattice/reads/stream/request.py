"""What a request for a stream asks for."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import Scope

from session_lattice.errors import RequestError
from session_lattice.events import is_bounded
from session_lattice.log.cursor import Start, parse
from session_lattice.reads.request import asked
from session_lattice.reads.stream.frames import Types

PARAMETERS = ("stream", "types", "after")
MAX_STREAM_CHARS = 512
MAX_TYPES = 64
LAST_EVENT_ID = b"last-event-id"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`stream` is None for the whole feed, `types` None for all."""

    start: Start
    stream: str | None
    types: Types


def wanted(scope: Scope) -> Wanted:
    """Raises RequestError, CursorError among them."""
    given = asked(scope, PARAMETERS)
    if given.filters:
        raise RequestError(
            f"there is no parameter {given.filters[0][0][:80]!r}",
            hint=f"the parameters are {', '.join(PARAMETERS)}",
        )
    stream = given.named.get("stream")
    if stream is not None:
        check_stream(stream)
    return Wanted(_start(scope, stream, given.named.get("after")), stream, _types(given.named))


def check_stream(stream: str) -> None:
    """Raise RequestError for what is no stream's name."""
    if not 0 < len(stream) <= MAX_STREAM_CHARS:
        raise RequestError(
            f"a stream's name has 1 to {MAX_STREAM_CHARS} characters",
            hint="such as pull/<id> or session/<agent>/<id>; leave it out for the whole feed",
        )


def _start(scope: Scope, stream: str | None, after: str | None) -> Start:
    """Where a client that comes again had stopped beats where its address told it to begin."""
    last = [value for name, value in scope["headers"] if name == LAST_EVENT_ID and value]
    if last:
        return parse(last[-1].decode("latin-1"))
    if after is not None:
        return parse(after)
    return "earliest" if stream is not None and is_bounded(stream) else "latest"


def _types(named: Mapping[str, str]) -> Types:
    if "types" not in named:
        return None
    types = named["types"].split(",")
    if "" in types or len(types) > MAX_TYPES:
        raise RequestError(
            f"types are 1 to {MAX_TYPES} names, separated by commas",
            hint="such as types=pull.finished,pull.failed; leave it out for all",
        )
    return frozenset(types)
