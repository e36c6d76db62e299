"""docs/views.md, made of the views' headers and of what they answer on the sample.

python -m tests.views_page > docs/views.md
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from session_lattice.cli.options import SAMPLE
from session_lattice.reads.catalog import View, read_catalog

ROOT = Path(__file__).parents[1]
AXES = {
    "sessions": "what ran, where, for how long, at what cost",
    "tools": "what was called, and how it went",
    "files": "what was read and changed",
    "attribution": "what became of it: commits, pull requests, issues, branches",
    "time": "what happened before, beside and after",
}
EXAMPLE_ROWS = 3
EXAMPLE_CHARS = 140
CELL_CHARS = 40
IDENTIFIER = re.compile(
    r"\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"  # a session's
    r"|\b([0-9a-f]{7})[0-9a-f]{33}\b"  # a commit's
    r"|\b((?:toolu|call)_\w{7})\w{11,}"  # a call's
)
"""What is shown of a long one: a group."""

SAMPLE_ROOT = str(SAMPLE[0].parent)
EMPTY = {"vanished_transcripts": "the sample's transcripts are all there"}
"""View without rows on the sample → why."""

OF_TODAY = {
    "repo_status": frozenset(
        {"stale_branches", "commits_30d", "changed_lines_30d", "authors_30d", "observed_at"}
    )
}
"""View → columns that say something else on another day: no example for a page that is kept."""

COST = "cost_microdollars"
"""The column that is chosen first after the grain."""

LAST_CHOSEN = re.compile("(first|last)_at|.*_tokens")
"""Columns that are chosen if the others leave room."""

Row = tuple[Any, ...]
HEAD = Path(__file__).with_suffix(".md")


def page() -> str:
    with (
        TemporaryDirectory() as folder,
        duckdb.connect(str(_pulled(Path(folder))), read_only=True) as connection,
    ):
        return "\n".join(_lines(connection)) + "\n"


def _pulled(folder: Path) -> Path:
    """The sample's first generation, as `up --sample` publishes it."""
    home = folder / "home"
    options = ["--profile", "dev", "--home", str(home), "serve-puller", "--once", "--sample"]
    subprocess.run(
        [sys.executable, "-m", "session_lattice", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TZ": "UTC"},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return (folder / "home-sample" / "session-lattice.duckdb").resolve(strict=True)


def _lines(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    views = read_catalog(connection)
    yield HEAD.read_text("utf-8").format(count=len(views), axes=len(AXES))
    for axis, about in AXES.items():
        yield f"## {axis.capitalize()}: {about}\n"
        for view in views.values():
            if view.axis == axis:
                yield from _view(connection, view)


def _view(connection: duckdb.DuckDBPyConnection, view: View) -> Iterator[str]:
    reads = ", ".join(f"`{name}`" for name in view.reads)
    yield f"### `{view.name}`\n\n**{view.question}**\n"
    every = "" if view.refresh_interval_seconds == 60 else (
        f" Made every {view.refresh_interval_seconds:g} s."
    )  # fmt: skip
    yield f"One row for each {', '.join(view.grain)}.{every} Made of {reads}.\n"
    yield "| column | unit | |\n|---|---|---|"
    for column in view.columns:
        yield f"| `{column.name}` | {column.unit or ''} | {column.description or ''} |"
    yield ""
    yield from _example(connection, view)


def _example(connection: duckdb.DuckDBPyConnection, view: View) -> Iterator[str]:
    names = [column.name for column in view.columns]
    kept = [name for name in names if name not in OF_TODAY.get(view.name, ())]
    order = ", ".join(view.grain)
    rows = connection.execute(
        f"SELECT {', '.join(kept)} FROM {view.name} ORDER BY {order}"
    ).fetchall()
    if not rows:
        yield f"No row on the sample: {EMPTY[view.name]}.\n"
        return
    rows = _fullest(rows)
    chosen = _fitting(view, kept, rows)
    yield f"| {' | '.join(kept[place] for place in chosen)} |\n|{'---|' * len(chosen)}"
    for row in rows:
        yield f"| {' | '.join(_cell(row[place]) for place in chosen)} |"
    yield ""


def _fullest(rows: Sequence[Row]) -> list[Row]:
    """The rows that say most, the first ones of equals, in their order."""
    places = sorted(range(len(rows)), key=lambda place: -sum(map(_says, rows[place])))
    return [rows[place] for place in sorted(places[:EXAMPLE_ROWS])]


def _fitting(view: View, names: Sequence[str], rows: Sequence[Row]) -> list[int]:
    """The grain, then what says something new in these rows, as far as a line has room."""
    chosen = [names.index(name) for name in view.grain]
    rest = [place for place in range(len(names)) if place not in chosen]
    room = EXAMPLE_CHARS - sum(_width(names, rows, place) for place in chosen)
    wanted = sorted(
        rest,
        key=lambda place: (names[place] != COST, bool(LAST_CHOSEN.fullmatch(names[place]))),
    )
    for place in wanted:
        width = _width(names, rows, place)
        says = any(_says(row[place]) and not _said(row, place, chosen) for row in rows)
        if says and width <= room:
            chosen.append(place)
            room -= width
    return sorted(chosen, key=lambda place: (names[place] not in view.grain, place))


def _width(names: Sequence[str], rows: Sequence[Row], place: int) -> int:
    """Characters of a column, with what parts it from the next."""
    return max(len(names[place]), *(len(_cell(row[place])) for row in rows)) + 3


def _says(value: Any) -> bool:
    return value not in (None, [], {}, "", 0)


def _said(row: Row, place: int, chosen: Sequence[int]) -> bool:
    """Whether a text of the chosen cells has this one in it."""
    texts = [_cell(row[other]) for other in chosen if isinstance(row[other], str)]
    return isinstance(row[place], str | list) and any(_cell(row[place]) in text for text in texts)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    if isinstance(value, datetime):
        value = value.isoformat(sep=" ", timespec="seconds")
    flat = " ".join(str(value).replace(SAMPLE_ROOT, "…").replace("|", "\\|").split())
    flat = IDENTIFIER.sub(lambda found: f"{found[found.lastindex or 0]}…", flat)
    return flat if len(flat) <= CELL_CHARS else flat[: CELL_CHARS - 1] + "…"


if __name__ == "__main__":
    sys.stdout.write(page())
