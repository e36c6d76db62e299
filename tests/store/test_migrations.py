"""A store of an earlier schema is brought up to this one, with the rows that it has."""

from importlib import resources
from pathlib import Path

import duckdb

from session_lattice.events import SessionReported
from session_lattice.home import Home
from tests.store.lab import Lab, envelopes

SCRIPTS = resources.files("session_lattice.store").joinpath("migrations")
SESSION = """
INSERT INTO sessions BY NAME
SELECT 'codex/s1' AS session, 'codex' AS agent, 's1' AS id, 'old' AS title, 1 AS title_rank,
    'present' AS transcript, false AS sample, 'here' AS origin, 1 AS changed
"""
OWN_VIEW = """
CREATE TABLE repos (mine INTEGER);
INSERT INTO catalog BY NAME
SELECT 'repos' AS name, 'user' AS axis, 'Mine?' AS question, ['mine'] AS grain, '[]' AS columns,
    60 AS refresh_interval_seconds, 'user' AS origin, 'x' AS definition, 1 AS refreshed_position,
    0 AS rows;
"""


def store_of_schema_1(root: Path) -> None:
    """What a first version left: one session, and a view of its owner's called `repos`."""
    home = Home(root)
    home.create()
    with duckdb.connect(str(home.database)) as connection:
        connection.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)")
        connection.execute(SCRIPTS.joinpath("0001_base.sql").read_text("utf-8"))
        connection.execute("INSERT INTO schema_version VALUES (1)")
        connection.execute("INSERT INTO applied VALUES ('epoch1', 1)")
        connection.execute(SESSION)
        connection.execute(OWN_VIEW)
    (home.views / "repos.sql").write_text("-- Mine?\n-- grain: mine\nSELECT 1 AS mine")


def test_a_store_of_schema_1_keeps_its_rows_and_takes_reports(tmp_path: Path) -> None:
    store_of_schema_1(tmp_path)
    lab = Lab(tmp_path)
    assert lab.rows("SELECT version FROM schema_version ORDER BY version") == [(1,), (2,), (3,)]
    assert lab.store.applied("epoch1") == 1
    report = SessionReported(agent="codex", session="s2", upstream="u")
    lab.feed(envelopes([report], first=2))
    lab.store.refresh()
    assert lab.rows("SELECT session, title, transcript FROM session_overview ORDER BY ALL") == [
        ("codex/s1", "old", "present"),
        ("codex/s2", None, "unread"),
    ]
    lab.store.close()


def test_a_persons_view_with_the_name_of_a_new_table_gives_way_to_it_and_is_reported(
    tmp_path: Path,
) -> None:
    store_of_schema_1(tmp_path)
    lab = Lab(tmp_path)
    lab.store.refresh()
    assert [error.view for error in lab.store.view_errors] == ["repos"]
    assert lab.table("repos") == []
    lab.reopen()
    assert lab.table("repos") == []
    lab.store.close()
