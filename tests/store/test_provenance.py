"""The transcript's own counts win, an upstream fills what they lack, and each says whose it is."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from session_lattice.events import (
    CheckoutObserved,
    Event,
    MessageUser,
    RepoLink,
    RepoObserved,
    SessionObserved,
    SessionReported,
    SubagentLinked,
    ToolCalled,
    ToolCount,
    ToolReturned,
    UsageReported,
)
from tests.store.lab import DAY_US, EVENTS, START_US, TELLING, Lab, envelopes

ME: dict[str, Any] = {"agent": "codex", "session": "s1"}
UPSTREAM = "http://one:7777"
REPORT = SessionReported(
    **ME,
    upstream=UPSTREAM,
    cwd="/repo/sub",
    branch="topic",
    path="/far.jsonl",
    started_at=START_US,
    ended_at=START_US + 60_000_000,
    messages=9,
    user_messages=4,
    assistant_messages=5,
    last_prompt="mend\n  the " + "x" * 180,
    input_tokens=100,
    output_tokens=20,
    models=("m1",),
    tool_counts=(ToolCount(name="Bash", calls=6, errors=2),),
    repos=(RepoLink(repo="/linked", name="linked"),),
)
CHECKOUT = CheckoutObserved(cwd="/repo/sub", repo="/repo", worktree="/repo", evidence="upstream")
PROMPT = MessageUser(**ME, message="m", kind="prompt", text="hello", text_bytes=5, cwd="/own")
CALL = ToolCalled(**ME, call="c", name="Bash", cwd="/own")
USAGE = UsageReported(**ME, response="r", model="m2", input_tokens=3, cwd="/own")
FROM = "SELECT messages_from, tool_calls_from, tokens_from FROM session_overview"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.store.close()


def refreshed(lab: Lab, *batches: list[Event]) -> Lab:
    """Each batch applied and the views refreshed behind it."""
    first = 1
    for batch in batches:
        lab.feed(envelopes(batch, first=first))
        lab.store.refresh()
        assert lab.store.view_errors == []
        first += len(batch)
    return lab


def test_an_upstream_that_tells_nothing_new_changes_no_count_of_a_transcript(lab: Lab) -> None:
    refreshed(lab, [PROMPT, CALL, USAGE])
    before = {
        name: lab.rows(f"SELECT * FROM {name}")
        for name in ("tool_sessions", "tool_reliability", "daily_usage", "model_usage")
    }
    counts = (
        "SELECT started_at, prompts, replies, tool_calls, models, input_tokens, cwd, last_prompt"
        " FROM session_overview"
    )
    overview = lab.rows(counts)
    lab.feed(envelopes([REPORT], first=4))
    lab.store.refresh()
    assert {name: lab.rows(f"SELECT * FROM {name}") for name in before} == before
    assert lab.rows(counts) == overview
    assert lab.rows(FROM) == [("transcript", "transcript", "transcript")]


def test_a_session_known_from_an_upstream_only_is_told_in_its_words(lab: Lab) -> None:
    refreshed(lab, [REPORT, CHECKOUT])
    place = ("/repo", "/repo", "/repo/sub", "topic", "/far.jsonl")
    assert lab.rows(
        "SELECT repo, worktree, cwd, branch, path, transcript, upstream, duration_seconds,"
        " prompts, replies, tool_calls, failed_tool_calls, models, input_tokens, output_tokens,"
        " responses, reasoning_tokens, cost_microdollars, unpriced_responses"
        " FROM session_overview"
    ) == [(*place, "unread", UPSTREAM, 60.0, 4, 5, 6, 2, ["m1"], 100, 20, 0, 0, None, 0)]
    assert lab.rows(FROM) == [("upstream", "upstream", "upstream")]


def test_its_title_is_the_last_prompt_on_one_short_line_until_a_transcript_has_one(
    lab: Lab,
) -> None:
    refreshed(lab, [REPORT])
    short = "mend the " + "x" * 111
    titles = "SELECT title, left(last_prompt, 6) FROM session_overview"
    assert lab.rows(titles) == [(short, "mend\n ")]
    assert lab.rows("SELECT DISTINCT title FROM repo_sessions") == [(short,)]
    titled = SessionObserved(**ME, title="own", title_rank=1)
    lab.feed(envelopes([titled], first=2))
    lab.store.refresh()
    assert lab.rows(titles) == [("own", "mend\n ")]


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([SessionObserved(**ME, path="/t")], ("upstream", "upstream", "upstream")),
        ([CALL], ("upstream", "transcript", "upstream")),
        ([USAGE], ("upstream", "upstream", "transcript")),
        ([PROMPT], ("transcript", "transcript", "transcript")),
    ],
)
def test_each_number_changes_hands_as_soon_as_a_transcript_tells_it(
    lab: Lab, events: list[Event], told: tuple[str, str, str]
) -> None:
    refreshed(lab, [REPORT], events)
    assert lab.rows(FROM) == [told]


def test_a_session_without_any_report_is_the_transcripts_even_where_it_counts_nothing(
    lab: Lab,
) -> None:
    refreshed(lab, [SessionObserved(**ME, path="/t")])
    assert lab.rows(FROM) == [("transcript", "transcript", "transcript")]
    assert lab.rows("SELECT upstream FROM session_overview") == [(None,)]


def test_the_last_prompt_is_the_last_one_typed_on_the_main_thread(lab: Lab) -> None:
    def said(message: str, **more: Any) -> MessageUser:
        given = {"kind": "prompt", "text": message, "text_bytes": 1, **ME, **more}
        return MessageUser(message=message, **given)

    long = said("long", text="y" * 300)
    refreshed(lab, [REPORT, said("first"), long, said("a", kind="injected")])
    lab.feed(envelopes([said("b", subagent="a1")], first=5))
    lab.store.refresh()
    assert lab.rows("SELECT last_prompt FROM session_overview") == [("y" * 200,)]


def test_a_session_counts_where_its_report_places_it_and_is_found_where_it_is_linked(
    lab: Lab,
) -> None:
    rows = (
        "SELECT repo, linked_by, counts_from, worktrees, branches, messages, tool_calls,"
        " input_tokens, cost_microdollars, first_at FROM repo_sessions ORDER BY repo"
    )
    refreshed(lab, [REPORT])
    began = datetime(2026, 5, 28, 20, 26, 40)
    linked: tuple[Any, ...] = ("/linked", "upstream", "upstream", [], [], 0, 0, 0, None, None)
    work = ("work", "upstream")
    counts = (["topic"], 9, 6, 100, None, began)
    assert lab.rows(rows) == [linked, ("/repo/sub", *work, ["/repo/sub"], *counts)]
    lab.feed(envelopes([CHECKOUT], first=2))
    lab.store.refresh()
    assert lab.rows(rows) == [linked, ("/repo", *work, ["/repo"], *counts)]


@pytest.mark.parametrize("event", [PROMPT, CALL, USAGE])
def test_work_in_a_transcript_takes_the_place_of_what_a_report_counts(
    lab: Lab, event: Event
) -> None:
    refreshed(lab, [REPORT, CHECKOUT], [event])
    assert lab.rows("SELECT repo, linked_by, counts_from FROM repo_sessions ORDER BY repo") == [
        ("/linked", "upstream", "transcript"),
        ("/own", "work", "transcript"),
    ]


def test_where_a_session_worked_it_is_linked_by_its_work(lab: Lab) -> None:
    link = SessionReported(**ME, upstream=UPSTREAM, repos=(RepoLink(repo="/own", name="own"),))
    refreshed(lab, [PROMPT], [link])
    assert lab.rows("SELECT repo, linked_by, messages FROM repo_sessions") == [("/own", "work", 1)]


def test_tools_that_only_an_upstream_tells_of_are_counted_apart(lab: Lab) -> None:
    other: dict[str, Any] = {"agent": "codex", "session": "s2"}
    called = ToolCalled(**other, call="c", name="Bash")
    refreshed(lab, [REPORT], [called, ToolReturned(**other, call="c", ok=True)])
    assert lab.rows(
        "SELECT session, calls, succeeded, failed, unflagged, unanswered, counts_from"
        " FROM tool_sessions ORDER BY session"
    ) == [("codex/s1", 6, 0, 2, 4, 0, "upstream"), ("codex/s2", 1, 1, 0, 0, 0, "transcript")]
    assert lab.rows(
        "SELECT sessions, calls, succeeded, failed, failure_rate, upstream_calls"
        " FROM tool_reliability"
    ) == [(2, 7, 1, 2, 0.0, 6)]


@pytest.mark.parametrize(
    "event", [PROMPT, ToolCalled(**ME, call="c", name="Read"), ToolReturned(**ME, call="c")]
)
def test_reported_tools_go_when_the_transcript_tells_of_the_session(lab: Lab, event: Event) -> None:
    refreshed(lab, [REPORT], [event])
    assert lab.rows("SELECT * FROM tool_sessions WHERE tool = 'Bash'") == []
    assert lab.rows("SELECT * FROM tool_reliability WHERE tool = 'Bash'") == []


def test_a_tool_that_the_latest_report_does_not_name_goes(lab: Lab) -> None:
    refreshed(lab, [REPORT], [SessionReported(**ME, upstream=UPSTREAM)])
    assert lab.table("tool_sessions") == lab.table("tool_reliability") == []


def test_a_claim_stands_beside_what_transcripts_count_and_has_no_cost(lab: Lab) -> None:
    other = UsageReported(agent="codex", session="s2", response="r", model="m1", input_tokens=3)
    refreshed(lab, [REPORT], [other])
    assert lab.rows(
        "SELECT model, counted_from, responses, input_tokens, output_tokens, cost_microdollars,"
        " unpriced_responses, cost_source, first_day FROM model_usage ORDER BY counted_from"
    ) == [
        ("m1", "transcript", 1, 3, 0, None, 1, None, date(2026, 5, 28)),
        ("m1", "upstream", 0, 100, 20, None, 0, None, date(2026, 5, 28)),
    ]
    assert lab.rows(
        "SELECT counted_from, sessions, responses FROM daily_usage ORDER BY counted_from"
    ) == [("transcript", 1, 1), ("upstream", 1, 0)]


@pytest.mark.parametrize("event", [PROMPT, USAGE])
def test_a_claim_goes_when_the_transcript_tells_of_the_session_on_another_day(
    lab: Lab, event: Event
) -> None:
    refreshed(lab, [replace(REPORT, started_at=START_US - 2 * DAY_US)], [event])
    for view in ("daily_usage", "model_usage"):
        assert lab.rows(f"SELECT * FROM {view} WHERE counted_from = 'upstream'") == []


def test_a_claim_moves_to_the_model_that_the_latest_report_names(lab: Lab) -> None:
    later = SessionReported(**ME, upstream=UPSTREAM, models=("m2",), output_tokens=5)
    refreshed(lab, [REPORT], [later])
    assert lab.rows("SELECT model, input_tokens, output_tokens FROM model_usage") == [("m2", 0, 5)]


def test_answers_that_were_copied_from_another_session_are_not_claimed_for_the_copy(
    lab: Lab,
) -> None:
    begun = UsageReported(agent="codex", session="s0", response="r", model="m1", input_tokens=9)
    refreshed(lab, [begun], [PROMPT, UsageReported(**ME, response="r", model="m1")], [REPORT])
    assert lab.rows("SELECT counted_from, input_tokens FROM model_usage") == [("transcript", 9)]


def test_a_session_that_was_not_read_has_no_thread_of_its_own(lab: Lab) -> None:
    refreshed(lab, [REPORT])
    assert lab.table("subagent_tree") == []
    link = SubagentLinked(agent="codex", session="s0", child_session="s1", call="c")
    lab.feed(envelopes([link], first=2))
    lab.store.refresh()
    assert lab.rows("SELECT session, parent_session FROM subagent_tree ORDER BY session") == [
        ("codex/s0", None),
        ("codex/s1", "codex/s0"),
    ]


def test_a_subagent_that_turns_out_to_be_anothers_leaves_the_session_it_was_linked_to(
    lab: Lab,
) -> None:
    child: dict[str, Any] = {"agent": "codex", "child_session": "x", "child_subagent": "a1"}
    refreshed(lab, [SubagentLinked(session="s1", **child)])
    lab.feed(envelopes([SubagentLinked(session="s3", call="c1", **child)], first=2))
    lab.store.refresh()
    counted = "SELECT session, subagents FROM session_overview ORDER BY session"
    assert lab.rows(counted) == [("codex/s1", 0), ("codex/s3", 1)]


def test_a_repository_is_told_with_the_sessions_that_have_to_do_with_it(lab: Lab) -> None:
    observed = RepoObserved(
        repo="/repo", upstream=UPSTREAM, name="repo", modified_files=2, untracked_files=1
    )
    shown = "SELECT repo, name, uncommitted_files, sessions, upstream FROM repo_status"
    refreshed(lab, [observed])
    assert lab.rows(shown) == [("/repo", "repo", 3, 0, UPSTREAM)]
    lab.feed(envelopes([REPORT, CHECKOUT], first=2))
    lab.store.refresh()
    assert lab.rows(shown) == [("/repo", "repo", 3, 1, UPSTREAM)]
    moved = CheckoutObserved(cwd="/repo/sub", repo="/else", worktree="/else", evidence="git")
    lab.feed(envelopes([moved], first=4))
    lab.store.refresh()
    assert lab.rows(shown) == [("/repo", "repo", 3, 0, UPSTREAM)]


def test_the_made_up_histories_reach_every_view_and_both_origins_of_each_number(
    tmp_path: Path,
) -> None:
    tries = iter(range(1000))

    def reaches_all(happened: list[Event]) -> bool:
        lab = Lab(tmp_path / str(next(tries)))
        lab.feed(envelopes([*happened, *TELLING]))
        lab.store.refresh()
        views = lab.views()
        marks = [
            (view, column, lab.rows(f"SELECT count(DISTINCT {column}) FROM {view}")[0][0])
            for view, column in (
                ("session_overview", "tokens_from"),
                ("repo_sessions", "counts_from"),
                ("repo_sessions", "linked_by"),
                ("tool_sessions", "counts_from"),
                ("daily_usage", "counted_from"),
            )
        ]
        lab.store.close()
        return all(views.values()) and all(count == 2 for _, _, count in marks)

    once = settings(
        max_examples=20,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    assert find(st.lists(EVENTS, min_size=60, max_size=60), reaches_all, settings=once)
