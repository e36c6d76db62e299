"""What a record says, in our units; what is wrong in it costs no more than it must."""

from typing import Any

import msgspec
import pytest

from session_lattice.events import RepoLink, StopCount, ToolCount
from session_lattice.sources.recall.records import (
    RepoRecord,
    SessionRecord,
    Warnings,
    agent_of,
    links,
    micros,
    repo_observed,
    session_reported,
)

UPSTREAM = "http://upstream"
SESSION: dict[str, Any] = {
    "id": 7,
    "session_uuid": "0a1b",
    "cwd": "/home/kim/code/app/src",
    "started_at": 1_780_000_000,
    "ended_at": 1_780_000_060,
    "message_count": 9,
    "user_message_count": 4,
    "assistant_message_count": 5,
    "last_prompt": "add a test",
    "source_file": "/home/kim/.claude/projects/-home-kim-code-app/0a1b.jsonl",
    "duration_ms": 60_250,
    "input_tokens": 10,
    "output_tokens": 20,
    "cache_read_tokens": 30,
    "cache_creation_tokens": 40,
    "parent_uuid": "p",
    "request_id": "r",
    "message_id": "m",
    "is_sidechain_count": 2,
    "models_used": ["claude-opus-4-6"],
    "tools_used": ["Bash", "Read"],
    "tool_call_counts_json": '{"Read":{"calls":1,"errors":0},"Bash":{"calls":3,"errors":1}}',
    "stop_reason_counts_json": '{"end_turn":4}',
}


def reported(**changed: Any) -> tuple[Any, dict[str, int]]:
    """The event of a record with some fields changed, and what was odd in it."""
    warnings = Warnings()
    record = msgspec.convert({**SESSION, **changed}, SessionRecord)
    linked = links([[3, "app", "/home/kim/code/app"]], warnings)
    return session_reported(UPSTREAM, record, linked, warnings), warnings.counts


def test_a_session_is_told_whole_in_microseconds_and_without_ids() -> None:
    event, warnings = reported()
    assert (event.agent, event.session, event.upstream) == ("claude_code", "0a1b", UPSTREAM)
    assert (event.started_at, event.ended_at) == (1_780_000_000_000_000, 1_780_000_060_000_000)
    assert event.duration_ms == 60_250
    assert (event.messages, event.user_messages, event.assistant_messages) == (9, 4, 5)
    assert event.sidechain_messages == 2
    tokens = (event.input_tokens, event.output_tokens)
    assert (*tokens, event.cache_read_tokens, event.cache_write_tokens) == (10, 20, 30, 40)
    assert event.tool_counts == (
        ToolCount(name="Bash", calls=3, errors=1),
        ToolCount(name="Read", calls=1, errors=0),
    )
    assert event.stop_counts == (StopCount(reason="end_turn", count=4),)
    assert event.repos == (RepoLink(repo="/home/kim/code/app", name="app"),)
    assert (event.last_prompt, event.cwd) == ("add a test", SESSION["cwd"])
    assert (event.parent_uuid, event.request_id, event.message_id) == ("p", "r", "m")
    assert warnings == {}


@pytest.mark.parametrize("name", [name for name in SESSION if name not in (
    "id", "cwd", "started_at", "ended_at", "duration_ms", "last_prompt",
    "parent_uuid", "request_id", "message_id",
)])  # fmt: skip
def test_a_record_that_lacks_what_every_record_has_is_refused(name: str) -> None:
    lacking = {key: value for key, value in SESSION.items() if key != name}
    with pytest.raises(msgspec.ValidationError, match=name):
        msgspec.convert(lacking, SessionRecord)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("message_count", -1), ("input_tokens", 10**30), ("output_tokens", "12"),
        ("session_uuid", ""), ("session_uuid", "x" * 1000), ("models_used", [3]), ("cwd", 5),
        ("started_at", "2026-01-01"), ("tool_call_counts_json", None),
    ],
)  # fmt: skip
def test_a_record_with_an_impossible_value_is_refused(name: str, value: Any) -> None:
    with pytest.raises(msgspec.ValidationError, match=name):
        msgspec.convert({**SESSION, name: value}, SessionRecord)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"Bash":{"calls":-1}}', '{"Bash":3}', "null", "\ud800"]
)
def test_malformed_counts_cost_their_own_rows_and_are_counted(text: str) -> None:
    event, warnings = reported(tool_call_counts_json=text)
    assert event.tool_counts == ()
    assert event.stop_counts
    assert warnings == {"bad_tool_call_counts_json": 1}
    event, warnings = reported(stop_reason_counts_json='{"end_turn":"many"}')
    assert event.stop_counts == ()
    assert event.tool_counts
    assert warnings == {"bad_stop_reason_counts_json": 1}


