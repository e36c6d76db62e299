"""What the catalog table says of each view: how it is defined and how its last refresh went."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from session_lattice.errors import StoreError
from session_lattice.store.catalog import View
from session_lattice.store.database import Database, statement
from session_lattice.store.dirt import Since

COSTLY_SECONDS = 1.0
"""A view that takes longer waits before its next refresh, so that the others need not."""

MANY_KEYS = 1_000
"""A refresh of more keys is a time of much news, and says nothing of the others."""

COSTLY_SHARE = 0.05
"""Of the time that a costly view's refreshes may take."""

KEPT_ROWS = "SELECT rows FROM catalog WHERE name = $name"
KEPT_COLUMNS = "SELECT columns FROM catalog WHERE name = $name"
KNOWN = """
SELECT name, definition, refreshed_position, refreshed_pass, materialized_at,
    refresh_interval_seconds, rows, error
FROM catalog
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalog table says of a view: its state after the last refresh."""

    definition: str
    position: int
    of_pass: int
    materialized_at: datetime | None
    interval_seconds: float
    rows: int
    error: str | None

    @property
    def since(self) -> Since:
        return Since(self.position, self.of_pass)

    @property
    def stood(self) -> "Pass":
        return Pass(self.of_pass, self.position, self.materialized_at)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A view that was refreshed: `dirty` keys, None for a rebuild."""

    view: str
    dirty: int | None
    rows: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Pass:
    """One refresh of the catalog: its number, up to which position, and when."""

    number: int
    position: int
    at: datetime | None


class Register:
    """Reads and writes the catalog table; each call is part of its caller's transaction."""

    def __init__(self, database: Database, interval_seconds: float) -> None:
        self._database = database
        self._interval_seconds = interval_seconds

    def interval(self, view: View, duration_ms: int) -> float:
        """Seconds between two refreshes: what the view asks for, more if it is too costly."""
        asked = self._asked(view)
        seconds = duration_ms / 1000
        return max(asked, seconds / COSTLY_SHARE) if seconds > COSTLY_SECONDS else asked

    def _asked(self, view: View) -> float:
        return view.refresh_seconds or self._interval_seconds

    def _pace(self, view: View, duration_ms: int) -> dict[str, Any]:
        interval = self.interval(view, duration_ms)
        return {"interval": interval, "costly": interval > self._asked(view)}

    def stand(self, views: list[View], done: list[Refreshed], current: Pass) -> None:
        """Record that the views are up to date with the pass, and what was done for that."""
        self._database.run(
            statement("stand_of_views"),
            {
                "names": [view.name for view in views],
                "position": current.position,
                "pass": current.number,
                "at": current.at,
            },
        )
        worked = [(v, one) for v, one in zip(views, done, strict=True) if one.dirty]
        if worked:
            self._database.run(statement("refreshed_views"), self._columns_of(worked))

    def _columns_of(self, worked: list[tuple[View, Refreshed]]) -> dict[str, list[Any]]:
        paces = [
            self._pace(view, one.duration_ms if (one.dirty or 0) <= MANY_KEYS else 0)
            for view, one in worked
        ]
        return {
            "names": [view.name for view, _ in worked],
            "rows": [one.rows for _, one in worked],
            "durations": [one.duration_ms for _, one in worked],
            "intervals": [float(pace["interval"]) for pace in paces],
            "costly": [pace["costly"] for pace in paces],
        }

    def record(
        self, view: View, current: Pass, rows: int, milliseconds: int, error: str | None
    ) -> None:
        before = self._database.value(KEPT_COLUMNS, {"name": view.name}) or "[]"
        self._database.run("DELETE FROM catalog WHERE name = $name", {"name": view.name})
        self._database.run(
            statement("record_view"),
            {
                "name": view.name,
                "axis": view.axis,
                "question": view.question,
                "grain": list(view.grain),
                "reads": sorted(view.reads),
                "columns": json.dumps(self._columns(view)) if error is None else before,
                **self._pace(view, 0 if view.dirt else milliseconds),
                "origin": view.origin,
                "definition": view.definition if error is None else "",
                "position": current.position,
                "pass": current.number,
                "at": current.at,
                "duration": milliseconds,
                "rows": rows,
                "error": error,
            },
        )

    def _columns(self, view: View) -> list[dict[str, Any]]:
        described = self._database.rows(f"DESCRIBE {view.name}")
        names = [row[0] for row in described]
        missing = [name for name in view.grain if name not in names]
        if missing:
            raise StoreError(f"its grain names {', '.join(missing)}, which it does not select")
        return [
            {"name": name, "type": row[1], "unit": unit or None, "description": meaning or None}
            for name, row in zip(names, described, strict=True)
            for unit, meaning in [view.documented.get(name, ("", ""))]
        ]

    def kept(self, view: View) -> int:
        """Rows that a view keeps from before it broke."""
        return int(self._database.value(KEPT_ROWS, {"name": view.name}) or 0)

    def known(self) -> dict[str, Known]:
        return {row[0]: Known(*row[1:]) for row in self._database.rows(KNOWN)}
