"""The commands that look: at views and sessions."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from session_lattice.cli import session_page, tables
from session_lattice.cli.reading import from_home, print_json, remark
from session_lattice.cli.tables import Heading
from session_lattice.errors import RequestError
from session_lattice.reads import paging, queries
from session_lattice.reads import sessions as session_reads
from session_lattice.reads.csv_text import csv_text
from session_lattice.reads.relation import Page
from session_lattice.reads.shapes import Budget

if TYPE_CHECKING:
    from session_lattice.reads.catalog import Column
    from session_lattice.reads.shapes import SessionAnswer, SessionList, ViewAnswer

ROWS = "50"
"""Rows that a person is shown unless they say otherwise."""

ID_CHARS = 8
"""Of a session's id on a terminal; `session` takes the beginning of one."""

UNBOUNDED = 1 << 60
SESSION_COLUMNS = (
    "ended_at,session,title,repo,branch,cost_microdollars,tool_calls,files_changed,duration_seconds"
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Sample = Annotated[bool, typer.Option("--sample", help="Look at the sample sessions.")]
Select = Annotated[str, typer.Option(metavar="COLUMNS", help="Columns, separated by commas.")]
Order = Annotated[
    str, typer.Option(metavar="COLUMNS", help="Columns to order by, - before descending ones.")
]
Limit = Annotated[str, typer.Option(metavar="ROWS", help=f"At most {paging.MAX_LIMIT}.")]
After = Annotated[str, typer.Option(metavar="CURSOR", help="The page behind this cursor.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
Filters = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILTER]...",
        help="COLUMN=VALUE or COLUMN__OPERATOR=VALUE with ne, gt, gte, lt, lte, in, contains,"
        " prefix, is; repeated values are alternatives.",
    ),
]


def view(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The view; `views` lists them.")],
    filters: Filters = None,
    select: Select = "",
    order: Order = "",
    limit: Limit = ROWS,
    after: After = "",
    as_json: Json = False,
    as_csv: Csv = False,
    sample: Sample = False,
) -> None:
    """Show rows of a view, such as `view tool_reliability calls__gte=10 --order -failed`."""
    page = Page(select, _pairs(filters), order, paging.page_size(limit), after)
    found = from_home(
        context,
        sample,
        lambda snapshot, beat: queries.read_view(snapshot, beat, name, page, Budget(UNBOUNDED)),
    )
    _show(found, as_json=as_json, as_csv=as_csv)


def sessions(
    context: typer.Context,
    filters: Filters = None,
    agent: Annotated[str, typer.Option(help="claude_code or codex.")] = "",
    repo: Annotated[str, typer.Option(help="Worked in this repository; the end will do.")] = "",
    branch: Annotated[str, typer.Option(help="Worked on this branch.")] = "",
    file: Annotated[str, typer.Option(help="Read or changed this file; the end will do.")] = "",
    tool: Annotated[str, typer.Option(help="Called this tool.")] = "",
    text: Annotated[str, typer.Option(help="Has this in its title.")] = "",
    since: Annotated[str, typer.Option(help="Went on since 2026-03-01, 24h, 7d ...")] = "",
    until: Annotated[str, typer.Option(help="Began before; written likewise.")] = "",
    select: Select = SESSION_COLUMNS,
    order: Order = "",
    limit: Limit = ROWS,
    after: After = "",
    as_json: Json = False,
    as_csv: Csv = False,
    sample: Sample = False,
) -> None:
    """List sessions, the most recently active first."""
    given = {
        "agent": agent,
        "repo": repository(repo),
        "branch": branch,
        "file": _absolute(file),
        "tool": tool,
        "text": text,
        "since": since,
        "until": until,
    }
    wanted = [pair for pair in given.items() if pair[1]] + _pairs(filters)
    page = Page(select, wanted, order, paging.page_size(limit), after)
    found = from_home(
        context,
        sample,
        lambda snapshot, beat: session_reads.list_sessions(snapshot, beat, page, Budget(UNBOUNDED)),
    )
    _show(found, as_json=as_json, as_csv=as_csv)


