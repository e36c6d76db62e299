"""The texts of the base tables in order of time, for whoever indexes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from session_lattice.store.database import Database, statement

CHUNK_ROWS = 500
"""Texts that are in memory at a time: one may have 32 kB, most have a few hundred bytes."""


class Text(NamedTuple):
    """A message, whose `kind` it has, or a call, which has none. Times are microseconds.

    `text` is what was said or what the call was made with, `failure` what a failed call told,
    at `failed_at`; "" for nothing.
    """

    session: str
    subagent: str
    source: str
    kind: str | None
    told_at: int
    failed_at: int
    cwd: str
    tool: str
    text: str
    failure: str


@dataclass(frozen=True, slots=True)
class Window:
    """Texts of a span of time that ends with `until`, in lists of at most CHUNK_ROWS.

    They are to be taken before anything else is asked of the store.
    """

    until: int
    chunks: Iterator[list[Text]]


class Texts:
    """Walks through the texts a window at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._until = statement("texts_until")
        self._texts = statement("texts")

    def window(self, changed_behind: int, after: int, limit: int) -> Window | None:
        """The next `limit` texts or so, later than `after`, whose rows changed behind a position.

        All texts of its last moment are in it, however many there are. None when there is none.
        """
        place = {"position": changed_behind, "after": after}
        until = self._database.value(self._until, {**place, "limit": limit})
        if until is None:
            return None
        return Window(until, self._chunks({**place, "until": until}))

    def _chunks(self, given: dict[str, int]) -> Iterator[list[Text]]:
        for rows in self._database.stream(self._texts, given, CHUNK_ROWS):
            yield [Text(*row) for row in rows]
