"""Changes of the kind that events make, to see whether a view notices them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from session_lattice.store.database import Database

MAX_CHANGES = 40
"""Tried at most; which, if there are more, is drawn."""

IDENTITY = frozenset(
    {
        *("session", "agent", "id", "message", "call", "response", "subagent", "child_session"),
        *("child_subagent", "repo", "sha", "sha7", "path", "file", "cwd", "action", "tool"),
        *("reason", "number", "slug", "host", "kind", "evidence", "worktree", "ref", "trailer"),
        *("origin", "changed", "model", "day", "role", "dir", "committed_at"),
    }
)
"""Columns that an event never changes in a row that is there."""

OTHERWISE = {
    "BOOLEAN": "NOT coalesce({0}, false)",
    "TIMESTAMP": "{0} + INTERVAL 61 MINUTE",
    "BIGINT": "coalesce({0}, 0) + 7",
    "INTEGER": "coalesce({0}, 0) + 7",
    "VARCHAR": "coalesce({0}, '') || '~'",
}
"""Type → another value of it."""


TOLD_APART = {
    "sessions": "session",
    "messages": "message",
    "tool_calls": "call",
    "file_touches": "path",
    "responses": "response",
    "subagent_links": "child_subagent",
    "checkouts": "cwd",
    "reports": "session",
    "reported_tools": "tool",
    "reported_usage": "model",
    "session_repos": "repo",
    "repos": "repo",
    "commits": "sha",
    "commit_files": "sha",
    "git_repos": "repo",
    "git_refs": "ref",
    "printed_commits": "sha",
    "session_references": "message",
}
"""Table → the column by which a copy of a row is another row."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row that is otherwise from now on, or that comes to be there."""

    table: str
    what: str
    sql: str

    def make(self, database: Database) -> None:
        """Do it at the next position of the log."""
        with database.transaction():
            database.run("UPDATE applied SET position = position + 1")
            database.run(self.sql)


def of(database: Database, tables: Sequence[str], random: Random) -> Iterator[Change]:
    """For each table a row that comes, and one that changes in each column that can."""
    found = [change for table in tables for change in _of_table(database, table, random)]
    random.shuffle(found)
    yield from found[:MAX_CHANGES]


def _of_table(database: Database, table: str, random: Random) -> Iterator[Change]:
    rows = int(database.value(f"SELECT count(*) FROM {table}"))
    if not rows:
        return
    columns = database.rows(f"DESCRIBE {table}")
    position = "(SELECT position FROM applied)"
    for name, kind, *_ in columns:
        if name not in IDENTITY and kind in OTHERWISE:
            other = OTHERWISE[kind].format(f'"{name}"')
            yield Change(
                table,
                f"another {name} in {table}",
                f'UPDATE {table} SET "{name}" = {other}, changed = {position}'
                f" WHERE rowid = {_rowid(database, table, rows, random)}",
            )
    if table in TOLD_APART:
        fresh = TOLD_APART[table]
        yield Change(
            table,
            f"a row that came to {table}",
            f"INSERT INTO {table} SELECT * REPLACE ({fresh} || '~' AS {fresh},"
            f" {position} AS changed) FROM {table}"
            f" WHERE rowid = {_rowid(database, table, rows, random)}",
        )


def _rowid(database: Database, table: str, rows: int, random: Random) -> int:
    place = random.randrange(rows)
    return int(database.value(f"SELECT rowid FROM {table} LIMIT 1 OFFSET {place}"))
