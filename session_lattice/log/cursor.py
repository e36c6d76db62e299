"""A place in the log, as clients keep it: `<epoch>-<number>`."""

import re
from typing import Literal, NamedTuple

from session_lattice.errors import CursorError

MAX_CHARS = 64
"""Of a cursor's text."""

Place = Literal["earliest", "latest"]
PLACES: tuple[Place, ...] = ("earliest", "latest")

_CURSOR = re.compile(r"([0-9A-Za-z]{1,40})-(0|[1-9][0-9]{0,17})")


class Cursor(NamedTuple):
    """Behind the event `number` of the log's life `epoch`, 0 being before the first.

    The number is a stream's `seq` where one stream is followed, else the `position`.
    """

    epoch: str
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"


Start = Cursor | Place
"""Where to begin: behind a cursor, with the oldest event kept, or with the next to come."""


def parse(text: str) -> Start:
    """`earliest`, `latest` or a cursor. Raises CursorError."""
    for place in PLACES:
        if text == place:
            return place
    match = _CURSOR.fullmatch(text) if len(text) <= MAX_CHARS else None
    if match is None:
        raise CursorError(
            f"{text[:MAX_CHARS]!r} is no cursor",
            hint="give earliest, latest or the id of an event as it was sent",
        )
    return Cursor(match[1], int(match[2]))