def session(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="Its id, with or without the agent, or a beginning.")],
    include: Annotated[
        str, typer.Option(metavar="PARTS", help=f"Of {', '.join(session_reads.SECTIONS)}.")
    ] = ",".join(session_reads.SECTIONS),
    limit: Annotated[str, typer.Option(metavar="ROWS", help="Of each part.")] = ROWS,
    after: After = "",
    as_json: Json = False,
    sample: Sample = False,
) -> None:
    """Show what one session did, said, changed and cost."""
    rows = paging.page_size(limit)
    parts = [part.strip() for part in include.split(",") if part.strip()]
    found = from_home(
        context,
        sample,
        lambda snapshot, beat: session_reads.get_session(
            snapshot, beat, id, Budget(UNBOUNDED), include=parts, limit=rows, after=after
        ),
    )
    if as_json:
        print_json(found)
    else:
        _show_session(found, parts)


def _show(found: "ViewAnswer | SessionList", *, as_json: bool, as_csv: bool) -> None:
    if as_json:
        print_json(found)
        return
    if as_csv:
        sys.stdout.write(csv_text(found.columns, found.rows))
    else:
        _print(_rows(found.columns, found.rows))
    if found.next:
        remark(f"more rows follow: --after {found.next}")


def _rows(columns: "Sequence[Column]", rows: Sequence[dict[str, Any]]) -> list[str]:
    """A table of as many columns as fit, and what it does not show."""
    if not rows:
        return ["no rows"]
    cells = [[_cell(column, row[column.name]) for column in columns] for row in rows]
    headings = [
        _heading(column, [row[place] for row in cells]) for place, column in enumerate(columns)
    ]
    room = tables.width()
    count = tables.fitting(headings, cells, room)
    lines = tables.table(headings[:count], [row[:count] for row in cells], room)
    if count < len(headings):
        lines.append(f"not shown: {', '.join(heading.name for heading in headings[count:])}")
    return lines


def _heading(column: "Column", cells: Sequence[str]) -> Heading:
    text = column.type.startswith("VARCHAR")
    number = not text and column.type not in ("BOOLEAN", "DATE", "TIMESTAMP")
    paths = any(cell.startswith(("~", os.sep)) for cell in cells)
    flexible = text and column.name != "session"
    return Heading(column.name, right=number, flexible=flexible, keep_end=paths)


def _cell(column: "Column", value: Any) -> str:
    if column.name == "session" and sys.stdout.isatty():
        agent, _, id = value.partition("/")
        return f"{agent}/{id[:ID_CHARS]}"
    if isinstance(value, str) and value.startswith(os.sep):
        return tables.short_path(value)
    return tables.shown(value, column.unit)


def _show_session(found: "SessionAnswer", parts: Sequence[str]) -> None:
    _print(session_page.overview(found.session))
    unread = found.session.get("transcript") == session_page.UNREAD
    for name in parts:
        part = getattr(found, name)
        _print(["", *session_page.part(name, part.rows, tables.width(), unread=unread)])
        if part.next:
            remark(f"more {name.replace('_', ' ')}: --include {name} --after {part.next}")


def _print(lines: Sequence[str]) -> None:
    print("\n".join(lines))


def _pairs(filters: Sequence[str] | None) -> list[tuple[str, str]]:
    pairs = []
    for text in filters or ():
        key, found, value = text.partition("=")
        if not found:
            raise RequestError(
                f"{text!r} is no filter", hint="write COLUMN=VALUE or COLUMN__OPERATOR=VALUE"
            )
        pairs.append((key, value))
    return pairs


def _absolute(path: str) -> str:
    """Names from where one stands, such as ./a.py or ~/a.py, as the transcripts have them."""
    if path in (".", "..") or path.startswith(("./", "../", "~")):
        return str(Path(path).expanduser().resolve())
    return path


def repository(path: str) -> str:
    """Of a directory that one stands in: the checkout that it belongs to."""
    found = _absolute(path)
    if found == path:
        return path
    folder = Path(found)
    tops = (one for one in (folder, *folder.parents) if (one / ".git").exists())
    return str(next(tops, folder))
