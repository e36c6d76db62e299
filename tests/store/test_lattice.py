"""A refresh recomputes what is dirty and always equals a rebuild from nothing."""

import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from session_lattice.errors import PullCancelledError, PullTimeoutError
from session_lattice.events import (
    CheckoutObserved,
    Envelope,
    Event,
    MessageUser,
    ToolCalled,
    UsageReported,
)
from tests.store.histories import few, histories
from tests.store.lab import Lab, envelopes
from tests.store.rich import rich

ME: dict[str, Any] = {"agent": "claude_code", "session": "s1"}
BUILT_IN = {
    "billing_blocks",
    "blind_edits",
    "block_hours",
    "branch_cost",
    "branch_usage",
    "cache_efficiency",
    "command_families",
    "commit_candidates",
    "commit_cost",
    "commit_sessions",
    "concurrency",
    "context_pressure",
    "daily_usage",
    "denials_and_interrupts",
    "edit_collisions",
    "file_history_at_session_time",
    "file_hotspots",
    "file_pairs",
    "file_sessions",
    "hourly_heatmap",
    "issue_sessions",
    "languages",
    "mcp_servers",
    "merged_pull_requests",
    "model_usage",
    "reference_sessions",
    "repo_remotes",
    "repo_sessions",
    "repo_status",
    "retry_streaks",
    "rework",
    "session_blast_radius",
    "session_branches",
    "session_cache",
    "session_commands",
    "session_commits",
    "session_errors",
    "session_files",
    "session_hours",
    "session_languages",
    "session_outcomes",
    "session_overlaps",
    "session_overview",
    "session_places",
    "session_pull_requests",
    "session_transitions",
    "session_usage",
    "slow_calls",
    "subagent_tree",
    "tool_errors",
    "tool_reliability",
    "tool_sessions",
    "tool_transitions",
    "unattributed_commits",
    "unshipped_sessions",
    "vanished_transcripts",
}
GOOD = """-- How many calls?
-- grain: name
-- dirty: tool_calls.name
-- column name: | the tool
SELECT name, count(*) AS calls FROM tool_calls WHERE dirty(name) GROUP BY name
"""


@given(history=histories(), hours=st.lists(st.floats(0, 30), min_size=6, max_size=6))
@example(history=rich(), hours=[0.0, 1.0, 20.0])
@few(3)
def test_views_refreshed_step_by_step_equal_a_rebuild_and_have_each_row_once(
    shared: Lab, history: list[list[Envelope]], hours: list[float]
) -> None:
    shared.clear()
    for batch, pause in zip(history, hours, strict=False):
        shared.feed(batch)
        shared.passes(pause)
        shared.store.refresh()
    stepwise = shared.views()
    shared.forget_views()
    shared.store.refresh()
    assert shared.store.view_errors == []
    assert stepwise == shared.views()
    assert shared.views_with_a_row_twice() == []


@pytest.mark.parametrize(
    "event",
    [
        ToolCalled(**ME, call="c", name="Bash", cwd="/repo"),
        UsageReported(**ME, response="r", model="m", cwd="/repo"),
        MessageUser(**ME, message="m", kind="prompt", text="", text_bytes=0, cwd="/repo"),
    ],
)
def test_work_moves_with_its_directory_when_that_turns_out_to_be_of_another_repository(
    tmp_path: Path, event: Event
) -> None:
    lab = Lab(tmp_path)
    lab.feed(envelopes([event]))
    lab.store.refresh()
    assert [row[0] for row in lab.table("repo_sessions")] == ["/repo"]
    moved = CheckoutObserved(cwd="/repo", repo="/main", worktree="/repo", evidence="git")
    lab.feed(envelopes([moved], first=2))
    lab.store.refresh()
    assert [row[0] for row in lab.table("repo_sessions")] == ["/main"]
    lab.store.close()


