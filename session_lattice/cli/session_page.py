"""One session on a page: its overview, then its parts as tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from session_lattice.cli import tables
from session_lattice.cli.tables import Heading, shown
from session_lattice.reads.times import span

INDENT = "  "
LABEL_CHARS = 11
UPSTREAM = "upstream"
"""What the columns `…_from` say of a number that no transcript tells."""

UNREAD = "unread"
"""The state of a transcript that was not read here: only an upstream tells of its session."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a part: which value, under which heading, in which unit.

    It is left out where every row has nothing, or what is `usual`.
    """

    name: str
    heading: str
    unit: str | None = None
    flexible: bool = False
    keep_end: bool = False
    usual: str = ""


_PARTS: dict[str, tuple[Field, ...]] = {
    "messages": (
        Field("ts", "WHEN"),
        Field("kind", "KIND"),
        Field("subagent", "SUBAGENT", flexible=True),
        Field("text", "TEXT", flexible=True),
    ),
    "tool_calls": (
        Field("called_at", "WHEN"),
        Field("tool", "TOOL"),
        Field("ok", "OK"),
        Field("duration_ms", "MS", unit="ms"),
        Field("input", "INPUT", flexible=True),
    ),
    "files": (
        Field("action", "ACTION"),
        Field("touches", "TIMES", unit="count"),
        Field("failed", "FAILED", unit="count"),
        Field("path", "PATH", flexible=True, keep_end=True),
    ),
    "subagents": (
        Field("subagent", "SUBAGENT", flexible=True),
        Field("kind", "KIND"),
        Field("tool_calls", "CALLS", unit="count"),
        Field("output_tokens", "OUTPUT", unit="tokens"),
        Field("cost_microdollars", "COST", unit="microdollars"),
        Field("description", "DESCRIPTION", flexible=True),
    ),
    "usage": (
        Field("model", "MODEL", flexible=True),
        Field("counted_from", "FROM", usual="transcript"),
        Field("responses", "RESPONSES", unit="count"),
        Field("input_tokens", "INPUT", unit="tokens"),
        Field("output_tokens", "OUTPUT", unit="tokens"),
        Field("cache_write_tokens", "CACHE WRITE", unit="tokens"),
        Field("cache_read_tokens", "CACHE READ", unit="tokens"),
        Field("cost_microdollars", "COST", unit="microdollars"),
    ),
}

_TOLD = {"prompts": "prompts", "tool_calls": "tool calls", "failed_tool_calls": "failed"}
_READ = {"files_changed": "files changed", "subagents": "subagents", "compactions": "compactions"}
_CLAIMS = {"prompts": "messages_from", "tool calls": "tool_calls_from"}


def overview(row: Row) -> list[str]:
    """What the session is, in a few labelled lines."""
    lines = [
        ("session", row["session"]),
        ("title", shown(row.get("title"))),
        ("repository", tables.short_path(shown(row.get("repo")))),
        ("branch", shown(row.get("branch"))),
        ("time", _time(row)),
        ("work", _work(row)),
        ("models", shown(row.get("models"))),
        ("cost", _cost(row)),
        ("transcript", _transcript(row)),
    ]
    return [f"{label:<{LABEL_CHARS}} {tables.one_line(text)}" for label, text in lines]


def part(name: str, rows: Sequence[Row], room: int, *, unread: bool = False) -> list[str]:
    """A heading and a table, or that there is nothing; of an unread session, that none is known."""
    title = name.replace("_", " ")
    if not rows:
        return [f"{title}: {'unknown, the transcript was not read' if unread else 'none'}"]
    fields = [
        one
        for one in _PARTS[name]
        if any(row[one.name] not in (None, "", one.usual) for row in rows)
    ]
    headings = [
        Heading(one.heading, one.unit is not None, one.flexible, one.keep_end) for one in fields
    ]
    cells = [[_cell(one, row) for one in fields] for row in rows]
    lines = tables.table(headings, cells, room - len(INDENT))
    return [title, *(INDENT + line for line in lines)]


def _cell(field: Field, row: Row) -> str:
    value = row[field.name]
    if field.name == "path":
        return tables.short_path(value)
    if field.name == "subagent":
        return value or "main"
    if isinstance(value, datetime):
        return tables.moment(value)
    return shown(value, field.unit)


def _time(row: Row) -> str:
    began, ended = row.get("started_at"), row.get("ended_at")
    if began is None or ended is None:
        return tables.NOTHING
    lasted = span((ended - began).total_seconds())
    return f"{tables.moment(began)} to {tables.moment(ended)} ({lasted}), {tables.ago(ended)}"


def _work(row: Row) -> str:
    """Of an unread session nothing that an upstream cannot tell: a zero would look like a fact."""
    counts = _TOLD if row.get("transcript") == UNREAD else _TOLD | _READ
    said = ", ".join(f"{shown(row.get(name, 0))} {label}" for name, label in counts.items())
    claimed = [name for name, column in _CLAIMS.items() if row.get(column) == UPSTREAM]
    return said + (f" ({' and '.join(claimed)} as the upstream counts)" if claimed else "")


def _cost(row: Row) -> str:
    if row.get("tokens_from") == UPSTREAM:
        return "unknown: an upstream tells tokens, and not of which answers"
    cost = shown(row.get("cost_microdollars"), "microdollars")
    unpriced = row.get("unpriced_responses")
    return cost + (f" and {unpriced} responses without a known price" if unpriced else "")


def _transcript(row: Row) -> str:
    path = tables.short_path(shown(row.get("path")))
    if row.get("transcript") == UNREAD:
        return f"{UNREAD}; told by {shown(row.get('upstream'))}, there {path}"
    return f"{row.get('transcript')}, {path}"
