"""The shapes of the answers; HTTP encodes them, MCP and the command line read them."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from session_lattice.reads.catalog import Column, View
from session_lattice.reads.freshness import Freshness
from session_lattice.reads.relation import Reading, Row

MAX_REPLY_BYTES = 4 * 1024 * 1024
"""Bytes of rows in one reply, give or take the last row; `next` tells where to go on."""

Sample = bool | UnsetType


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What every answer says; `sample` is there, and true, only for the sample that ships."""

    generation: int
    sample: Sample = UNSET
    freshness: Freshness


class ViewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a view. Times are RFC 3339, money is integer microdollars."""

    view: str
    generation: int
    sample: Sample = UNSET
    freshness: Freshness
    columns: list[Column]
    rows: list[dict[str, Any]]
    next: str | None


class SessionList(Answer, frozen=True, kw_only=True):
    """A page of sessions, the most recently active first unless asked otherwise."""

    columns: list[Column]
    rows: list[dict[str, Any]]
    next: str | None


class ViewList(Answer, frozen=True, kw_only=True):
    """The catalog."""

    views: list[View]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A page of one part of a session."""

    rows: list[dict[str, Any]]
    next: str | None


class SessionAnswer(Answer, frozen=True, kw_only=True):
    """One session: its row of session_overview, and the parts that were asked for."""

    session: dict[str, Any]
    messages: Section | UnsetType = UNSET
    tool_calls: Section | UnsetType = UNSET
    files: Section | UnsetType = UNSET
    subagents: Section | UnsetType = UNSET
    usage: Section | UnsetType = UNSET


class SearchHit(msgspec.Struct, frozen=True, kw_only=True):
    """A message, a call or a call's failure. Which of `message` and `call` it is of has its id.

    `marks` are [start, end) of what matched, in characters (code points) of `snippet`; `score`
    is a BM25, the more the better, and means something only beside others of one answer.
    """

    session: str
    title: str | None
    ts: datetime
    kind: str
    snippet: str
    marks: list[tuple[int, int]]
    score: float
    agent: str
    repo: str | None
    cwd: str | None
    tool: str | None
    subagent: str
    message: str | None
    call: str | None


class SearchIndex(msgspec.Struct, frozen=True, kw_only=True):
    """What was searched. `complete`: everything that the generation holds is in it; else
    everything that the store had at `whole_at`, which is null while it is made from nothing."""

    documents: int
    complete: bool
    whole_at: datetime | None


class SearchAnswer(Answer, frozen=True, kw_only=True):
    """A page of hits. The `ranked` newest matches were ranked together; unless `ranked_all`
    there are older ones, which come, ranked among themselves, on later pages."""

    query: str
    hits: list[SearchHit]
    ranked: int
    ranked_all: bool
    next: str | None
    index: SearchIndex


class Budget:
    """What one reply may hold.

    `raw` keeps rows as the JSON that they were measured as; `cell_chars` cuts longer texts.
    """

    def __init__(
        self, left: int = MAX_REPLY_BYTES, *, raw: bool = False, cell_chars: int | None = None
    ) -> None:
        self._left = left
        self._raw = raw
        self._cell_chars = cell_chars
        self._encoder = msgspec.json.Encoder()

    def take(self, reading: Reading) -> list[Row]:
        """Rows until the budget is spent, one at least."""
        rows: list[Any] = []
        for row in reading:
            fitting = self._cut(row) if self._cell_chars else row
            encoded = self._encoder.encode(fitting)
            rows.append(msgspec.Raw(encoded) if self._raw else fitting)
            self._left -= len(encoded) + 1
            if self._left <= 0:
                break
        return rows

    def _cut(self, row: Row) -> Row:
        return {name: self._cut_text(value) for name, value in row.items()}

    def _cut_text(self, value: Any) -> Any:
        limit = self._cell_chars
        if limit is None or not isinstance(value, str) or len(value) <= limit:
            return value
        return f"{value[:limit]}… (+{len(value) - limit} characters)"
