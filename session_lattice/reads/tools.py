"""The MCP tools: the same reads, worded for agents and small by default."""

from collections.abc import Awaitable, Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, Field

from session_lattice.errors import LatticeError
from session_lattice.home import Home
from session_lattice.reads import queries, search, sessions
from session_lattice.reads.filters import SEPARATOR
from session_lattice.reads.freshness import Freshness, freshness
from session_lattice.reads.orientation import lost, oriented
from session_lattice.reads.reading import read
from session_lattice.reads.relation import Page
from session_lattice.reads.replies import (
    Hits,
    Orientation,
    Rows,
    SessionReply,
    Views,
    detail,
    meaning,
    plain,
    rest,
    rest_of_hits,
    rest_of_parts,
    telling,
)
from session_lattice.reads.routes import Reads
from session_lattice.reads.shapes import Budget, SessionList, ViewAnswer
from session_lattice.reads.snapshot import Snapshot
from session_lattice.reads.times import iso
from session_lattice.search.document import KINDS

REPLY_BYTES = 40_000
"""Bytes of rows in one reply, give or take the last row: about 10,000 tokens."""

CELL_CHARS = 2_000
"""Longer texts are cut, and say by how much."""

VIEW_ROWS = 50
SESSION_ROWS = 20
PART_ROWS = 20
SEARCH_HITS = 10
MAX_ROWS = 1_000
"""Rows that a tool replies with at most, whatever it is asked."""

SESSION_COLUMNS = (
    "session,title,repo,branch,started_at,ended_at,prompts,tool_calls,failed_tool_calls,"
    "files_changed,cost_microdollars,transcript"
)
PARTS = ("messages", "files", "usage")

Where = Annotated[
    dict[str, Any] | None,
    Field(
        description="Filters: column → value, or column__operator → value with the operators ne,"
        " gt, gte, lt, lte, in, contains, prefix, is. A list: any of its values; null: no"
        ' value. Example: {"tool": "Bash", "failed__gte": 3}'
    ),
]
After = Annotated[str, Field(description="`next` of the page before; empty for the first page")]
Limit = Annotated[
    int,
    Field(description="rows, of each part", json_schema_extra={"minimum": 1, "maximum": MAX_ROWS}),
]
Result = TypeVar("Result")


