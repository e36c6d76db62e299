"""What makes a view's keys dirty, and what a refresh then costs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from session_lattice.errors import PullCancelledError, ViewError
from session_lattice.events import MessageUser, ToolCalled, Touch
from session_lattice.store import catalog, dirt, refresh
from session_lattice.store.deltas import KEPT_PASSES
from session_lattice.store.register import COSTLY_SHARE
from session_lattice.store.working import MAX_SESSIONS
from tests.store.lab import Lab, envelopes

PER_SESSION = """-- How many calls of each tool in a session?
-- grain: session, tool
-- within: session
-- dirty: tool_calls.session
SELECT session, name AS tool, count(*) AS calls
FROM tool_calls
WHERE dirty(session) AND name IS NOT NULL
GROUP BY session, name
"""
PER_TOOL = """-- How many calls of each tool?
-- grain: tool
-- dirty: a_calls.tool
SELECT tool, sum(calls)::BIGINT AS calls FROM a_calls WHERE dirty(tool) GROUP BY tool
"""
LATE = """-- Which sessions have been silent for an hour?
-- grain: session
-- within: session
-- dirty: messages.session
-- expires: silent_at
SELECT
    session,
    max(ts) + INTERVAL 1 HOUR <= clock() AS silent,
    if(max(ts) + INTERVAL 1 HOUR > clock(), max(ts) + INTERVAL 1 HOUR, NULL) AS silent_at
FROM messages
WHERE dirty(session)
GROUP BY session
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    yield lab
    lab.store.close()


def add(lab: Lab, **views: str) -> None:
    for name, text in views.items():
        (lab.home.views / f"{name}.sql").write_text(text)
    lab.store.reload_views()


def called(session: str, call: str, name: str = "Bash") -> ToolCalled:
    return ToolCalled(agent="codex", session=session, call=call, name=name)


def dirty(lab: Lab) -> dict[str, int | None]:
    return {done.view: done.dirty for done in lab.store.refresh()}


@pytest.mark.parametrize(
    "line",
    [
        "dirty: nothing",
        "dirty: a.b ->",
        "dirty: DELETE FROM sessions",
        "within: path",
        "refresh: x",
    ],
)
def test_a_header_line_that_cannot_be_read_names_its_view(line: str) -> None:
    with pytest.raises(ViewError, match="mine"):
        catalog.parse("mine", f"-- What?\n-- grain: a\n-- {line}\nSELECT 1 AS a", "user")


def test_a_line_of_the_header_may_go_on() -> None:
    text = "-- What?\n-- grain: a\n-- dirty: SELECT session\n--   FROM changed(messages)\nSELECT 1"
    assert catalog.parse("mine", text, "user").follows == {"messages"}


def test_dirt_names_the_rows_of_tables_and_of_views_that_changed() -> None:
    line = dirt.parse(
        "mine", "SELECT s.id FROM changed(ours) AS s JOIN changed( sessions ) USING (id)"
    )
    query = line.query(dirt.Since(position=7, of_pass=3), frozenset({"ours"}))
    assert "(SELECT * FROM deltas.ours WHERE changed > 3) AS s" in query
    assert "(SELECT * FROM sessions WHERE changed > 7)" in query
    assert line.plain == "SELECT s.id FROM ours AS s JOIN sessions USING (id)"


def test_a_view_that_follows_a_view_recomputes_only_keys_that_differ_there(lab: Lab) -> None:
    add(lab, a_calls=PER_SESSION, b_tools=PER_TOOL)
    lab.feed(envelopes([called("s1", "c1"), called("s2", "c2"), called("s2", "c3", "Edit")]))
    lab.store.refresh()
    lab.feed(envelopes([called("s1", "c4")], first=9))
    done = dirty(lab)
    assert (done["a_calls"], done["b_tools"]) == (1, 1)
    assert lab.table("b_tools") == [("Bash", 3), ("Edit", 1)]
    assert lab.rows("SELECT count(*) FROM deltas.a_calls") == [(2,)]
    for _ in range(KEPT_PASSES):
        lab.store.refresh()
    assert lab.rows("SELECT count(*) FROM deltas.a_calls") == [(0,)]


