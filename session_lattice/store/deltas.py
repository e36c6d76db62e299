"""What refreshes of a view took away or put in, kept until the views that follow it saw it."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager

from session_lattice.store.catalog import View
from session_lattice.store.database import Database

KEEP_OLD = "CREATE OR REPLACE TEMP TABLE before AS SELECT * FROM {name} WHERE dirty({key})"
MAKE_NEW = "CREATE OR REPLACE TEMP TABLE after AS {sql}"
PUT = "INSERT INTO {name} SELECT * FROM after"
DIFFERENCE = """
INSERT INTO deltas.{name} SELECT *, {of_pass} FROM (
    SELECT * EXCLUDE (_side) FROM (
        SELECT *, -1 AS _side FROM before
        UNION ALL
        SELECT *, 1 FROM after
    )
    GROUP BY ALL
    HAVING sum(_side) <> 0
)
"""
"""Each row once, with what left and what came weighed against each other: on rows with many
columns several times quicker than EXCEPT.
"""
BEGIN = """
CREATE OR REPLACE TABLE deltas.{name} AS SELECT *, 0::BIGINT AS changed FROM {name} LIMIT 0
"""
TABLES = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'deltas'"


class Deltas:
    """One table for each view that others follow: its columns, and `changed`, a pass."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._followers: dict[str, list[str]] = {}
        self._filled: set[str] = set()
        self._there: set[str] = set()

    def serve(self, views: Iterable[View]) -> None:
        """Take note of which views follow which."""
        views = list(views)
        names = {view.name for view in views}
        followers: dict[str, list[str]] = {}
        for view in views:
            for followed in view.follows & names:
                followers.setdefault(followed, []).append(view.name)
        self._followers = followers
        self._filled = set(followers)

    def followers(self, name: str) -> list[str]:
        return self._followers.get(name, [])

    def missing(self) -> set[str]:
        """Views that are followed and have no table yet: whoever follows them is to be rebuilt."""
        there = {row[0] for row in self._database.rows(TABLES)}
        self._there = set(there)
        for name in there - self._followers.keys():
            self._database.run(f"DROP TABLE deltas.{name}")
        return self._followers.keys() - there

    def begin(self, name: str) -> None:
        """The view was made anew: nothing of it is told in part."""
        if name in self._followers:
            self._database.run(BEGIN.format(name=name))
            self._there.add(name)

    def replace(
        self, view: View, of_pass: int, reading: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Recompute the view's dirty rows, and keep what differs for those that follow it.

        Its query is run within `reading`.
        """
        run = self._database.run
        if view.name not in self._followers:
            run(f"DELETE FROM {view.name} WHERE dirty({view.key})")
            with reading():
                run(f"INSERT INTO {view.name} {view.sql}")
            return
        run(KEEP_OLD.format(name=view.name, key=view.key))
        with reading():
            run(MAKE_NEW.format(sql=view.sql))
        run(f"DELETE FROM {view.name} WHERE dirty({view.key})")
        run(PUT.format(name=view.name))
        run(DIFFERENCE.format(name=view.name, of_pass=of_pass))
        self._filled.add(view.name)

    def forget(self, passes: Mapping[str, int]) -> None:
        """Drop what every follower has taken in; `passes` is how far each view is."""
        for name in sorted(self._filled & self._there):
            seen = min((passes.get(one, 0) for one in self._followers.get(name, [])), default=0)
            self._database.run(f"DELETE FROM deltas.{name} WHERE changed <= {seen}")
            if not self._database.value(f"SELECT count(*) FROM deltas.{name}"):
                self._filled.discard(name)
