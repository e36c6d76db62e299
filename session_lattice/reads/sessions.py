"""Which sessions there are, and what one of them did."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from session_lattice.errors import NotFoundError, RequestError
from session_lattice.heartbeat import Heartbeat
from session_lattice.reads import times
from session_lattice.reads.filters import Condition
from session_lattice.reads.freshness import freshness
from session_lattice.reads.paging import DEFAULT_LIMIT
from session_lattice.reads.queries import find_view, sample, view_relation
from session_lattice.reads.relation import Page, Reading, Relation, described
from session_lattice.reads.shapes import Budget, Section, SessionAnswer, SessionList
from session_lattice.reads.snapshot import Snapshot
from session_lattice.reads.sql import statement

OVERVIEW = "session_overview"
RECENT_FIRST = "-ended_at"
SECTIONS = ("messages", "tool_calls", "files", "subagents", "usage")

_BY = {"repo": 2, "branch": 2, "file": 2, "tool": 1, "text": 1}
"""Filters that look beyond the overview, and how often each uses its value."""

_VIEWS = {
    "repo": "repo_sessions",
    "branch": "repo_sessions",
    "file": "file_sessions",
    "tool": "tool_sessions",
}
_SPANS = ("since", "until")

FILTERS = (*_BY, *_SPANS)
"""Parameters of `list_sessions` besides the columns of session_overview."""

CLAIMS_SCHEMA = 2
"""The first schema with what upstreams tell; a generation of an earlier one may still be served."""

_SECTION_VIEWS = {"files": "file_sessions", "subagents": "subagent_tree"}
_ORDERS = {
    "messages": ("ts", ("message",)),
    "tool_calls": ("called_at", ("call",)),
    "files": ("path", ("action",)),
    "subagents": ("first_at", ("session", "subagent")),
    "usage": ("-responses", ("agent", "model")),
}


def list_sessions(
    snapshot: Snapshot, beat: Heartbeat | None, page: Page, budget: Budget
) -> SessionList:
    """A page of session_overview; the filters of FILTERS look into the other views as well.

    repo, branch: worked there at any time; file: read or changed it (the end of a path will
    do for repo and file); tool: called it; text: in its title; since, until: active between.
    """
    view = find_view(snapshot, OVERVIEW)
    own = [(key, text) for key, text in page.filters if key not in FILTERS]
    also = _conditions(snapshot, [pair for pair in page.filters if pair[0] in FILTERS])
    wanted = Page(page.select, own, page.order or RECENT_FIRST, page.limit, page.after, also)
    reading = Reading(snapshot.connection, view_relation(view), wanted)
    rows = budget.take(reading)
    return SessionList(
        generation=snapshot.generation,
        sample=sample(snapshot),
        freshness=freshness(snapshot, beat, view),
        columns=reading.columns,
        rows=rows,
        next=reading.next,
    )


def is_relative(filters: Sequence[tuple[str, str]]) -> bool:
    """Whether the same request means something else a second later."""
    return any(times.is_ago(text) for _, text in filters)


def _conditions(snapshot: Snapshot, given: Sequence[tuple[str, str]]) -> list[Condition]:
    grouped: dict[str, list[str]] = {}
    for key, text in given:
        grouped.setdefault(key, []).append(text)
    return [_condition(snapshot, key, texts) for key, texts in grouped.items()]


def _condition(snapshot: Snapshot, key: str, texts: list[str]) -> Condition:
    sql = f"(\n{statement(f'by_{key}' if key in _BY else key)}\n)"
    if key in _SPANS:
        if len(texts) > 1:
            raise RequestError(f"{key} is given more than once")
        moment = times.parse(texts[0], datetime.now(UTC))
        return Condition(sql, (moment.replace(tzinfo=None),))
    if key in _VIEWS:
        find_view(snapshot, _VIEWS[key])
    values = [ending(text) if key in ("repo", "file") else text for text in texts]
    joined = " OR ".join([sql] * len(values))
    return Condition(f"({joined})", tuple(v for value in values for v in [value] * _BY[key]))


def ending(path: str) -> str:
    """ "./src/a.py" and "src/a.py/" mean what "src/a.py" does."""
    return str(PurePosixPath(path)) if path else path


def get_session(
    snapshot: Snapshot,
    beat: Heartbeat | None,
    given: str,
    budget: Budget,
    *,
    include: Sequence[str] = SECTIONS,
    limit: int = DEFAULT_LIMIT,
    after: str = "",
) -> SessionAnswer:
    """One session by its id, with or without the agent, or an unambiguous beginning of it.

    `include` names parts of SECTIONS, each with at most `limit` rows; `after` is the `next` of
    a part and needs that part alone to be included.
    """
    _check_sections(include, after)
    view = find_view(snapshot, OVERVIEW)
    session = find_session(snapshot, given)
    parts = {
        name: _section(snapshot, name, session, Page(limit=limit, after=after), budget)
        for name in include
    }
    return SessionAnswer(
        generation=snapshot.generation,
        sample=sample(snapshot),
        freshness=freshness(snapshot, beat, view),
        session=_overview(snapshot, session),
        **parts,
    )


def _check_sections(include: Sequence[str], after: str) -> None:
    unknown = [name for name in include if name not in SECTIONS]
    if unknown:
        raise RequestError(
            f"a session has no part {unknown[0][:80]!r}",
            hint=f"its parts are {', '.join(SECTIONS)}",
        )
    if after and len(include) != 1:
        raise RequestError(
            "a cursor goes on with one part of the session",
            hint="include that part alone, such as include=messages",
        )


def find_session(snapshot: Snapshot, given: str) -> str:
    """By its id, with or without the agent, or an unambiguous beginning. Raises RequestError."""
    rows = snapshot.connection.execute(statement("find_session"), {"given": given}).fetchall()
    if not rows or not given:
        raise NotFoundError(
            f"there is no session {given[:80]!r}",
            hint="list them with /sessions or `session-lattice sessions`",
        )
    exact = [row[0] for row in rows if row[1]]
    if rows[0][0] == given or len(exact) == 1 or len(rows) == 1:
        return str(rows[0][0])
    found = exact or [row[0] for row in rows]
    raise RequestError(
        f"{given[:80]!r} may mean several sessions", hint=f"say which: {', '.join(found[:5])}"
    )


def _overview(snapshot: Snapshot, session: str) -> dict[str, Any]:
    relation = view_relation(find_view(snapshot, OVERVIEW))
    page = Page(also=[Condition("session = ?", (session,))], limit=1)
    rows = list(Reading(snapshot.connection, relation, page))
    return rows[0] if rows else {"session": session}


def _section(snapshot: Snapshot, name: str, session: str, page: Page, budget: Budget) -> Section:
    if name in _SECTION_VIEWS:
        find_view(snapshot, _SECTION_VIEWS[name])
    sql = _section_sql(snapshot, name)
    source, values = f"(\n{sql}\n) AS part", (session,) * sql.count("?")
    order, rest = _ORDERS[name]
    known = snapshot.served.parts
    if name not in known:
        known[name] = described(snapshot.connection, source, values)
    columns = known[name]
    relation = Relation(name, source, columns, (order.removeprefix("-"), *rest), values)
    reading = Reading(
        snapshot.connection, relation, Page(order=order, limit=page.limit, after=page.after)
    )
    rows = budget.take(reading)
    return Section(rows=rows, next=reading.next)


def _section_sql(snapshot: Snapshot, name: str) -> str:
    if name == "usage" and snapshot.stamp.schema_version >= CLAIMS_SCHEMA:
        return f"{statement(name)}\nUNION ALL\n{statement('claims')}"
    return statement(name)
