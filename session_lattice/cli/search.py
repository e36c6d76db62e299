"""The command that searches."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from session_lattice.cli import tables
from session_lattice.cli.inspect import ID_CHARS, After, Json, Sample, repository
from session_lattice.cli.reading import chosen, from_home, print_json, remark
from session_lattice.home import Home
from session_lattice.reads import search as searches
from session_lattice.search.document import KINDS

if TYPE_CHECKING:
    from rich.text import Text

    from session_lattice.reads.shapes import SearchAnswer, SearchHit

HITS = "10"
"""Hits that a person is shown unless they say otherwise."""


def search(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WORDS...",
            help='All of them; "a phrase" (in quotes for the shell too), begin*, one OR other,'
            " NOT word.",
        ),
    ],
    repo: Annotated[str, typer.Option(help="Said in this repository; the end will do.")] = "",
    agent: Annotated[str, typer.Option(help="claude_code or codex.")] = "",
    tool: Annotated[str, typer.Option(help="Of calls of these tools, with commas.")] = "",
    kind: Annotated[str, typer.Option(metavar="KINDS", help=f"Of {', '.join(KINDS)}.")] = "",
    session: Annotated[str, typer.Option(help="In this session; a beginning will do.")] = "",
    since: Annotated[str, typer.Option(help="Since 2026-03-01, 24h, 7d ...")] = "",
    until: Annotated[str, typer.Option(help="Before; written likewise.")] = "",
    limit: Annotated[
        str, typer.Option(metavar="HITS", help=f"At most {searches.MAX_HITS}.")
    ] = HITS,
    after: After = "",
    as_json: Json = False,
    sample: Sample = False,
) -> None:
    """Search what was said, run and went wrong, such as `search permission denied --since 7d`."""
    settings, _ = chosen(context, sample=sample)
    wanted = searches.asked(
        {
            "q": " ".join(words),
            "repo": repository(repo),
            "agent": agent,
            "tool": tool,
            "kind": kind,
            "session": session,
            "since": since,
            "until": until,
            "limit": limit,
            "after": after,
        }
    )
    index = Home(settings.home).search
    found = from_home(
        context, sample, lambda snapshot, beat: searches.search(snapshot, beat, index, wanted)
    )
    if as_json:
        print_json(found)
    else:
        _show(found)


def _show(found: "SearchAnswer") -> None:
    from rich.console import Console

    console = Console(width=tables.width(), highlight=False, soft_wrap=not sys.stdout.isatty())
    for hit in found.hits:
        console.print(_heading(hit))
        console.print(_snippet(hit))
    if not found.hits:
        console.print("nothing found")
    if not found.index.complete:
        remark("the index is behind the sessions: the newest may be missing")
    if not found.ranked_all:
        remark(f"ranked were the newest {found.ranked} matches; older ones come on later pages")
    if found.next:
        remark(f"more hits follow: --after {found.next}")


def _heading(hit: "SearchHit") -> "Text":
    from rich.text import Text

    agent, _, id = hit.session.partition("/")
    session = f"{agent}/{id[:ID_CHARS]}" if sys.stdout.isatty() else hit.session
    place = tables.short_path(hit.repo or hit.cwd or "")
    what = f"{hit.kind} {hit.tool}" if hit.tool else hit.kind
    rest = [part for part in (place, tables.one_line(hit.title or "")) if part]
    heading = Text(tables.shown(hit.ts), style="dim")
    heading.append(tables.GAP).append(what, style="bold").append(tables.GAP).append(session)
    return heading.append("".join(tables.GAP + part for part in rest), style="dim")


def _snippet(hit: "SearchHit") -> "Text":
    """In one line, with what matched in colour; what a terminal would act upon is left out."""
    from rich.text import Text

    told = Text("".join(char if char.isprintable() else " " for char in hit.snippet))
    for start, end in hit.marks:
        told.stylize("bold yellow", start, end)
    return Text("    ") + told
