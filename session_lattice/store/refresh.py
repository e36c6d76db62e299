"""Recomputes one view: its dirty keys, or all of it."""

from collections.abc import Iterable
from contextlib import nullcontext

from session_lattice.store.catalog import WITHIN, View
from session_lattice.store.database import THREADS, Database
from session_lattice.store.deltas import Deltas
from session_lattice.store.dirt import Since
from session_lattice.store.dirty import DirtyKeys
from session_lattice.store.working import COPIED, Working

EVERYTHING = "CREATE OR REPLACE TEMP MACRO dirty(k) AS k IS NOT NULL"
DIRTY_ONLY = "CREATE OR REPLACE TEMP MACRO dirty(k) AS k IN (SELECT key FROM dirty_keys)"
SHARE = """
CREATE OR REPLACE TEMP MACRO dirty(k) AS k IS NOT NULL AND hash(k) % {parts} = {part}
"""
ROW_COUNT = "SELECT count(*) FROM {table}"

PART_ROWS = 500_000
"""Rows of the large tables, more or less, that are taken in at once where a view is made anew."""


class Refresh:
    """The work of one view's refresh, with what a pass shares between views."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._working = Working(database)
        self.deltas = Deltas(database)
        self._dirty = DirtyKeys(database, self.deltas)
        self.everything()

    def serve(self, views: Iterable[View]) -> None:
        """Take note of the catalog."""
        views = list(views)
        self._dirty.serve(views)
        self.deltas.serve(views)

    def begin_pass(self, within: Iterable[tuple[View, Since]]) -> None:
        """Copy what the views about sessions will read. Not within a transaction."""
        self._dirty.begin_pass()
        # The pass before may have been ended, and its transaction with what it had set.
        self._narrowed = False
        self._working.fill(self._dirty.of_base_tables(within))
        # For a few rows threads cost more than they bring: the half of a refresh.
        self._database.threads(1 if self._working.sessions else THREADS)

    def end_pass(self) -> None:
        self._database.threads(THREADS)

    def settle(self) -> None:
        """After a failure, when its transaction is over."""
        self._working.behind()
        self._dirty.settle()
        self._narrowed = False
        self.deltas.settle()

    def find_keys(self, view: View, since: Since) -> int:
        """Leave the view's dirty keys in `dirty_keys`; how many there are."""
        return self._dirty.fill(view, since)

    def recompute(self, view: View, of_pass: int) -> int:
        """The rows of the keys that `find_keys` left; how many rows more there are."""
        if not self._narrowed:
            self._database.run(DIRTY_ONLY)
            self._narrowed = True
        held = self._dirty.held
        copies = view.within and held is not None and held <= self._working.sessions
        return self.deltas.replace(view, of_pass, self._working.in_front if copies else nullcontext)

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
        self._narrowed = False
