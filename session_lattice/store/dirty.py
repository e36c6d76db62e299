"""Which keys of a view are dirty, found once for all views that ask the same."""

from collections.abc import Iterable
from typing import Any

from session_lattice.store.catalog import View
from session_lattice.store.database import BASE_TABLES, Database
from session_lattice.store.deltas import Deltas
from session_lattice.store.dirt import Dirt, Since

MAX_HELD = 1_000
"""Keys that one query may give to be held here; more are left to DuckDB."""

FIND = "SELECT DISTINCT key FROM ({query}) AS t(key) WHERE key IS NOT NULL"
HOLD = "CREATE OR REPLACE TEMP TABLE dirty_keys AS SELECT unnest($keys) AS key"
ANY_CHANGED = "SELECT 1 FROM {table} WHERE changed > {above} LIMIT 1"

Keys = frozenset[Any]


class DirtyKeys:
    """Fills the table dirty_keys, and knows what is in it.

    Within a pass nothing that a query for keys reads changes after it was asked first: base
    tables do not change, and a view comes after those that it follows.
    """

    def __init__(self, database: Database, deltas: Deltas) -> None:
        self._database = database
        self._deltas = deltas
        self._views: frozenset[str] = frozenset()
        self._changed: dict[tuple[str, int], bool] = {}
        self._found: dict[str, Keys | None] = {}
        self.held: Keys | None = None
        """What dirty_keys holds; None: more than is held here, or not known."""

    def serve(self, views: Iterable[View]) -> None:
        """Take note of the catalog."""
        self._views = frozenset(view.name for view in views)

    def begin_pass(self) -> None:
        self.settle()
        self._changed.clear()

    def settle(self) -> None:
        """After a failure: what its transaction had put into dirty_keys is not there."""
        self.held = None
        self._found.clear()

    def of_base_tables(self, views: Iterable[tuple[View, Since]]) -> Keys | None:
        """Keys that changes in base tables make dirty in any of the views; None: very many."""
        queries = {
            dirt.query(since, self._views)
            for view, since in views
            for dirt in self._live(view, since)
            if not dirt.changed & self._views
        }
        return self._union(sorted(queries))

    def fill(self, view: View, since: Since) -> int:
        """Leave the view's dirty keys in dirty_keys; how many there are."""
        queries = [dirt.query(since, self._views) for dirt in self._live(view, since)]
        if view.expires:
            queries.append(f"SELECT {view.key} FROM {view.name} WHERE {view.expires} <= clock()")
        found = self._union(queries)
        if found is None:
            self.held = None
            query = FIND.format(query=" UNION ALL ".join(queries))
            return self._database.count(f"CREATE OR REPLACE TEMP TABLE dirty_keys AS {query}")
        if found and found != self.held:
            self._database.run(HOLD, {"keys": list(found)})
            self.held = found
        return len(found)

    def _union(self, queries: Iterable[str]) -> Keys | None:
        together: Keys = frozenset()
        for query in queries:
            keys = self._keys(query)
            if keys is None:
                return None
            together |= keys
        return together

    def _keys(self, query: str) -> Keys | None:
        if query not in self._found:
            limited = f"{FIND.format(query=query)} LIMIT {MAX_HELD + 1}"
            keys = frozenset(row[0] for row in self._database.rows(limited))
            self._found[query] = keys if len(keys) <= MAX_HELD else None
        return self._found[query]

    def _live(self, view: View, since: Since) -> list[Dirt]:
        """Without the dirt from tables in which nothing has changed."""
        return [
            dirt
            for dirt in view.dirt
            if any(self._has_changed(name, since) for name in dirt.changed)
        ]

    def _has_changed(self, name: str, since: Since) -> bool:
        if name in self._views:
            return self._deltas.newest(name) > since.of_pass
        if name not in BASE_TABLES:
            return True
        key = (name, since.position)
        if key not in self._changed:
            rows = self._database.rows(ANY_CHANGED.format(table=name, above=since.position))
            self._changed[key] = bool(rows)
        return self._changed[key]