class Tools:
    """One method per tool; the docstrings are what agents read."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def orient(self) -> Annotated[CallToolResult, Orientation]:
        """Where you stand: what is here, how fresh it is, what is wrong, what to ask next.

        Call this first. It lists the views by name with the question that each answers.
        """
        return _result(await _told(self._reads.pool.call(self._orient)))

    async def list_views(
        self,
        view: Annotated[str, Field(description="only this view")] = "",
        axis: Annotated[
            str, Field(description="only this axis: sessions, tools, files, time or attribution")
        ] = "",
    ) -> Annotated[CallToolResult, Views]:
        """The views with the columns, units and keys that `read_view` needs."""

        def find(snapshot: Snapshot) -> Views:
            views = [queries.find_view(snapshot, view)] if view else snapshot.catalog.values()
            chosen = [detail(one) for one in views if axis in ("", one.axis)]
            return Views(**self._basis(snapshot, None), views=chosen)

        return _result(await _told(self._reads.pool.run(find)))

    async def read_view(
        self,
        view: Annotated[str, Field(description="a name that orient or list_views gave")],
        where: Where = None,
        select: Annotated[
            str, Field(description="columns, separated by commas; all if empty")
        ] = "",
        order: Annotated[
            str, Field(description='columns to order by, "-" before descending ones: "-calls,tool"')
        ] = "",
        limit: Limit = VIEW_ROWS,
        after: After = "",
    ) -> Annotated[CallToolResult, Rows]:
        """Rows of one view: totals by model, day, tool, file, repository and so on.

        Costs are integer microdollars and null where the model's price is unknown. Ask for few
        columns and rows, ordered by what matters.
        """
        page = Page(select, _pairs(where), order, _within(limit), after)

        def find(snapshot: Snapshot) -> Rows:
            found = queries.read_view(snapshot, self._reads.beats.beat(), view, page, _budget())
            return self._rows(snapshot, found, limit)

        return _result(await _told(self._reads.pool.run(find)))

    async def list_sessions(
        self,
        agent: Annotated[str, Field(description="claude_code or codex")] = "",
        repo: Annotated[
            str, Field(description="worked in this repository: its directory or the end of it")
        ] = "",
        branch: Annotated[str, Field(description="worked on this branch")] = "",
        file: Annotated[
            str, Field(description="read or changed this file: its path or the end of it")
        ] = "",
        tool: Annotated[str, Field(description="called this tool")] = "",
        text: Annotated[str, Field(description="has this text in its title")] = "",
        since: Annotated[
            str,
            Field(
                description="went on at or after: 2026-03-01, an RFC 3339 time, or 24h, 7d (ago)"
            ),
        ] = "",
        until: Annotated[str, Field(description="began before; written as for since")] = "",
        where: Where = None,
        select: Annotated[
            str, Field(description="columns of session_overview; a few useful ones if empty")
        ] = SESSION_COLUMNS,
        order: Annotated[
            str, Field(description="as in read_view; the most recently active first if empty")
        ] = "",
        limit: Limit = SESSION_ROWS,
        after: After = "",
    ) -> Annotated[CallToolResult, Rows]:
        """Sessions that meet all of the given filters, the most recently active first."""
        given = {
            "agent": agent,
            "repo": repo,
            "branch": branch,
            "file": file,
            "tool": tool,
            "text": text,
            "since": since,
            "until": until,
        }
        filters = [pair for pair in given.items() if pair[1]] + _pairs(where)
        page = Page(select or SESSION_COLUMNS, filters, order, _within(limit), after)

        def find(snapshot: Snapshot) -> Rows:
            found = sessions.list_sessions(snapshot, self._reads.beats.beat(), page, _budget())
            return self._rows(snapshot, found, limit)

        return _result(await _told(self._reads.pool.run(find)))

    async def get_session(
        self,
        session: Annotated[
            str, Field(description="its id, with or without the agent, or the beginning of it")
        ],
        include: Annotated[
            list[str] | None,
            Field(
                description=f"parts, of {', '.join(sessions.SECTIONS)};"
                f" {', '.join(PARTS)} if left out"
            ),
        ] = None,
        limit: Limit = PART_ROWS,
        after: Annotated[str, Field(description="a part's `next`; include that part alone")] = "",
    ) -> Annotated[CallToolResult, SessionReply]:
        """What one session did: overview, messages, tool calls, files, subagents, usage.

        Messages and tool calls come in the order of time, long texts are cut.
        """

        rows = _within(limit)
        wanted = PARTS if include is None else tuple(include)

        def find(snapshot: Snapshot) -> SessionReply:
            found = sessions.get_session(
                snapshot,
                self._reads.beats.beat(),
                session,
                _budget(),
                include=wanted,
                limit=rows,
                after=after,
            )
            parts = {name: getattr(found, name) for name in wanted}
            return SessionReply(
                **self._basis(snapshot, found.freshness),
                session=plain(found.session),
                **{name: plain(part.rows) for name, part in parts.items()},
                next={name: part.next for name, part in parts.items() if part.next},
                left_out=rest_of_parts(parts),
            )

        return _result(await _told(self._reads.pool.run(find)))

    async def search(
        self,
        query: Annotated[
            str,
            Field(description='words, all of them; "a phrase", begin*, one OR other, -without'),
        ],
        repo: Annotated[
            str, Field(description="said in this repository: its directory or the end of it")
        ] = "",
        agent: Annotated[str, Field(description="claude_code or codex")] = "",
        tool: Annotated[str, Field(description="of calls of this tool, such as Bash")] = "",
        kind: Annotated[
            str, Field(description=f"of {', '.join(KINDS)}; several separated by commas")
        ] = "",
        session: Annotated[str, Field(description="in this session: its id or a beginning")] = "",
        since: Annotated[
            str, Field(description="at or after: 2026-03-01, an RFC 3339 time, or 24h, 7d (ago)")
        ] = "",
        until: Annotated[str, Field(description="before; written as for since")] = "",
        limit: Annotated[
            int,
            Field(
                description="hits",
                json_schema_extra={"minimum": 1, "maximum": search.MAX_HITS},
            ),
        ] = SEARCH_HITS,
        after: After = "",
    ) -> Annotated[CallToolResult, Hits]:
        """Messages, tool calls and errors with these words in them, the best first.

        A hit says in which session it is, when, of which kind, and shows some words around the
        match; get_session has the rest. Times are UTC; scores compare hits of one answer only.
        Words match whatever their case, in identifiers also as parts: user finds getUserName
        and user_name. A query without a word to look for, or a wrong filter, is an error that
        says what to write.
        """
        wanted = search.Search(
            *(query, repo, agent, tool, kind, session, since, until),
            limit=_within(limit, search.MAX_HITS),
            after=after,
        )
        index = Home(self._reads.settings.home).search

        def find(snapshot: Snapshot) -> Hits:
            found = search.search(snapshot, self._reads.beats.beat(), index, wanted)
            return Hits(
                **self._basis(snapshot, found.freshness),
                hits=[telling(hit) for hit in found.hits],
                next=found.next,
                left_out=rest_of_hits(found),
            )

        return _result(await _told(self._reads.pool.run(find)))

    def _orient(self) -> Orientation:
        status = self._reads.status()
        if status.generation is None:
            return lost(status)
        return read(self._reads.snapshots, lambda snapshot: oriented(status, snapshot))

    def _basis(self, snapshot: Snapshot, known: Freshness | None) -> dict[str, Any]:
        fresh = known or freshness(snapshot, self._reads.beats.beat(), None)
        return {
            "generation": snapshot.generation,
            "sample": snapshot.stamp.sample or self._reads.sample,
            "materialized_at": iso(fresh.materialized_at) if fresh.materialized_at else None,
            "age_seconds": fresh.age_seconds,
        }

    def _rows(self, snapshot: Snapshot, found: ViewAnswer | SessionList, limit: int) -> Rows:
        return Rows(
            **self._basis(snapshot, found.freshness),
            columns={column.name: meaning(column) for column in found.columns},
            rows=plain(found.rows),
            next=found.next,
            left_out=rest(len(found.rows), found.next, limit),
        )


async def _told(read: Awaitable[Result]) -> Result:
    """What was read; our own errors become what the model can act on."""
    try:
        return await read
    except LatticeError as error:
        raise ToolError(f"{error.what}. Try: {error.hint}" if error.hint else error.what) from error


def _result(reply: BaseModel) -> CallToolResult:
    """Structured, and the same as text for clients that read only that."""
    content = reply.model_dump(mode="json")
    text = msgspec.json.encode(content).decode()
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=content)


def _within(limit: int, most: int = MAX_ROWS) -> int:
    if not 1 <= limit <= most:
        raise ToolError(f"limit is {limit}. Try: a number from 1 to {most}")
    return limit


def _budget() -> Budget:
    return Budget(REPLY_BYTES, cell_chars=CELL_CHARS)


def _pairs(where: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Filters as a query string would have them."""
    pairs = []
    for key, value in (where or {}).items():
        for one in value if isinstance(value, list) else [value]:
            if one is None:
                pairs.append((f"{key}{SEPARATOR}is", "null"))
            else:
                pairs.append((key, str(one).lower() if isinstance(one, bool) else str(one)))
    return pairs
