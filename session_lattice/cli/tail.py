"""`tail`: what happens, as it happens."""

import sys
from collections.abc import Collection
from contextlib import closing
from typing import Annotated

import msgspec
import typer

from session_lattice.cli import options, tables
from session_lattice.cli.feed.base import NEWEST, RESET, Feed, Frame, fields, missed
from session_lattice.cli.feed.http import HttpFeed
from session_lattice.cli.feed.lines import EventLines, cut
from session_lattice.cli.feed.log import LogFeed
from session_lattice.cli.feed.server import Server
from session_lattice.cli.reading import chosen, remark
from session_lattice.log import cursor


def tail(
    context: typer.Context,
    stream: Annotated[
        str, typer.Argument(help=f"One session or pull, or {NEWEST}; all if left out.")
    ] = "",
    after: Annotated[
        str, typer.Option(metavar="CURSOR", help="Begin behind it; or earliest, or latest.")
    ] = "",
    types: Annotated[
        str, typer.Option(metavar="TYPES", help="Only these, such as message.user,tool.called.")
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON per event, each with its cursor.")
    ] = False,
    url: Annotated[
        str, typer.Option(metavar="URL", help="Ask the server at http://HOST:PORT instead.")
    ] = "",
) -> None:
    """Follow what sessions and pulls do, from the event log or a server, until interrupted.

    A pull is shown from its beginning and ends the command; all else begins with the next event.
    Token usage and tools that succeeded are left out unless --types or --json asks for them.
    """
    wanted = [name for part in types.split(",") if (name := part.strip())]
    start = cursor.parse(after) if after else None
    if url:
        token = options.settings(context).token
        feed: Feed = HttpFeed(Server(url, token), stream, wanted, after)
    else:
        settings, is_sample = chosen(context, sample=False)
        if is_sample:
            remark("SAMPLE: these sessions come with the program")
        feed = LogFeed(settings, stream, wanted, start)
    _show(feed, wanted, as_json=as_json)


def _show(feed: Feed, types: Collection[str], *, as_json: bool) -> None:
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    lines = EventLines(types)
    with closing(feed.frames()) as frames:
        for frame in frames:
            if frame.type == RESET:
                remark(tables.one_line(missed(fields(frame))))
            line = _json(frame) if as_json else _line(lines, frame)
            if line is not None:
                print(line)


def _line(lines: EventLines, frame: Frame) -> str | None:
    line = None if frame.type == RESET else lines.line(frame)
    return None if line is None else cut(line, tables.width())


def _json(frame: Frame) -> str:
    named = {"type": RESET} if frame.type == RESET else {}
    return msgspec.json.encode({**named, **fields(frame), "cursor": frame.cursor}).decode()
