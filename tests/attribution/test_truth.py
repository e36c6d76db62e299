"""What the views say of the sample's commits is what was found out by hand."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.attribution.truth import NOON, PULL_REQUESTS, SPRINGS, TRUTH, UNSHIPPED, Made

ROOT = Path(__file__).parents[2]
WRITTEN = {"wrote": "text"}
"""The truth's word for it."""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    home = tmp_path_factory.mktemp("truth") / "home"
    subprocess.run(
        [sys.executable, "-m", "session_lattice", "--profile", "dev", "--home", str(home),
         "serve-puller", "--once", "--sample"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    pointer = home.with_name("home-sample") / "session-lattice.duckdb"
    with duckdb.connect(str(pointer.resolve()), read_only=True) as connection:
        yield connection


def test_every_commit_is_whose_it_is_by_the_evidence_there_is(
    sample: duckdb.DuckDBPyConnection,
) -> None:
    found = sample.execute(
        "SELECT c.subject, s.sessions, s.evidence, s.confidence FROM commits AS c"
        " LEFT JOIN commit_sessions AS s"
        " ON s.repo = c.repo AND s.sha = c.sha AND s.confidence <> 'weak'"
    ).fetchall()
    assert {row[0]: _made(*row[1:]) for row in found} == TRUTH


def test_no_commit_of_a_bot_or_of_another_person_is_more_than_weakly_a_sessions(
    sample: duckdb.DuckDBPyConnection,
) -> None:
    others = "by_bot OR author <> 'Sam Tide'"
    assert sample.execute(
        f"SELECT DISTINCT confidence FROM session_commits WHERE {others}"
    ).fetchall() == [("weak",)]
    unknown = sample.execute(
        f"SELECT subject FROM unattributed_commits WHERE {others} ORDER BY committed_at"
    ).fetchall()
    assert [row[0] for row in unknown] == [
        "Bump pytest from 8.4.1 to 9.0.0 (#6)",
        "Add Portland, whose table is in feet (#8)",
        "Release 0.3.0",
    ]


def test_pull_requests_belong_to_the_sessions_whose_commits_came_in_with_them(
    sample: duckdb.DuckDBPyConnection,
) -> None:
    found = sample.execute(
        "SELECT number, split_part(session, '/', 2), evidence FROM session_pull_requests ORDER BY 1"
    ).fetchall()
    # 6 is a bot's, 8 another person's.
    assert found == [
        (5, "3e1c26d3-23ef-423e-a848-f808f54d35bf", "commit"),
        (7, "3bb427c1-a1da-459d-aad1-245c92010b38", "pr_link"),
        (9, "01a1d94a-f7da-72cf-a9da-a37e51b591d7", "commit"),
    ]
    assert {row[0] for row in found} < set(PULL_REQUESTS.values())


def test_the_session_that_committed_nothing_is_unshipped_and_has_to_do_with_its_issue(
    sample: duckdb.DuckDBPyConnection,
) -> None:
    found = sample.execute(
        "SELECT split_part(session, '/', 2), number, kind, confidence FROM unshipped_sessions"
        " JOIN issue_sessions USING (session, repo)"
    ).fetchall()
    assert found == [(session, number, "issue", "weak") for session, number in UNSHIPPED.items()]
    assert _sessions(sample, "SELECT session FROM unshipped_sessions") == [*UNSHIPPED]


def test_two_sessions_that_worked_side_by_side_met_in_one_file(
    sample: duckdb.DuckDBPyConnection,
) -> None:
    assert _sessions(sample, "SELECT session FROM session_overlaps") == [NOON, SPRINGS]
    met = sample.execute(
        "SELECT split_part(first_session, '/', 2), split_part(second_session, '/', 2),"
        " relative_path, turns, round(gap_seconds), lines_overwritten FROM edit_collisions"
    ).fetchall()
    assert met == [(NOON, SPRINGS, "tidewatch/moon.py", 1, 21, 0)]


def test_what_the_commits_cost_what_came_after_and_what_was_not_shipped_is_all_that_was_spent(
    sample: duckdb.DuckDBPyConnection,
) -> None:
    spent = "SELECT sum(cost_microdollars)::BIGINT, sum(responses)::BIGINT FROM "
    both = "(FROM commit_cost UNION ALL BY NAME FROM unshipped_sessions)"
    assert (
        sample.execute(spent + both).fetchall()
        == sample.execute(spent + "session_branches").fetchall()
    )


def _sessions(sample: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """The agents' own ids, in order."""
    return sorted(row[0].split("/")[1] for row in sample.execute(query).fetchall())


def _made(sessions: list[str] | None, evidence: str, confidence: str) -> Made | None:
    if not sessions:
        return None
    (session,) = sessions
    word = WRITTEN.get(evidence, evidence)
    return Made(session.split("/")[1], word, confidence)  # type: ignore[arg-type]
