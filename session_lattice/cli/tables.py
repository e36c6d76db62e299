"""Plain tables for people: aligned, as wide as the terminal and no wider."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from session_lattice.reads.times import span

PIPED_WIDTH = 10_000
"""Columns of a line that does not go to a terminal; its reader wraps it or not."""

CELL_CHARS = 200
"""Characters of one cell, even where a line may be longer."""

NARROWEST_TEXT = 12
"""A column of text that would have fewer characters than this is left out instead."""

SMALL_MICRODOLLARS = 10_000
"""Less than a cent is told with more digits."""

GAP = "  "
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a table. Of the columns that are `flexible` the widest are cut first.

    What is cut loses its end, or its beginning where the end tells more.
    """

    name: str
    right: bool = False
    flexible: bool = False
    keep_end: bool = False


def width() -> int:
    """Characters of one line of output."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPED_WIDTH


def table(headings: Sequence[Heading], rows: Sequence[Sequence[str]], room: int) -> list[str]:
    """The lines of a table that is at most `room` wide, as far as cutting texts allows."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = [
        max(len(heading.name), *(len(row[place]) for row in cells), 0)
        for place, heading in enumerate(headings)
    ]
    _squeeze(headings, widths, room)
    names = [heading.name for heading in headings]
    return [_line(headings, widths, row).rstrip() for row in [names, *cells]]


def fitting(headings: Sequence[Heading], rows: Sequence[Sequence[str]], room: int) -> int:
    """How many of the first columns a table of that room can show, one at least."""
    taken = 0
    for place, heading in enumerate(headings):
        longest = max([len(heading.name), *(len(one_line(row[place])) for row in rows)])
        needed = min(longest, NARROWEST_TEXT) if heading.flexible else longest
        taken += needed + (len(GAP) if place else 0)
        if taken > room and place:
            return place
    return len(headings)


def _squeeze(headings: Sequence[Heading], widths: list[int], room: int) -> None:
    """Take from the widest flexible column until the line fits or nothing is left to take."""
    flexible = [place for place, heading in enumerate(headings) if heading.flexible]
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - room
    while excess > 0 and flexible:
        widest = max(flexible, key=lambda place: widths[place])
        if widths[widest] <= NARROWEST_TEXT:
            return
        widths[widest] -= 1
        excess -= 1


def _line(headings: Sequence[Heading], widths: Sequence[int], row: Sequence[str]) -> str:
    cells = zip(headings, widths, row, strict=True)
    return GAP.join(_aligned(heading, size, cell) for heading, size, cell in cells)


def _aligned(heading: Heading, size: int, cell: str) -> str:
    if len(cell) > size:
        cell = "…" + cell[1 - size :] if heading.keep_end else cell[: size - 1] + "…"
    return cell.rjust(size) if heading.right else cell.ljust(size)


def one_line(text: str) -> str:
    """At most CELL_CHARS, without line breaks and what else a terminal would act upon."""
    flat = " ".join(text.split())
    printable = "".join(char if char.isprintable() else "?" for char in flat)
    return printable if len(printable) <= CELL_CHARS else printable[: CELL_CHARS - 1] + "…"


def shown(value: Any, unit: str | None = None) -> str:
    """A value as a person reads it: local time, dollars, thousands apart."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(shown(one) for one in value) or NOTHING
    if isinstance(value, int | float):
        return _number(value, unit)
    return str(value) or NOTHING


def _number(value: float, unit: str | None) -> str:
    if unit == "microdollars":
        cents = 2 if value == 0 or value >= SMALL_MICRODOLLARS else 4
        return f"${value / 1_000_000:,.{cents}f}"
    if unit == "seconds":
        return span(value)
    if unit == "ratio":
        return f"{value:.1%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def moment(at: datetime) -> str:
    """Local time to the second; without the zone, which is the reader's own."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def ago(at: datetime) -> str:
    """How long ago, or "just now"."""
    seconds = (datetime.now(UTC) - at).total_seconds()
    return f"{span(seconds)} ago" if seconds >= 1 else "just now"


def short_path(path: str | Path) -> str:
    """With ~ for the person's own home."""
    text, home = str(path), str(Path.home())
    return "~" + text[len(home) :] if text == home or text.startswith(home + "/") else text
