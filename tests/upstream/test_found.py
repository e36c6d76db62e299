"""What tells a right store from a wrong one."""

from collections.abc import Iterator

import duckdb
import pytest

from tests.upstream import found, truth
from tests.upstream.world import World

TABLES = """
CREATE TABLE reports (session VARCHAR, path VARCHAR, cwd VARCHAR, started_at TIMESTAMP,
    ended_at TIMESTAMP, messages BIGINT, user_messages BIGINT, assistant_messages BIGINT,
    sidechain_messages BIGINT, last_prompt VARCHAR, input_tokens BIGINT, output_tokens BIGINT,
    cache_write_tokens BIGINT, cache_read_tokens BIGINT);
CREATE TABLE reported_tools (session VARCHAR, tool VARCHAR, calls BIGINT, errors BIGINT);
CREATE TABLE session_repos (session VARCHAR, repo VARCHAR, name VARCHAR);
CREATE TABLE repos (repo VARCHAR, name VARCHAR);
"""
NUMBER = 40


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables that hold the truth of World(NUMBER); what is unknown is NULL."""
    world = World(NUMBER)
    with duckdb.connect(":memory:") as made:
        made.execute(TABLES)
        for row in truth.reports(world):
            values = [None if value == "" else value for value in row]
            made.execute(
                "INSERT INTO reports VALUES (?, ?, ?, make_timestamp(?::BIGINT), "
                "make_timestamp(?::BIGINT), ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        for table, rows in {
            "reported_tools": truth.reported_tools(world),
            "session_repos": truth.session_repos(world),
            "repos": truth.repos(world),
        }.items():
            marks = ", ".join("?" * len(next(iter(rows))))
            made.executemany(f"INSERT INTO {table} VALUES ({marks})", list(map(list, rows)))
        yield made


def test_what_is_lost_wrong_or_twice_is_counted(connection: duckdb.DuckDBPyConnection) -> None:
    world = World(NUMBER)
    first, second = world.uuid(0), world.uuid(1)
    connection.execute("DELETE FROM reports WHERE session = ?", [truth.key(first)])
    connection.execute(
        "UPDATE reports SET messages = messages + 1 WHERE session = ?", [truth.key(second)]
    )
    connection.execute("INSERT INTO reports SELECT * FROM reports LIMIT 1")
    connection.execute("DELETE FROM repos WHERE repo = (SELECT min(repo) FROM repos)")
    assert found.differences(connection, world) == found.Differences(1, 1, 1, 1)


def test_a_session_that_the_upstream_never_named_is_wrong(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("INSERT INTO reports (session) VALUES ('claude_code/nobody')")
    assert found.differences(connection, World(NUMBER)) == found.Differences(0, 1, 0, 0)


def test_a_world_that_has_changed_differs_in_as_many_sessions(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    world = World(NUMBER)
    world.change(5)
    assert found.differences(connection, world).wrong == 5


def test_the_truth_does_not_differ_from_itself(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("INSERT INTO repos VALUES ('/home/kim', 'from a path alone')")
    assert not found.differences(connection, World(NUMBER)).any
