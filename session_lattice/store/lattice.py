"""Refreshes the views: only dirty keys, always equal to a rebuild from nothing."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from session_lattice.errors import StoreError, ViewError
from session_lattice.home import Home
from session_lattice.store import catalog
from session_lattice.store.catalog import View
from session_lattice.store.database import BASE_TABLES, Database, statement

VIEW_SECONDS = 60.0
"""A view that takes longer to refresh is ended and reported."""

EVERYTHING = "CREATE OR REPLACE TEMP MACRO dirty(k) AS k IS NOT NULL"
DIRTY_ONLY = "CREATE OR REPLACE TEMP MACRO dirty(k) AS k IN (SELECT key FROM dirty_keys)"
KEPT_ROWS = "SELECT rows FROM catalog WHERE name = $name"
KEPT_COLUMNS = "SELECT columns FROM catalog WHERE name = $name"
ROW_COUNT = "SELECT count(*) FROM {}"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A view that was refreshed: `dirty` keys, None for a rebuild."""

    view: str
    dirty: int | None
    rows: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalog table says of a view: its state after the last refresh."""

    definition: str
    position: int
    materialized_at: datetime | None
    error: str | None


def unhindered() -> None:
    """Nothing keeps the refresh from going on."""


class Lattice:
    """The views of the catalog as tables beside the base tables.

    Each view is refreshed in a transaction of its own that also records the position up to
    which it is current, so that a crash or a broken view leaves the others as they are.
    """

    def __init__(self, database: Database, home: Home, interval_seconds: float) -> None:
        self._database = database
        self._home = home
        self._interval_seconds = interval_seconds
        self._catalog = catalog.Catalog([])
        self._seen: object = None

    def load(self) -> bool:
        """Read the catalog anew, drop what left it; whether any view came, went or changed."""
        seen = catalog.signature(self._home.views)
        if seen == self._seen:
            return False
        self._database.run(EVERYTHING)
        self._catalog = catalog.load(self._home.views, self._database.tables_in)
        known = self._known()
        names = {view.name for view in self._catalog.views}
        for name in known.keys() - names:
            self._drop(name)
        self._seen = seen
        due = [
            v
            for v in self._catalog.views
            if v.name not in known or known[v.name].definition != v.definition
        ]
        return bool(due) or bool(known.keys() - names)

    @property
    def errors(self) -> list[ViewError]:
        """Views that are left out or whose last refresh failed."""
        failed = [
            ViewError(name, known.error) for name, known in self._known().items() if known.error
        ]
        return [*self._catalog.errors, *failed]

    def refresh(self, proceed: Callable[[], None] = unhindered) -> list[Refreshed]:
        """Bring every view up to the applied position; broken ones keep their last rows.

        `proceed` is called before each view, and raises where there is to be no further one.
        """
        position = self._database.value("SELECT position FROM applied") or 0
        known = self._known()
        now = datetime.now(UTC).replace(tzinfo=None)
        done = [
            self._refresh_one(view, known.get(view.name), position, now, proceed)
            for view in self._catalog.views
        ]
        return [refreshed for refreshed in done if refreshed]

    def _refresh_one(
        self,
        view: View,
        known: Known | None,
        position: int,
        now: datetime,
        proceed: Callable[[], None],
    ) -> Refreshed | None:
        proceed()
        rebuild = known is None or known.definition != view.definition
        if not rebuild and known and self._resting(view, known, now):
            return None
        began = time.monotonic()
        try:
            with self._deadline(view), self._database.transaction():
                dirty = self._recompute(view, None if rebuild or known is None else known.position)
                rows = int(self._database.value(ROW_COUNT.format(view.name)))
                self._record(view, position, now, rows, None)
        except StoreError as error:
            # What was interrupted because time is up is no fault of the view's.
            proceed()
            self._fail(view, known, error)
            return None
        return Refreshed(view.name, dirty, rows, int((time.monotonic() - began) * 1000))

    def _resting(self, view: View, known: Known, now: datetime) -> bool:
        """A view with an interval of its own waits for it, give or take half a tick."""
        if view.refresh_seconds is None or known.materialized_at is None or known.error:
            return False
        age = (now - known.materialized_at).total_seconds()
        return 0 <= age < view.refresh_seconds - self._interval_seconds / 2

    def _recompute(self, view: View, since: int | None) -> int | None:
        """Recompute the keys that are dirty since a position; everything when it is None."""
        if since is None or not view.dirt:
            self._database.run(EVERYTHING)
            self._database.run(f"CREATE OR REPLACE TABLE {view.name} AS {view.sql}")
            return None
        found = " UNION ".join(dirt.query(since) for dirt in view.dirt)
        self._database.run(f"CREATE OR REPLACE TEMP TABLE dirty_keys AS {found}")
        dirty = int(self._database.value(ROW_COUNT.format("dirty_keys")))
        if dirty:
            self._database.run(DIRTY_ONLY)
            self._database.run(f"DELETE FROM {view.name} WHERE dirty({view.key})")
            self._database.run(f"INSERT INTO {view.name} {view.sql}")
        return dirty

    @contextmanager
    def _deadline(self, view: View) -> Iterator[None]:
        timer = threading.Timer(VIEW_SECONDS, self._database.interrupt)
        timer.name = f"deadline of {view.name}"
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _record(
        self, view: View, position: int, now: datetime | None, rows: int, error: str | None
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
                "columns": json.dumps(self._columns(view)) if error is None else before,
                "interval": view.refresh_seconds or self._interval_seconds,
                "origin": view.origin,
                "definition": view.definition if error is None else "",
                "position": position,
                "at": now,
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

    def _fail(self, view: View, known: Known | None, error: StoreError) -> None:
        at = known.materialized_at if known else None
        with self._database.transaction():
            self._record(view, known.position if known else 0, at, self._kept(view), error.what)

    def _kept(self, view: View) -> int:
        """Rows that a view keeps from before it broke."""
        return int(self._database.value(KEPT_ROWS, {"name": view.name}) or 0)

    def _known(self) -> dict[str, Known]:
        rows = self._database.rows(
            "SELECT name, definition, refreshed_position, materialized_at, error FROM catalog"
        )
        return {row[0]: Known(*row[1:]) for row in rows}

    def _drop(self, name: str) -> None:
        with self._database.transaction():
            self._database.run(f"DROP TABLE IF EXISTS {name}")
            self._database.run("DELETE FROM catalog WHERE name = $name", {"name": name})

    def row_count(self) -> int:
        """Rows of all base tables."""
        return sum(int(self._database.value(ROW_COUNT.format(table))) for table in BASE_TABLES)
