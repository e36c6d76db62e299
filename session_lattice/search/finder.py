"""Finds documents, the best of the newest first, through a handle that only reads."""

import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from session_lattice.search import expression, file, snippet
from session_lattice.search.file import reported, statement
from session_lattice.search.index import DAY_US, State, read_state
from session_lattice.search.snippet import Snippet

RANKED = 1_000
"""Matches that are ranked together, the newest: ranking costs as much as there are matches."""

SECONDS = 2.0
"""A search that takes longer is ended ..."""

STEPS = 20_000
"""... at a look at the clock, every so many steps of SQLite's machine."""

MAX_FILTER_WORDS = 32
"""Alternatives of a filter that are asked for as words of the index ..."""

COMMON_SHARE = 1 / 8
"""... if no greater share of all documents has them: of a word that most have it costs more to
count those that do than to look at every match."""

SORTS = ("session", "agent", "kind", "cwd", "tool")

LAST = (1 << 62) - 1
"""No document has a greater id, and no time is later."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to find. Each filter is a list of alternatives, None for any.

    `since` and `until` are microseconds. `last` is the newest document that counts and `seen`
    are those that were told before: together they are what a page leaves to the next one.
    """

    query: str
    limit: int
    sessions: Sequence[str] | None = None
    agents: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    tools: Sequence[str] | None = None
    cwds: Sequence[str] | None = None
    since: int | None = None
    until: int | None = None
    last: int = LAST
    seen: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found; `score` is its BM25 among those of its time."""

    id: int
    ts: int
    session: str
    agent: str
    kind: str
    tool: str
    cwd: str
    subagent: str
    source: str
    score: float
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class Found:
    """A page. Of `matches` ranked together `all` there are, or older ones are not among them.

    `next` is the `last` and the `seen` of the next page, None behind the last one.
    """

    state: State
    documents: int
    hits: list[Hit] = field(default_factory=list)
    ranked: int = 0
    ranked_all: bool = True
    next: tuple[int, list[int]] | None = None


def find(path: Path, wanted: Wanted, *, seconds: float = SECONDS) -> Found:
    """Search the index at `path`. Raises QueryError and SearchError."""
    parsed = expression.parse(wanted.query)
    with closing(file.open_for_reading(path)) as connection, reported(path):
        deadline = time.monotonic() + seconds
        connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
        connection.execute("BEGIN")
        return _Search(connection, wanted, parsed).found()


class _Search:
    """One search, on one state of the index."""

    def __init__(self, connection: sqlite3.Connection, wanted: Wanted, parsed: str) -> None:
        self._connection = connection
        self._wanted = wanted
        self._parsed = self._expression = parsed

    def found(self) -> Found:
        state = read_state(self._connection)
        newest = self._connection.execute("SELECT coalesce(max(id), 0) FROM documents").fetchone()[
            0
        ]
        matches = self._matches(min(newest, self._wanted.last))
        return self._page(state, newest, matches)

    def _matches(self, newest: int) -> list[tuple[int, float]]:
        """The newest matches with their scores, one more than are ranked; newest first."""
        filters = self._filters(newest)
        if filters is None:
            return []
        rare, common = filters
        self._expression = expression.also(self._parsed, rare)
        since, until = self._wanted.since, self._wanted.until
        first, last = self._span(since, until)
        given = {
            "expression": self._expression,
            "first": first,
            "last": min(last, newest),
            "plain": since is None and until is None and not common,
            "since": -LAST if since is None else since,
            "until": LAST if until is None else until,
            "most": RANKED + 1,
            **{sort: json.dumps(common[sort]) if sort in common else None for sort in SORTS},
        }
        return self._connection.execute(statement("find"), given).fetchall()

    def _filters(self, newest: int) -> tuple[list[list[int]], dict[str, list[int]]] | None:
        """Those that are best asked for as words, and by sort those that are best looked up at
        each match; None where no document can meet them all."""
        rare: list[list[int]] = []
        common: dict[str, list[int]] = {}
        for sort, names in self._asked().items():
            given = {"sort": sort, "names": json.dumps(list(names))}
            found = self._connection.execute(statement("names"), given).fetchall()
            if not found:
                return None
            ids = [id for id, _ in found]
            documents = sum(count for _, count in found)
            if len(ids) > MAX_FILTER_WORDS or documents > COMMON_SHARE * newest:
                common[sort] = ids
            else:
                rare.append(ids)
        return rare, common

    def _asked(self) -> dict[str, Sequence[str]]:
        wanted = self._wanted
        given = (wanted.sessions, wanted.agents, wanted.kinds, wanted.cwds, wanted.tools)
        return {sort: names for sort, names in zip(SORTS, given, strict=True) if names is not None}

    def _span(self, since: int | None, until: int | None) -> tuple[int, int]:
        """The ids between which the documents of that time are."""
        if since is None and until is None:
            return 1, LAST
        days = {
            "since": -LAST if since is None else since // DAY_US,
            "until": LAST if until is None else until // DAY_US,
        }
        first, last = self._connection.execute(statement("span"), days).fetchone()
        return int(first), int(last)

    def _page(self, state: State, newest: int, matches: list[tuple[int, float]]) -> Found:
        ranked, more = matches[:RANKED], len(matches) > RANKED
        left = [one for one in ranked if one[0] not in self._wanted.seen]
        # The newer first among equals: an index that was made at once is in order of time.
        left.sort(key=lambda one: (-one[1], -one[0]))
        page = left[: self._wanted.limit]
        after: tuple[int, list[int]] | None = None
        if len(left) > len(page):
            seen = sorted({*self._wanted.seen, *(id for id, _ in page)})
            after = (min(newest, self._wanted.last), seen)
        elif more:
            after = (ranked[-1][0] - 1, [])
        return Found(state, newest, self._hits(page), len(ranked), not more, after)

    def _hits(self, page: list[tuple[int, float]]) -> list[Hit]:
        ids = [id for id, _ in page]
        if not ids:
            return []
        given = {
            "expression": self._expression,
            "first": min(ids),
            "last": max(ids),
            "ids": json.dumps(ids),
            "open": snippet.OPEN,
            "close": snippet.CLOSE,
            "words": snippet.WORDS,
        }
        shown = {row[0]: row for row in self._connection.execute(statement("show"), given)}
        return [self._hit(shown[id], score) for id, score in page]

    def _hit(self, row: Sequence[Any], score: float) -> Hit:
        id, ts, session, agent, kind, tool, cwd, subagent, source, marked = row
        told = snippet.read(marked)
        if not told.marks:
            told = snippet.around(self._text(id), expression.words(self._wanted.query))
        return Hit(id, ts, session, agent, kind, tool, cwd, subagent, source, round(score, 4), told)

    def _text(self, id: int) -> str:
        return str(
            self._connection.execute("SELECT body FROM texts WHERE id = ?", (id,)).fetchone()[0]
        )