def test_the_catalog_has_the_built_in_views_with_every_column_explained(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.store.refresh()
    assert lab.store.view_errors == []
    assert {row[0] for row in lab.rows("SELECT name FROM catalog")} == BUILT_IN
    unexplained = lab.rows(
        "SELECT name, c->>'name' FROM (SELECT name, unnest(columns::JSON[]) AS c FROM catalog)"
        " WHERE c->>'description' IS NULL"
    )
    assert unexplained == []
    lab.store.close()


def test_only_the_keys_that_changed_are_recomputed(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.feed(
        envelopes(
            [ToolCalled(agent="codex", session=f"s{i}", call="c", name="Bash") for i in range(20)]
        )
    )
    lab.store.refresh()
    lab.feed(envelopes([ToolCalled(agent="codex", session="s3", call="d", name="Bash")], first=21))
    dirty = {done.view: done.dirty for done in lab.store.refresh()}
    assert dirty["tool_sessions"] == 1
    assert dirty["model_usage"] == 0
    lab.store.close()


def test_a_view_dropped_into_the_home_is_built_kept_current_and_removed(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    file = lab.home.views / "calls_by_tool.sql"
    file.write_text(GOOD)
    lab.store.reload_views()
    lab.feed(envelopes([ToolCalled(**ME, call="c", name="Bash")]))
    lab.store.refresh()
    lab.feed(envelopes([ToolCalled(**ME, call="d", name="Bash")], first=2))
    lab.store.refresh()
    assert lab.table("calls_by_tool") == [("Bash", 2)]
    file.unlink()
    lab.store.reload_views()
    assert lab.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'calls_by_tool'") == []
    lab.store.close()


def test_a_view_whose_file_changes_is_rebuilt(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    file = lab.home.views / "calls_by_tool.sql"
    file.write_text(GOOD)
    lab.store.reload_views()
    lab.feed(envelopes([ToolCalled(**ME, call="c", name="Bash")]))
    lab.store.refresh()
    file.write_text(GOOD.replace("count(*)", "count(*) * 10"))
    lab.store.reload_views()
    assert lab.store.unpublished
    lab.store.refresh()
    assert lab.table("calls_by_tool") == [("Bash", 10)]
    lab.store.close()


def test_bad_views_are_reported_by_name_and_stop_no_other(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    bad = {
        "no_header": "SELECT 1",
        "no_grain": "-- What?\nSELECT 1 AS a",
        "bad_sql": "-- What?\n-- grain: a\nSELEC 1",
        "bad_table": "-- What?\n-- grain: a\nSELECT a FROM nowhere",
        "bad_dirt": "-- What?\n-- grain: a\n-- dirty: nowhere\nSELECT 1 AS a",
        "bad_grain": "-- What?\n-- grain: b\nSELECT 1 AS a",
        "sessions": "-- What?\n-- grain: a\nSELECT 1 AS a",
        "model_usage": "-- What?\n-- grain: a\nSELECT 1 AS a",
        "circle_one": "-- What?\n-- grain: a\nSELECT a FROM circle_two",
        "circle_two": "-- What?\n-- grain: a\nSELECT a FROM circle_one",
    }
    for name, text in bad.items():
        (lab.home.views / f"{name}.sql").write_text(text)
    (lab.home.views / "not_text.sql").write_bytes(b"-- \xff\xfe")
    (lab.home.views / "calls_by_tool.sql").write_text(GOOD)
    lab.store.reload_views()
    lab.feed(envelopes([ToolCalled(**ME, call="c", name="Bash")]))
    lab.store.refresh()
    assert {error.view for error in lab.store.view_errors} == {*bad, "not_text"}
    assert lab.table("calls_by_tool") == [("Bash", 1)]
    assert lab.table("tool_reliability")[0][:2] == ("claude_code", "Bash")
    lab.store.close()


def test_a_view_may_read_other_views_and_comes_after_them(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    (lab.home.views / "aa_total.sql").write_text(
        "-- Total?\n-- grain: total\nSELECT sum(output_tokens)::BIGINT AS total FROM model_usage"
    )
    lab.store.reload_views()
    for position, amount in ((1, 5), (2, 7)):
        usage = UsageReported(**ME, response=f"r{position}", model="m", output_tokens=amount)
        lab.feed(envelopes([usage], first=position))
        lab.store.refresh()
    assert lab.table("aa_total") == [(12,)]
    lab.store.close()


def test_a_view_that_breaks_keeps_its_last_rows_and_columns(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    file = lab.home.views / "calls_by_tool.sql"
    file.write_text(GOOD)
    lab.store.reload_views()
    lab.feed(envelopes([ToolCalled(**ME, call="c", name="Bash")]))
    lab.store.refresh()
    whole = lab.rows("SELECT columns, rows FROM catalog WHERE name = 'calls_by_tool'")
    file.write_text(GOOD.replace("FROM tool_calls", "FROM nowhere"))
    lab.store.reload_views()
    lab.store.refresh()
    assert lab.table("calls_by_tool") == [("Bash", 1)]
    assert lab.rows("SELECT columns, rows FROM catalog WHERE name = 'calls_by_tool'") == whole
    assert [error.view for error in lab.store.view_errors] == ["calls_by_tool"]
    lab.store.close()


def test_a_refresh_that_is_ended_breaks_no_view_and_leaves_the_rest_for_the_next(
    tmp_path: Path,
) -> None:
    lab = Lab(tmp_path)
    lab.feed(envelopes([ToolCalled(**ME, call="c", name="Bash")]))
    calls = iter(range(99))

    def proceed() -> None:
        if next(calls) >= 3:
            raise PullCancelledError("enough")

    with pytest.raises(PullCancelledError):
        lab.store.refresh(proceed)
    assert len(lab.rows("SELECT 1 FROM catalog")) == 3
    assert lab.store.view_errors == []
    lab.store.refresh()
    assert {row[0] for row in lab.rows("SELECT name FROM catalog")} == BUILT_IN
    lab.store.close()


def test_a_view_that_is_interrupted_because_time_is_up_is_not_taken_for_broken(
    tmp_path: Path,
) -> None:
    lab = Lab(tmp_path)
    lab.store.refresh()
    (lab.home.views / "aa_slow.sql").write_text(
        "-- Slow?\n-- grain: n\nSELECT count(*) AS n FROM range(1000000000) a, range(100) b"
    )
    lab.store.reload_views()
    late, over = threading.Event(), threading.Event()

    def interrupt() -> None:
        while not over.wait(0.3):
            late.set()
            lab.store.interrupt()

    def proceed() -> None:
        if late.is_set():
            raise PullTimeoutError("time is up")

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(PullTimeoutError):
            lab.store.refresh(proceed)
    finally:
        over.set()
        thread.join()
    assert lab.store.view_errors == []
    lab.store.close()
