"""Small copies of the large base tables: the rows of the sessions that a refresh is about.

Dozens of views are about one session's own rows. Each would look for them in tables with
millions; so they are looked for once, and the queries find the copies by the search path.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from session_lattice.store.database import Database

COPIED = ("messages", "tool_calls", "file_touches", "responses")
"""Tables with a column `session` of which the rows of a few sessions are copied."""

MAX_SESSIONS = 200
"""With more dirty sessions the views read the tables themselves."""


class Working:
    """The copies hold for one pass: base tables do not change within it.

    They are in a database of their own, in memory, which no transaction that writes the store
    can write as well.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._main = str(database.value("SELECT current_database()"))
        self.sessions: frozenset[str] = frozenset()
        """Whose rows are copied."""

        database.run("ATTACH ':memory:' AS working")
        for table in COPIED:
            database.run(f"CREATE TABLE working.{table} AS SELECT * FROM {table} LIMIT 0")

    def fill(self, sessions: frozenset[str] | None) -> None:
        """Copy the rows of these, unless they are too many; drop what was there."""
        for table in COPIED:
            self._database.run(f"TRUNCATE working.{table}")
        few = sessions is not None and len(sessions) <= MAX_SESSIONS
        self.sessions = sessions if few and sessions else frozenset()
        for table in COPIED if self.sessions else ():
            self._database.run(
                f"INSERT INTO working.{table} SELECT * FROM {table}"
                " WHERE session IN (SELECT unnest($sessions))",
                {"sessions": list(self.sessions)},
            )

    @contextmanager
    def in_front(self) -> Iterator[None]:
        """Within the block the copies stand for the tables; after a failure until `behind`."""
        self._database.run(f"SET search_path = 'working.main,{self._main}.main'")
        yield
        self.behind()

    def behind(self) -> None:
        """The tables stand for themselves; nothing can be set in a transaction that failed."""
        self._database.run("RESET search_path")
