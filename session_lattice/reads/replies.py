"""What the MCP tools reply: the shapes of HTTP, made small for an agent's window."""

from collections.abc import Mapping
from typing import Any

import msgspec
from pydantic import BaseModel, Field

from session_lattice.reads.catalog import Column, View
from session_lattice.reads.shapes import SearchAnswer, SearchHit, Section

Row = dict[str, Any]


class Reply(BaseModel):
    """What every reply with data says."""

    generation: int = Field(description="the published generation that this was read from")
    sample: bool = Field(description="true for the sample sessions that come with the program")
    materialized_at: str | None = Field(description="when this was last computed, UTC")
    age_seconds: float = Field(
        description="how long ago the sources were last seen to hold no more"
    )


class ViewSummary(BaseModel):
    """A view in a list."""

    name: str
    question: str = Field(description="what it answers")
    rows: int


class ViewDetail(ViewSummary):
    """A view with what is needed to read it."""

    axis: str
    grain: list[str] = Field(description="columns that identify a row")
    columns: dict[str, str] = Field(description="column → type, unit: meaning")
    error: str | None = Field(description="why its last refresh failed, if it did")


class Orientation(BaseModel):
    """Where one stands."""

    state: str = Field(description="healthy, degraded, stale or down")
    generation: int | None
    sample: bool
    age_seconds: float | None
    sessions: int
    repos: int
    agents: list[str]
    first_at: str | None = Field(description="when the first session began, UTC")
    last_at: str | None = Field(description="when the last session ended, UTC")
    views: list[ViewSummary]
    problems: list[str]
    suggestions: list[str] = Field(description="what to call next, and for what")


class Views(Reply):
    """The catalog, or one view of it."""

    views: list[ViewDetail]


class Rows(Reply):
    """A page of rows."""

    columns: dict[str, str] = Field(
        description="column → type, unit; money is integer microdollars, times are UTC"
    )
    rows: list[Row]
    next: str | None = Field(description="give it as `after` for the next page; null at the end")
    left_out: str | None = Field(description="what the reply does not hold, and how to get it")


class Hits(Reply):
    """What was found."""

    hits: list[Row] = Field(
        description="session, ts, kind, snippet, score, and what else is known: title, agent,"
        " repo, cwd, tool, subagent, and the id of the message or the call"
    )
    next: str | None = Field(description="give it as `after` for the next page; null at the end")
    left_out: str | None = Field(description="what the reply does not hold, and how to get it")


class SessionReply(Reply):
    """One session; parts that were not asked for are null."""

    session: Row
    messages: list[Row] | None = None
    tool_calls: list[Row] | None = None
    files: list[Row] | None = None
    subagents: list[Row] | None = None
    usage: list[Row] | None = None
    next: dict[str, str] = Field(description="part → `after` for the rest of it")
    left_out: str | None = Field(description="what the reply does not hold, and how to get it")


def plain(rows: Any) -> Any:
    """Rows with times as text, as JSON has them."""
    return msgspec.to_builtins(rows)


def meaning(column: Column) -> str:
    return f"{column.type}, {column.unit}" if column.unit else column.type


def _described(column: Column) -> str:
    return f"{meaning(column)}: {column.description}" if column.description else meaning(column)


def detail(view: View) -> ViewDetail:
    return ViewDetail(
        name=view.name,
        question=view.question,
        rows=view.rows,
        axis=view.axis,
        grain=view.grain,
        columns={column.name: _described(column) for column in view.columns},
        error=view.error,
    )


def telling(hit: SearchHit) -> Row:
    """What says something, for a window that is small."""
    told = msgspec.to_builtins(hit)
    return {name: told[name] for name in told if name != "marks" and told[name] not in (None, "")}


def rest(rows: int, following: str | None, limit: int) -> str | None:
    if following is None:
        return None
    if rows < limit:
        return (
            f"only {rows} of the {limit} rows asked for fit into a reply:"
            " select fewer columns, or go on with after=next"
        )
    return "more rows follow: go on with after=next, or filter more"


def rest_of_hits(found: SearchAnswer) -> str | None:
    told = []
    if found.next:
        told.append("more hits follow: go on with after=next, or say more words or filters")
    if not found.ranked_all:
        told.append(f"only the newest {found.ranked} matches were ranked, older ones come later")
    if not found.index.complete:
        told.append("the index is behind: the newest may be missing; ask again in a moment")
    return "; ".join(told) or None


def rest_of_parts(parts: Mapping[str, Section]) -> str | None:
    cut = [name for name, part in parts.items() if part.next]
    if not cut:
        return None
    return (
        f"more {', '.join(cut)}: call again with include of that part alone"
        " and after set to its `next`, or with a larger limit"
    )
