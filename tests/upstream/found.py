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
    return answer(connection, "SELECT session, tool, calls, errors FROM reported_tools")


def session_repos(connection: duckdb.DuckDBPyConnection) -> set[Row]:
    return answer(connection, "SELECT session, repo, name FROM session_repos")


def repos(connection: duckdb.DuckDBPyConnection) -> set[Row]:
    return answer(connection, "SELECT repo, name FROM repos")


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
