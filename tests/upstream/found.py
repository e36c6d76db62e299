"""What a generation's base tables hold of an upstream, in the shapes of `truth`; what differs."""

from dataclasses import dataclass

import duckdb

from tests.upstream import truth
from tests.upstream.truth import REPORT_COLUMNS, Row
from tests.upstream.world import World

KEYS = {
    "reports": "session",
    "reported_tools": "(session, tool)",
    "session_repos": "(session, repo)",
    "repos": "repo",
}
"""Table → what names one row of it."""

WHEN_ASKED = ("changed", "day", "observed_at")
"""Columns that depend on when a row was first or last told, not on what was told."""

TEXTS = ("path", "cwd", "last_prompt")


@dataclass(frozen=True, slots=True)
class Differences:
    """Rows against the truth: sessions that are not there, that differ, and rows too many.

    `lost` and `wrong` count sessions, `others` rows of tools, links and repositories that are
    missing, `duplicates` rows of any table beyond the first of their key.
    """

    lost: int
    wrong: int
    others: int
    duplicates: int

    @property
    def any(self) -> bool:
        return bool(self.lost or self.wrong or self.others or self.duplicates)


def reports(connection: duckdb.DuckDBPyConnection) -> set[Row]:
    """In the columns of truth.REPORT_COLUMNS."""
    return answer(connection, f"SELECT {', '.join(map(_comparable, REPORT_COLUMNS))} FROM reports")


def reported_tools(connection: duckdb.DuckDBPyConnection) -> set[Row]:
    """A tool that a later report does not name stays with no calls."""
    return answer(
        connection, "SELECT session, tool, calls, errors FROM reported_tools WHERE calls > 0"
    )


def session_repos(connection: duckdb.DuckDBPyConnection) -> set[Row]:
    return answer(connection, "SELECT session, repo, name FROM session_repos")


def repos(connection: duckdb.DuckDBPyConnection) -> set[Row]:
    return answer(connection, "SELECT repo, name FROM repos")


def whole(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """Every table that an upstream fills, but for what tells when it was asked."""
    return {table: sorted(_whole(connection, table), key=repr) for table in KEYS}


def _whole(connection: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    columns = [str(row[0]) for row in connection.execute(f"DESCRIBE {table}").fetchall()]
    kept = ", ".join(f'"{name}"' for name in columns if name not in WHEN_ASKED)
    some = "WHERE calls > 0" if table == "reported_tools" else ""
    return connection.execute(f"SELECT {kept} FROM {table} {some}").fetchall()


def duplicates(connection: duckdb.DuckDBPyConnection) -> int:
    return sum(
        int(str(count))
        for table, key in KEYS.items()
        for (count,) in answer(connection, f"SELECT count(*) - count(DISTINCT {key}) FROM {table}")
    )


def differences(connection: duckdb.DuckDBPyConnection, world: World) -> Differences:
    """What is not as it would be had nothing ever gone wrong.

    Links and repositories that only the store knows, from paths, are no differences.
    """
    right, there = truth.reports(world), reports(connection)
    keys = {row[0] for row in there}
    lost = sum(row[0] not in keys for row in right)
    missing = (
        truth.reported_tools(world) ^ reported_tools(connection),
        truth.session_repos(world) - session_repos(connection),
        truth.repos(world) - repos(connection),
    )
    wrong = len(right - there) - lost + len(keys - {row[0] for row in right})
    return Differences(lost, wrong, sum(map(len, missing)), duplicates(connection))


def answer(connection: duckdb.DuckDBPyConnection, sql: str) -> set[Row]:
    return set(connection.execute(sql).fetchall())


def _comparable(column: str) -> str:
    """Times as microseconds; texts that are unknown as ""."""
    if column.endswith("_at"):
        return f"epoch_us({column})"
    return f"coalesce({column}, '')" if column in TEXTS else column
