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
EXAMPLE_CHARS = 130
CELL_CHARS = 40
UUID = re.compile(r"([0-9a-f]{8})(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SAMPLE_ROOT = str(SAMPLE[0].parent)

HEAD = Path(__file__).with_suffix(".md")


def page() -> str:
    with TemporaryDirectory() as folder:
        _pull(Path(folder))
        pointer = Path(folder) / "session-lattice.duckdb"
        with duckdb.connect(str(pointer.resolve()), read_only=True) as connection:
            return "\n".join(_lines(connection)) + "\n"


def _pull(home: Path) -> None:
    transcripts = ":".join(map(str, SAMPLE))
    options = ["--profile", "dev", "--home", str(home), "--transcripts", transcripts]
    subprocess.run(
        [sys.executable, "-m", "session_lattice", *options, "serve-puller", "--once"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TZ": "UTC"},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )


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
    order = ", ".join(view.grain)
    rows = connection.execute(
        f"SELECT * FROM {view.name} ORDER BY {order} LIMIT {EXAMPLE_ROWS}"
    ).fetchall()
    if not rows:
        yield "No row on the sample.\n"
        return
    names = [column.name for column in view.columns]
    chosen = _fitting(view, names, rows)
    yield f"| {' | '.join(names[place] for place in chosen)} |\n|{'---|' * len(chosen)}"
    for row in rows:
        yield f"| {' | '.join(_cell(row[place]) for place in chosen)} |"
    yield ""


def _fitting(view: View, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """The grain, then what says something in these rows, as far as a line has room."""
    grain = [names.index(name) for name in view.grain]
    rest = [
        place
        for place in range(len(names))
        if place not in grain and any(row[place] not in (None, [], "") for row in rows)
    ]
    room, chosen = EXAMPLE_CHARS, []
    for place in [*grain, *rest]:
        width = max(len(names[place]), *(len(_cell(row[place])) for row in rows)) + 3
        if place in grain or width <= room:
            chosen.append(place)
            room -= width
    return chosen


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    if isinstance(value, datetime):
        value = value.isoformat(sep=" ", timespec="seconds")
    flat = " ".join(str(value).replace(SAMPLE_ROOT, "…").replace("|", "\\|").split())
    flat = UUID.sub(r"\1…", flat)
    return flat if len(flat) <= CELL_CHARS else flat[: CELL_CHARS - 1] + "…"


if __name__ == "__main__":
    sys.stdout.write(page())
