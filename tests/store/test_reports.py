"""What an upstream tells is kept apart from what transcripts tell, in whatever order both come."""

from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.events import (
    CheckoutObserved,
    Envelope,
    Event,
    MessageUser,
    RepoLink,
    RepoObserved,
    SessionObserved,
    SessionReported,
    StopCount,
    ToolCount,
    TranscriptChanged,
    decode,
)
from tests.store.histories import few, histories
from tests.store.lab import DAY_US, START_US, Lab, envelope, is_told

ME: dict[str, Any] = {"agent": "codex", "session": "s1"}
PROMPT = MessageUser(**ME, message="m", kind="prompt", text="hello", text_bytes=5, cwd="/repo")


def report(**told: Any) -> SessionReported:
    return SessionReported(**{**ME, "upstream": "http://one:7777", **told})


@pytest.fixture
def lab(tmp_path: Path) -> Any:
    made = Lab(tmp_path)
    yield made
    made.store.close()


def feed(lab: Lab, *batches: list[Event]) -> None:
    """Batches at rising positions, an event an hour."""
    position = 1
    for batch in batches:
        happened = [
            envelope(event, position + n, START_US + (position + n) * DAY_US // 24)
            for n, event in enumerate(batch)
        ]
        lab.feed(happened)
        position += len(batch)


@given(history=histories(), order=st.randoms(use_true_random=False))
@few(3)
def test_tables_do_not_depend_on_when_reports_come_between_what_transcripts_tell(
    shared: Lab, history: list[list[Envelope]], order: Any
) -> None:
    happened = [event for batch in history for event in batch]
    shared.clear()
    shared.feed(happened)
    asked = shared.base_tables()
    shared.clear()
    for _, run in groupby(interleaved(happened, order), lambda event: is_told(decode(event.data))):
        shared.feed(list(run))
    assert shared.base_tables() == asked


def interleaved(happened: list[Envelope], order: Any) -> list[Envelope]:
    """Both kinds in the order that each had, at new positions and the times of old."""
    told = [event for event in happened if is_told(decode(event.data))]
    read = [event for event in happened if not is_told(decode(event.data))]
    picks = [*[told] * len(told), *[read] * len(read)]
    order.shuffle(picks)
    mixed = [pick.pop(0) for pick in picks]
    return [envelope(decode(event.data), n, event.ts) for n, event in enumerate(mixed, start=1)]


def test_a_session_known_from_an_upstream_only_is_unread_and_claims_nothing(lab: Lab) -> None:
    told = report(cwd="/repo", branch="main", path="/far.jsonl", started_at=START_US)
    feed(lab, [told])
    assert lab.rows(
        "SELECT session, transcript, title, path, cwd, branch, started_at, ended_at, origin"
        " FROM sessions"
    ) == [("codex/s1", "unread", None, None, None, None, None, None, "there")]


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (SessionObserved(**ME, path="/t"), "present"),
        (PROMPT, "present"),
        (TranscriptChanged(**ME, path="/t", state="deleted"), "deleted"),
    ],
)
def test_a_transcript_that_is_read_ends_unread_whichever_comes_first(
    lab: Lab, event: Event, state: str
) -> None:
    feed(lab, [report()], [event], [report(messages=2)])
    assert lab.rows("SELECT transcript, origin FROM sessions") == [(state, "here")]


def test_a_report_unsays_no_deletion(lab: Lab) -> None:
    feed(lab, [TranscriptChanged(**ME, path="/t", state="deleted")], [report()])
    assert lab.rows("SELECT transcript FROM sessions") == [("deleted",)]


def test_the_latest_report_replaces_all_but_the_day(lab: Lab) -> None:
    first = report(started_at=START_US, branch="main", last_prompt="a", models=("m1",), messages=3)
    feed(lab, [first], [report(started_at=START_US + 5 * DAY_US, messages=4)])
    assert lab.rows("SELECT messages, branch, last_prompt, models, day, changed FROM reports") == [
        (4, None, None, [], date(2026, 5, 28), 2)
    ]


@pytest.mark.parametrize(
    ("told", "days"),
    [({"started_at": START_US + DAY_US}, 1), ({"ended_at": START_US + 2 * DAY_US}, 2), ({}, 0)],
)
def test_the_day_is_that_of_the_start_else_of_the_end_else_of_the_report(
    lab: Lab, told: dict[str, int], days: int
) -> None:
    feed(lab, [report(**told)])
    assert lab.rows("SELECT (day - DATE '2026-05-28')::INTEGER FROM reports") == [(days,)]


def test_what_a_report_no_longer_names_stays_with_zeros_that_count_as_a_change(lab: Lab) -> None:
    first = report(
        tool_counts=(ToolCount(name="Bash", calls=3, errors=1),),
        stop_counts=(StopCount(reason="end_turn", count=4),),
        models=("m1",),
        input_tokens=7,
    )
    feed(lab, [first], [report(models=("m1", "m2"), input_tokens=9)], [report(input_tokens=1)])
    assert lab.rows("SELECT tool, calls, errors, changed FROM reported_tools") == [
        ("Bash", 0, 0, 3)
    ]
    assert lab.rows("SELECT reason, responses, changed FROM reported_stops") == [("end_turn", 0, 3)]
    assert lab.rows(
        "SELECT model, input_tokens, changed FROM reported_usage ORDER BY input_tokens, model"
    ) == [("m1", 0, 3), ("several models", 0, 3), ("unknown", 1, 3)]


def test_failures_are_never_more_than_calls(lab: Lab) -> None:
    feed(lab, [report(tool_counts=(ToolCount(name="Bash", calls=2, errors=5),))])
    assert lab.rows("SELECT calls, errors FROM reported_tools") == [(2, 2)]


def test_a_link_stays_when_its_upstream_no_longer_names_it(lab: Lab) -> None:
    one, two = RepoLink(repo="/one", name="one"), RepoLink(repo="/two", name="two")
    feed(lab, [report(repos=(one,))], [report(repos=(two,))], [report()])
    assert lab.rows("SELECT repo, name, upstream FROM session_repos ORDER BY repo") == [
        ("/one", "one", "http://one:7777"),
        ("/two", "two", "http://one:7777"),
    ]


def test_the_latest_observation_of_a_repository_replaces_all_of_it(lab: Lab) -> None:
    first = RepoObserved(
        repo="/r", upstream="u", name="r", head="topic", open_prs=2, stale_branches=("old",)
    )
    later = RepoObserved(repo="/r", upstream="u", name="r", commits_30d=5, deployed_at=START_US)
    feed(lab, [first], [later])
    assert lab.rows(
        "SELECT head, open_prs, stale_branches, commits_30d, epoch_us(deployed_at),"
        " epoch_us(observed_at) FROM repos"
    ) == [(None, 0, [], 5, START_US, START_US + 2 * DAY_US // 24)]


@pytest.mark.parametrize(
    ("weaker", "stronger"), [("cwd", "upstream"), ("upstream", "layout"), ("layout", "git")]
)
def test_a_checkout_is_told_by_the_best_evidence_whichever_comes_first(
    lab: Lab, weaker: Any, stronger: Any
) -> None:
    for cwd, order in (("/a", (weaker, stronger)), ("/b", (stronger, weaker))):
        for one in order:
            seen = CheckoutObserved(cwd=cwd, repo=f"/{one}", worktree=cwd, evidence=one)
            feed(lab, [seen])
    assert {row[0] for row in lab.rows("SELECT evidence FROM checkouts")} == {stronger}