def test_a_row_that_leaves_a_view_makes_its_key_dirty_in_those_that_follow(lab: Lab) -> None:
    only_last = PER_SESSION.replace("count(*)", "1").replace(
        "GROUP BY session, name",
        "QUALIFY row_number() OVER (PARTITION BY session ORDER BY called_at DESC) = 1",
    )
    add(lab, a_calls=only_last, b_tools=PER_TOOL)
    lab.feed(envelopes([called("s1", "c1")]))
    lab.store.refresh()
    lab.feed(envelopes([called("s1", "c2", "Edit")], first=2))
    lab.store.refresh()
    assert lab.table("b_tools") == [("Edit", 1)]


def test_a_view_that_is_made_anew_makes_those_that_follow_it_anew(lab: Lab) -> None:
    add(lab, a_calls=PER_SESSION, b_tools=PER_TOOL)
    lab.feed(envelopes([called("s1", "c1")]))
    lab.store.refresh()
    add(lab, a_calls=PER_SESSION.replace("count(*)", "count(*) * 10"))
    done = dirty(lab)
    assert (done["a_calls"], done["b_tools"]) == (None, None)
    assert lab.table("b_tools") == [("Bash", 10)]


def test_a_view_that_breaks_keeps_those_that_follow_it_as_they_were(lab: Lab) -> None:
    add(lab, a_calls=PER_SESSION, b_tools=PER_TOOL)
    lab.feed(envelopes([called("s1", "c1")]))
    lab.store.refresh()
    broken = PER_SESSION.replace("count(*)", "(SELECT error('no'))::BIGINT")
    add(lab, a_calls=broken)
    lab.feed(envelopes([called("s1", "c2")], first=2))
    lab.store.refresh()
    assert [error.view for error in lab.store.view_errors] == ["a_calls"]
    assert lab.table("b_tools") == [("Bash", 1)]
    add(lab, a_calls=PER_SESSION)
    lab.store.refresh()
    assert lab.table("b_tools") == [("Bash", 2)]
    assert lab.rows("SELECT current_setting('search_path')") == [("",)]


def test_one_broken_view_among_many_costs_the_others_nothing(lab: Lab) -> None:
    fragile = PER_SESSION.replace(
        "count(*)", "if(count(*) > 1, error('too many')::BIGINT, count(*))"
    )
    add(lab, a_calls=fragile, b_tools=PER_TOOL)
    lab.feed(envelopes([called("s1", "c1")]))
    lab.store.refresh()
    lab.feed(envelopes([called("s1", "c2")], first=2))
    lab.store.refresh()
    assert [error.view for error in lab.store.view_errors] == ["a_calls"]
    assert lab.rows("SELECT calls FROM tool_sessions") == [(2,)]


def test_after_a_failure_the_keys_of_an_earlier_pass_are_not_taken_for_those_of_this_one(
    lab: Lab,
) -> None:
    fragile = PER_SESSION.replace(
        "count(*)", "if(count(*) > 1, error('too many')::BIGINT, count(*))"
    )
    add(lab, a_calls=fragile)
    lab.feed(envelopes([called("s1", "c1"), called("s2", "c1")]))
    lab.store.refresh()
    lab.feed(envelopes([called("s1", "c2", "Edit")], first=5))
    lab.store.refresh()
    lab.feed(envelopes([called("s2", "c2")], first=9))
    lab.store.refresh()
    assert [error.view for error in lab.store.view_errors] == ["a_calls"]
    assert sorted(lab.rows("SELECT session, tool, calls FROM tool_sessions")) == [
        ("codex/s1", "Bash", 1),
        ("codex/s1", "Edit", 1),
        ("codex/s2", "Bash", 2),
    ]


def test_after_a_pass_that_was_ended_its_keys_are_not_taken_for_set(lab: Lab) -> None:
    lab.feed(envelopes([called("s1", "c1"), called("s2", "c1")]))
    lab.store.refresh()
    lab.feed(envelopes([called("s1", "c2")], first=5))
    lab.store.refresh()
    lab.feed(envelopes([called("s2", "c2")], first=9))
    views = iter(range(99))

    def proceed() -> None:
        if next(views) >= 30:
            raise PullCancelledError("enough")

    with pytest.raises(PullCancelledError):
        lab.store.refresh(proceed)
    lab.store.refresh()
    stepwise = lab.views()
    lab.forget_views()
    lab.store.refresh()
    assert stepwise == lab.views()


