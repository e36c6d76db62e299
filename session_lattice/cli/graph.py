"""Draws the lattice: tables, the views made of them, the views made of those."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

from session_lattice.cli import tables
from session_lattice.cli.tables import Heading
from session_lattice.reads.times import span

if TYPE_CHECKING:
    from session_lattice.reads.catalog import View

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN = 230, 34, 90, 10, 20
COLOURS = {
    "table": "#e8e8e8",
    "sessions": "#d6e8fa",
    "tools": "#fde7c8",
    "files": "#d9f2d9",
    "attribution": "#f6d9ee",
    "time": "#e5dcfa",
}
OTHER_COLOUR = "#ffffff"
STYLE = "text{font:12px sans-serif}.d{font-size:10px;fill:#555}path{fill:none;stroke:#999}"


def levels(views: "Sequence[View]") -> dict[str, int]:
    """Table or view → how many steps from the log it is; tables are 0."""
    known = {view.name: view for view in views}
    found: dict[str, int] = {}

    def level(name: str) -> int:
        if name not in found:
            found[name] = 0
            if name in known:
                found[name] = 1 + max((level(one) for one in known[name].reads), default=0)
        return found[name]

    for view in views:
        level(view.name)
    return found


def lines(views: "Sequence[View]", room: int) -> list[str]:
    """A table of the views, those that read only base tables first."""
    steps = levels(views)
    headings = [
        Heading("STEP", right=True),
        Heading("VIEW"),
        Heading("ROWS", right=True),
        Heading("TIME", right=True),
        Heading("AGE", right=True),
        Heading("MADE OF", flexible=True),
    ]
    ordered = sorted(views, key=lambda view: (steps[view.name], view.axis, view.name))
    rows = [
        [
            str(steps[view.name]),
            view.name,
            tables.shown(view.rows),
            f"{view.duration_ms} ms",
            _age(view),
            view.error or ", ".join(view.reads),
        ]
        for view in ordered
    ]
    return tables.table(headings, rows, room)


def svg(views: "Sequence[View]") -> str:
    """A picture: columns from the base tables at the left to the views made of views."""
    places = _places(views)
    width = max(x for x, _ in places.values()) + BOX_WIDTH + MARGIN
    height = max(y for _, y in places.values()) + BOX_HEIGHT + MARGIN
    known = {view.name: view for view in views}
    arrows = [
        _arrow(places[read], places[view.name]) for view in views for read in sorted(view.reads)
    ]
    boxes = [_box(name, known.get(name), place) for name, place in places.items()]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
            f' viewBox="0 0 {width} {height}">',
            f"<style>{STYLE}</style>",
            *arrows,
            *boxes,
            "</svg>\n",
        ]
    )


def _places(views: "Sequence[View]") -> dict[str, tuple[int, int]]:
    """Where each box is; within a column beside what it is made of, so that arrows are short."""
    steps = levels(views)
    reads = {view.name: view.reads for view in views}
    places: dict[str, tuple[int, int]] = {}
    for step in range(max(steps.values(), default=0) + 1):
        column = [name for name in sorted(steps) if steps[name] == step]
        column.sort(key=lambda name: _middle([places[one][1] for one in reads.get(name, [])]))
        for row, name in enumerate(column):
            x = MARGIN + step * (BOX_WIDTH + GAP_X)
            places[name] = (x, MARGIN + row * (BOX_HEIGHT + GAP_Y))
    return places


def _middle(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 0.0


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT // 2
    x2, y2 = end[0], end[1] + BOX_HEIGHT // 2
    bend = GAP_X // 2
    return f'<path d="M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"/>'


def _box(name: str, view: "View | None", place: tuple[int, int]) -> str:
    x, y = place
    colour = COLOURS.get(view.axis if view else "table", OTHER_COLOUR)
    detail = f"{view.rows:,} rows, {view.duration_ms} ms, {_age(view)} ago" if view else ""
    title = f"<title>{escape(view.question)}</title>" if view else ""
    return (
        f'<g>{title}<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4"'
        f' fill="{colour}" stroke="#777"/><text x="{x + 8}" y="{y + 14}">{escape(name)}</text>'
        f'<text class="d" x="{x + 8}" y="{y + 28}">{escape(detail)}</text></g>'
    )


def _age(view: "View") -> str:
    if view.materialized_at is None:
        return tables.NOTHING
    return span((datetime.now(UTC) - view.materialized_at).total_seconds())