def test_empty_counts_and_nulls_are_nothing_odd() -> None:
    nothing = dict.fromkeys(
        ("cwd", "started_at", "ended_at", "duration_ms", "last_prompt", "parent_uuid",
         "request_id", "message_id")
    )  # fmt: skip
    event, warnings = reported(
        **nothing, tool_call_counts_json="", stop_reason_counts_json="", models_used=[]
    )
    assert (event.cwd, event.started_at, event.duration_ms, event.tool_counts) == (
        "",
        None,
        None,
        (),
    )
    assert warnings == {}


@pytest.mark.parametrize("seconds", [1_780_000_000_000, -1, 10**15])
def test_a_time_in_another_unit_is_no_time(seconds: int) -> None:
    event, warnings = reported(started_at=seconds)
    assert event.started_at is None
    assert event.ended_at is not None
    assert warnings == {"bad_time": 1}


def test_fractions_of_seconds_are_kept() -> None:
    assert micros(1.25, Warnings()) == 1_250_000


def test_links_that_are_none_are_left_out_and_counted() -> None:
    warnings = Warnings()
    given = [[1, "b", "/b"], None, [2, "a", "/a"], [1, "x"], [1, 2, 3], [4, "none", ""]]
    assert links(given, warnings) == [("/a", "a"), ("/b", "b")]
    assert warnings.counts == {"bad_repo_link": 4}
    assert links("none", Warnings()) == []


@pytest.mark.parametrize(
    ("path", "agent"),
    [
        ("/home/kim/.claude/projects/-x/0a1b.jsonl", "claude_code"),
        ("/home/kim/.codex/sessions/2026/01/02/rollout-2026-01-02T03-04-05-0a1b.jsonl", "codex"),
        ("C:\\kim\\codex\\sessions\\rollout-2026-01-02T03-04-05-0a1b.jsonl", "codex"),
        ("", "claude_code"),
    ],
)
def test_the_agent_is_told_by_where_the_transcript_lies(path: str, agent: str) -> None:
    assert agent_of(path) == agent


def test_what_is_cut_to_a_limit_stays_whole_characters() -> None:
    event, _ = reported(last_prompt="é" * 5000, models_used=["m" * 5000])
    assert len(event.last_prompt.encode()) <= 1024
    assert set(event.last_prompt) == {"é"}
    assert len(event.models[0]) == 512


def test_a_repository_is_told_without_credentials_and_without_what_changes_by_itself() -> None:
    given = {
        "id": 3, "path": "/code/app", "name": "app", "head_ref": None, "loc_churn_30d": 5,
        "remote_url": "https://kim:secret@host/app.git", "deploy_last_success_ts": 10,
        "stale_branches": [{"name": "old", "tip_age_secs": 9_999_999}], "stash_count": 1,
    }  # fmt: skip
    event = repo_observed(UPSTREAM, msgspec.convert(given, RepoRecord), Warnings())
    assert event.remote_url == "https://host/app.git"
    assert (event.repo, event.name, event.head, event.stashes) == ("/code/app", "app", "", 1)
    assert (event.changed_lines_30d, event.deployed_at) == (5, 10_000_000)
    given["stale_branches"] = [{"name": "old", "tip_age_secs": 10_000_149}]
    assert repo_observed(UPSTREAM, msgspec.convert(given, RepoRecord), Warnings()) == event
