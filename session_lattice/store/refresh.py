"""Recomputes one view: its dirty keys, or all of it."""

from collections.abc import Iterable
from contextlib import nullcontext

from session_lattice.store.catalog import WITHIN, View
from session_lattice.store.database import BASE_TABLES, Database
from session_lattice.store.deltas import Deltas
from session_lattice.store.dirt import Dirt, Since
from session_lattice.store.working import COPIED, Working

EVERYTHING = "CREATE OR REPLACE TEMP MACRO dirty(k) AS k IS NOT NULL"
DIRTY_ONLY = "CREATE OR REPLACE TEMP MACRO dirty(k) AS k IN (SELECT key FROM dirty_keys)"
DIRTY_KEYS = """
CREATE OR REPLACE TEMP TABLE dirty_keys AS
SELECT DISTINCT key FROM ({found}) AS t(key) WHERE key IS NOT NULL
"""
SHARE = """
CREATE OR REPLACE TEMP MACRO dirty(k) AS k IS NOT NULL AND hash(k) % {parts} = {part}
"""
ROW_COUNT = "SELECT count(*) FROM {table}"
COUNT_KEYS = "SELECT count(*) FROM dirty_keys"
ANY_CHANGED = "SELECT 1 FROM {table} WHERE changed > {above} LIMIT 1"

PART_ROWS = 500_000
"""Rows of the large tables, more or less, that are taken in at once where a view is made anew."""


class Refresh:
    """The work of one view's refresh, with what a pass shares between views."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._working = Working(database)
        self.deltas = Deltas(database)
        self._views: frozenset[str] = frozenset()
        self._changed: dict[tuple[str, int], bool] = {}
        self._everything = False
        self.everything()

    def serve(self, views: Iterable[View]) -> None:
        """Take note of the catalog."""
        views = list(views)
        self._views = frozenset(view.name for view in views)
        self.deltas.serve(views)

    def begin_pass(self, within: Iterable[tuple[View, Since]]) -> None:
        """Copy what the views about sessions will read. Not within a transaction."""
        self._changed.clear()
        found = {
            dirt.query(since, self._views)
            for view, since in within
            for dirt in self._live(view, since)
            if not dirt.changed & self._views
        }
        if found:
            self._working.fill(" UNION ".join(sorted(found)))

    def settle(self) -> None:
        """After a failure, when its transaction is over."""
        self._working.behind()

    def find_keys(self, view: View, since: Since) -> int:
        """Leave the view's dirty keys in `dirty_keys`; how many there are."""
        found = [dirt.query(since, self._views) for dirt in self._live(view, since)]
        if view.expires:
            found.append(
                f"SELECT {view.key} AS key FROM {view.name} WHERE {view.expires} <= clock()"
            )
        if not found:
            return 0
        self._database.run(DIRTY_KEYS.format(found=" UNION ".join(found)))
        return int(self._database.value(COUNT_KEYS))

    def recompute(self, view: View, of_pass: int) -> None:
        """The rows of the keys that `find_keys` left."""
        if self._everything:
            self._database.run(DIRTY_ONLY)
            self._everything = False
        copies = view.within and self._working.covers()
        self.deltas.replace(view, of_pass, self._working.in_front if copies else nullcontext)

    def rebuild(self, view: View) -> None:
        """All of it, from nothing."""
        run, parts = self._database.run, self._parts(view)
        self.everything()
        for part in range(parts):
            if parts > 1:
                run(SHARE.format(parts=parts, part=part))
            begin = (
                f"INSERT INTO {view.name}" if part else f"CREATE OR REPLACE TABLE {view.name} AS"
            )
            run(f"{begin} {view.sql}")
        self.everything()
        self.deltas.begin(view.name)

    def _parts(self, view: View) -> int:
        """In how many parts a view of sessions is made, so that memory does not grow with them."""
        if view.key != WITHIN or not view.dirt:
            return 1
        rows = sum(int(self._database.value(ROW_COUNT.format(table=table))) for table in COPIED)
        return 1 + rows // PART_ROWS

    def everything(self) -> None:
        """Let every key count as dirty."""
        self._database.run(EVERYTHING)
        self._everything = True

    def _live(self, view: View, since: Since) -> list[Dirt]:
        """Without the dirt from tables in which nothing has changed."""
        return [
            dirt
            for dirt in view.dirt
            if any(self._has_changed(name, since) for name in dirt.changed)
        ]

    def _has_changed(self, name: str, since: Since) -> bool:
        """Asked of a base table once in a pass; a view's own changes come within the pass."""
        if name in self._views:
            return self._any(f"deltas.{name}", since.of_pass)
        key = (name, since.position)
        if key not in self._changed:
            self._changed[key] = name not in BASE_TABLES or self._any(name, since.position)
        return self._changed[key]

    def _any(self, table: str, above: int) -> bool:
        return bool(self._database.rows(ANY_CHANGED.format(table=table, above=above)))