def test_an_answer_that_changes_with_the_clock_is_made_anew_when_it_is_time(lab: Lab) -> None:
    add(lab, a_late=LATE)
    said: dict[str, Any] = {"agent": "codex", "kind": "prompt", "text": "", "text_bytes": 0}
    lab.feed(envelopes([MessageUser(**said, session="s1", message="m")], step_us=0))
    lab.store.refresh()
    lab.store.publish("p", "u", "v", False)
    silent_at = lab.rows("SELECT silent, silent_at FROM a_late")[0][1]
    assert not lab.store.unpublished
    lab.now = silent_at
    assert lab.store.unpublished
    assert dirty(lab)["a_late"] == 1
    assert lab.rows("SELECT silent, silent_at FROM a_late") == [(True, None)]
    lab.store.publish("p", "u", "v", False)
    assert not lab.store.unpublished


def test_a_view_that_takes_too_long_waits_so_that_its_share_of_the_time_is_small(lab: Lab) -> None:
    add(lab, a_calls=PER_SESSION)
    lab.feed(envelopes([called("s1", "c1")]))
    lab.store.refresh()
    slow = "UPDATE catalog SET refresh_interval_seconds = 180 WHERE name = 'a_calls'"
    lab.rows(slow)
    lab.feed(envelopes([called("s1", "c2")], first=2))
    assert "a_calls" not in dirty(lab)
    lab.passes(hours=0.05)
    assert dirty(lab)["a_calls"] == 1
    assert lab.table("a_calls") == [("codex/s1", "Bash", 2)]


@pytest.mark.parametrize(
    ("milliseconds", "interval"), [(0, 60), (999, 60), (2_000, 60), (9_000, 180), (900_000, 18_000)]
)
def test_a_view_is_refreshed_so_seldom_that_it_takes_a_twentieth_of_the_time(
    lab: Lab, milliseconds: int, interval: float
) -> None:
    view = catalog.parse("mine", PER_SESSION, "user")
    assert COSTLY_SHARE == 1 / 20
    assert lab.store._lattice._register.interval(view, milliseconds) == interval


def test_more_sessions_than_are_copied_are_refreshed_all_the_same(lab: Lab) -> None:
    add(lab, a_calls=PER_SESSION)
    many = [called(f"s{number}", "c1") for number in range(MAX_SESSIONS + 1)]
    for first, happened in ((1, [called("s0", "c0")]), (2, many), (500, [called("s5", "c9")])):
        lab.feed(envelopes(happened, first=first))
        lab.store.refresh()
    assert lab.rows("SELECT count(*), sum(calls) FROM a_calls") == [
        (MAX_SESSIONS + 1, MAX_SESSIONS + 3)
    ]


def test_a_view_of_many_sessions_is_made_in_parts_and_refreshed_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(tmp_path)
    calls = [
        ToolCalled(
            agent="codex",
            session=f"s{i % 7}",
            call=f"c{i}",
            name="Edit",
            files=(Touch(path=f"/a{i % 3}.py", action="edit"),),
        )
        for i in range(20)
    ]
    lab.feed(envelopes(calls))
    lab.store.refresh()
    whole = lab.views()
    monkeypatch.setattr(refresh, "PART_ROWS", 4)
    lab.forget_views()
    lab.store.refresh()
    assert lab.views() == whole
    more = ToolCalled(agent="codex", session="s3", call="d", name="Bash")
    lab.feed(envelopes([more], first=21))
    assert {done.view: done.dirty for done in lab.store.refresh()}["tool_sessions"] == 1
    lab.store.close()


def test_a_view_that_breaks_before_it_was_ever_made_stops_only_those_that_read_it(
    tmp_path: Path,
) -> None:
    lab = Lab(tmp_path)
    (lab.home.views / "a_calls.sql").write_text(
        PER_SESSION.replace("count(*) AS calls", "error('no') AS calls")
    )
    (lab.home.views / "b_tools.sql").write_text(PER_TOOL)
    lab.store.reload_views()
    lab.feed(envelopes([ToolCalled(agent="codex", session="s1", call="c", name="Bash")]))
    for _ in range(2):
        lab.store.refresh()
        assert {error.view for error in lab.store.view_errors} == {"a_calls", "b_tools"}
    assert lab.rows("SELECT tool FROM tool_reliability") == [("Bash",)]
    lab.store.close()
