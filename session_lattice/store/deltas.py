"""What refreshes of a view took away or put in, kept until the views that follow it saw it."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager

from session_lattice.store.catalog import View
from session_lattice.store.database import Database

MAKE_NEW = "CREATE OR REPLACE TEMP TABLE after AS {sql}"
PUT = "INSERT INTO {name} SELECT * FROM after"
DIFFERENCE = """
INSERT INTO deltas.{name} SELECT *, {of_pass} FROM (
    SELECT * EXCLUDE (_side) FROM (
        SELECT *, -1 AS _side FROM {name} WHERE dirty({key})
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
NEWEST = "SELECT max(changed) FROM deltas.{name}"
TABLES = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'deltas'"

KEPT_PASSES = 16
"""What every follower has seen is dropped once in so many passes, which is cheaper than each."""

KEPT_ROWS = 10_000
"""... or when as many rows were kept since."""


class Deltas:
    """One table for each view that others follow: its columns, and `changed`, a pass."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._followers: dict[str, list[str]] = {}
        self._filled: set[str] = set()
        self._there: set[str] = set()
        self._newest: dict[str, int] = {}
        self._kept = 0

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
            self._newest[name] = 0

    def newest(self, name: str) -> int:
        """The last pass in which a refresh changed anything in the view."""
        if name not in self._newest:
            self._newest[name] = int(self._database.value(NEWEST.format(name=name)) or 0)
        return self._newest[name]

    def settle(self) -> None:
        """After a failure: what was told in its transaction is not there."""
        self._newest.clear()

    def replace(
        self, view: View, of_pass: int, reading: Callable[[], AbstractContextManager[None]]
    ) -> int:
        """Recompute the view's dirty rows, and keep what differs for those that follow it.

        Its query is run within `reading`. How many rows more there are than before.
        """
        name, count = view.name, self._database.count
        if name not in self._followers:
            gone = count(f"DELETE FROM {name} WHERE dirty({view.key})")
            with reading():
                return count(f"INSERT INTO {name} {view.sql}") - gone
        with reading():
            come = count(MAKE_NEW.format(sql=view.sql))
        differing = count(DIFFERENCE.format(name=name, key=view.key, of_pass=of_pass))
        if not differing:
            return 0
        gone = count(f"DELETE FROM {name} WHERE dirty({view.key})")
        count(PUT.format(name=name))
        self._newest[name] = of_pass
        self._filled.add(name)
        self._kept += differing
        return come - gone

    def forget(self, of_pass: int, passes: Mapping[str, int]) -> None:
        """Now and then drop what every follower has taken in; `passes` is how far each view is."""
        if of_pass % KEPT_PASSES and self._kept < KEPT_ROWS:
            return
        self._kept = 0
        for name in sorted(self._filled & self._there):
            seen = min((passes.get(one, 0) for one in self._followers.get(name, [])), default=0)
            self._database.run(f"DELETE FROM deltas.{name} WHERE changed <= {seen}")
            if not self._database.value(f"SELECT count(*) FROM deltas.{name}"):
                self._filled.discard(name)
