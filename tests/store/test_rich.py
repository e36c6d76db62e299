"""The history made by hand reaches every view, and views follow it step by step in any order."""

from pathlib import Path

from tests.store.lab import Lab
from tests.store.rich import rich_by_streams, rich_in_turns

BATCHES = 3
ORIGINS = (
    ("session_overview", "messages_from"),
    ("session_overview", "tool_calls_from"),
    ("session_overview", "tokens_from"),
    ("repo_sessions", "counts_from"),
    ("repo_sessions", "linked_by"),
    ("tool_sessions", "counts_from"),
    ("daily_usage", "counted_from"),
    ("model_usage", "counted_from"),
)


def test_the_history_reaches_every_view_and_they_are_the_same_in_turns_anew_and_in_another_order(
    tmp_path: Path,
) -> None:
    """One test, as its store is dear. The clock stands still behind the turns."""
    lab = Lab(tmp_path)
    for turn in rich_in_turns():
        lab.feed(turn)
        lab.passes(hours=1)
        lab.store.refresh()
    in_turns = lab.views()
    assert [name for name, rows in in_turns.items() if not rows] == []
    for view, column in ORIGINS:
        told = lab.rows(f"SELECT count(DISTINCT {column}) FROM {view}")
        assert (view, column, told) == (view, column, [(2,)])
    lab.forget_views()
    lab.store.refresh()
    assert lab.views() == in_turns
    lab.clear()
    for batch in rich_by_streams(BATCHES):
        lab.feed(batch)
        lab.store.refresh()
    assert lab.store.view_errors == []
    assert lab.views() == in_turns
    lab.store.close()
