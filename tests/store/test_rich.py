"""The history made by hand reaches every view, and views follow it step by step in any order."""

from collections.abc import Iterator

import pytest

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


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A store whose views were refreshed behind each turn of the history."""
    lab = Lab(tmp_path_factory.mktemp("rich"))
    for turn in rich_in_turns():
        lab.feed(turn)
        lab.passes(hours=1)
        lab.store.refresh()
    assert lab.store.view_errors == []
    yield lab
    lab.store.close()


def test_every_view_has_rows(followed: Lab) -> None:
    assert [name for name, rows in followed.views().items() if not rows] == []


@pytest.mark.parametrize(("view", "column"), ORIGINS)
def test_numbers_are_of_both_origins(followed: Lab, view: str, column: str) -> None:
    assert followed.rows(f"SELECT count(DISTINCT {column}) FROM {view}") == [(2,)]


def test_views_refreshed_behind_each_turn_equal_a_rebuild_and_those_of_another_order(
    followed: Lab,
) -> None:
    """The clock stands still meanwhile, as some answers change with it."""
    in_turns = followed.views()
    followed.forget_views()
    followed.store.refresh()
    assert followed.views() == in_turns
    followed.clear()
    for batch in rich_by_streams(BATCHES):
        followed.feed(batch)
        followed.store.refresh()
    assert followed.store.view_errors == []
    assert followed.views() == in_turns
