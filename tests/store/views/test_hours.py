"""What happened when: hours of sessions, the hours of the week, how many agents at once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import (
    MessageAssistant,
    MessageUser,
    SessionReported,
    ToolCalled,
    ToolReturned,
    UsageReported,
)
from tests.store.lab import Lab
from tests.store.views.timed import at, timed

S1: dict[str, Any] = {"agent": "claude_code", "session": "s1"}
S2: dict[str, Any] = {"agent": "codex", "session": "s2"}
SUB: dict[str, Any] = {**S1, "subagent": "a1"}
OPUS = "claude-opus-4-5-20251101"
TOKENS: dict[str, Any] = {
    "input_tokens": 100, "output_tokens": 10, "cache_write_tokens": 20, "cache_read_tokens": 1000,
}  # fmt: skip
WEEK = timedelta(days=7)


def prompt(message: str, **me: Any) -> MessageUser:
    return MessageUser(**me, message=message, kind="prompt", text="go", text_bytes=2)


def reply(message: str, **me: Any) -> MessageAssistant:
    return MessageAssistant(**me, message=message, text="done", text_bytes=4)


HISTORY = [
    (at(0, 10, 0), prompt("m1", **S1)),
    (at(0, 10, 5), prompt("m1", **S2)),
    (at(0, 10, 30), reply("m2", **S1)),
    (at(0, 10, 30), UsageReported(**S1, response="r1", model=OPUS, **TOKENS)),
    (at(0, 10, 40), prompt("m3", **SUB)),
    (at(0, 11, 0), UsageReported(**SUB, response="r2", model="nobody-knows-1", **TOKENS)),
    (at(0, 59, 50), ToolCalled(**S1, call="c1", name="Bash")),
    (at(1, 0, 10), ToolReturned(**S1, call="c1", ok=True)),
    (at(2, 30), ToolReturned(**S1, call="c9", ok=True)),
    (at(3), SessionReported(agent="codex", session="far", upstream="u", input_tokens=7)),
    (at(0, 30) + WEEK, prompt("m4", **S1)),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("hours"))
    lab.feed(timed(HISTORY))
    lab.store.refresh()
    assert lab.store.view_errors == []
    yield lab
    lab.store.close()


def test_an_hour_has_the_minutes_and_the_counts_of_its_thread(lab: Lab) -> None:
    assert lab.rows(
        "SELECT subagent, hour, minutes_mask, active_minutes, prompts, replies, tool_calls,"
        " responses FROM session_hours WHERE agent = 'claude_code' ORDER BY hour, subagent"
    ) == [
        ("", at(0), 1 << 10 | 1 << 59, 2, 1, 1, 1, 1),
        ("a1", at(0), 1 << 10 | 1 << 11, 2, 0, 0, 0, 1),
        ("", at(1), 1 << 0, 1, 0, 0, 0, 0),
        ("", at(2), 1 << 30, 1, 0, 0, 0, 0),
        ("", at(0) + WEEK, 1 << 30, 1, 1, 0, 0, 0),
    ]


def test_tokens_and_cost_count_in_the_hour_of_the_response_and_an_unknown_price_is_null(
    lab: Lab,
) -> None:
    assert lab.rows(
        "SELECT subagent, input_tokens, output_tokens, cache_write_tokens, cache_read_tokens,"
        " cost_microdollars, unpriced_responses FROM session_hours WHERE responses > 0 ORDER BY 1"
    ) == [("", 100, 10, 20, 1000, 1375, 0), ("a1", 100, 10, 20, 1000, None, 1)]
    assert lab.rows(
        "SELECT model, hour, day, responses, cost_microdollars, first_at FROM session_usage"
        " ORDER BY model"
    ) == [
        (OPUS, at(0), at(0).date(), 1, 1375, at(0, 10, 30)),
        ("nobody-knows-1", at(0), at(0).date(), 1, None, at(0, 11)),
    ]


def test_what_only_an_upstream_tells_of_has_no_hours_and_stays_a_claim_of_its_day(
    lab: Lab,
) -> None:
    assert lab.rows("SELECT 1 FROM session_hours WHERE session = 'codex/far'") == []
    claims = "SELECT counted_from, input_tokens FROM daily_usage WHERE agent = 'codex'"
    assert lab.rows(claims) == [("upstream", 7)]


def test_the_peak_is_the_minute_with_most_threads_at_once(lab: Lab) -> None:
    assert lab.rows("SELECT * FROM concurrency ORDER BY hour LIMIT 2") == [
        (at(0), 2, 1, 3, 3, at(0, 10), 5, 3, 1.667),
        (at(1), 1, 0, 1, 1, at(1), 1, 1, 1.0),
    ]


def test_an_hour_of_the_week_adds_up_its_weeks_and_knows_how_many_they_were(lab: Lab) -> None:
    assert lab.rows(
        "SELECT weekday, hour_of_day, days, sessions, agent_minutes, prompts, replies, tool_calls,"
        " responses, cost_microdollars, unpriced_responses FROM hourly_heatmap ORDER BY ALL LIMIT 1"
    ) == [(1, 0, 2, 2, 6, 3, 1, 1, 2, 1375, 1)]


def test_one_more_hour_recomputes_that_hour_only(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.feed(timed(HISTORY))
    lab.store.refresh()
    lab.feed(timed([(at(5), prompt("m9", **S1))], first=50))
    dirty = {done.view: done.dirty for done in lab.store.refresh()}
    assert (dirty["concurrency"], dirty["hourly_heatmap"], dirty["daily_usage"]) == (1, 1, 0)
    lab.store.close()
