"""How full contexts got, how the prompt cache was used, and what is kept of vanished files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import (
    Event,
    MessageUser,
    SessionCompacted,
    SessionObserved,
    TranscriptChanged,
    UsageReported,
)
from tests.store.lab import Lab
from tests.store.views.timed import at, timed

ME: dict[str, Any] = {"agent": "claude_code", "session": "s1"}
SUB: dict[str, Any] = {**ME, "subagent": "a1"}
GONE: dict[str, Any] = {"agent": "codex", "session": "gone"}
BACK: dict[str, Any] = {"agent": "codex", "session": "back"}


def read(me: dict[str, Any], response: str, fresh: int, cached: int, written: int) -> UsageReported:
    return UsageReported(
        **me, response=response, model="m", input_tokens=fresh,
        cache_read_tokens=cached, cache_write_tokens=written, cache_write_1h_tokens=written // 4,
    )  # fmt: skip


def deleted(me: dict[str, Any], state: Any = "deleted") -> Event:
    return TranscriptChanged(**me, path=f"/t/{me['session']}.jsonl", state=state)


HISTORY: list[tuple[Any, Event]] = [
    (at(0), read(ME, "r1", 10, 0, 1000)),
    (at(0, 1), read(ME, "r2", 10, 1000, 200)),
    # After six minutes nothing is left: 1,200 are written again.
    (at(0, 7), read(ME, "r3", 10, 0, 1300)),
    # A minute later all but 300 are lost, with no pause to blame.
    (at(0, 8), read(ME, "r4", 10, 300, 1200)),
    (at(0, 9), SessionCompacted(**ME, trigger="auto", pre_tokens=1510)),
    # After a compaction there is less to read: nothing is written again.
    (at(0, 9, 30), read(ME, "r5", 10, 100, 50)),
    (at(0, 10), SessionCompacted(**ME, trigger="manual", pre_tokens=160)),
    (at(0, 11), SessionCompacted(**SUB, trigger="auto", pre_tokens=99_999)),
    (at(0, 11), read(SUB, "r6", 9_000, 0, 0)),
    (at(0, 12), SessionCompacted(agent="codex", session="only")),
    (at(1), SessionObserved(**GONE, title="lost", path="/t/gone.jsonl", branch="fix")),
    (at(1), MessageUser(**GONE, message="m", kind="prompt", text="go", text_bytes=2)),
    (at(1), read(GONE, "r7", 5, 0, 0)),
    (at(2), deleted(GONE)),
    (at(1), MessageUser(**BACK, message="m", kind="prompt", text="go", text_bytes=2)),
    (at(2), deleted(BACK, "unreadable")),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("context"))
    lab.feed(timed(HISTORY))
    lab.store.refresh()
    assert lab.store.view_errors == []
    yield lab
    lab.store.close()


def test_pressure_is_what_the_main_thread_was_given_to_read_and_how_it_was_compacted(
    lab: Lab,
) -> None:
    assert lab.rows("SELECT * FROM context_pressure WHERE session = 'claude_code/s1'") == [
        (
            "claude_code/s1", "claude_code", 5, 1510, at(0, 8), "m", 1040, 160,
            2, 1, 1, at(0, 9), at(0, 10), 1510,
        )
    ]  # fmt: skip


def test_a_session_that_only_compacted_has_no_peak(lab: Lab) -> None:
    assert lab.rows(
        "SELECT responses, peak_context_tokens, compactions, auto_compactions, compacted_tokens"
        " FROM context_pressure WHERE session = 'codex/only'"
    ) == [(0, None, 1, 0, None)]


def test_what_was_in_the_cache_and_is_taken_in_anew_is_a_rewrite_after_a_pause_or_not(
    lab: Lab,
) -> None:
    assert lab.rows("SELECT * FROM session_cache WHERE agent = 'claude_code'") == [
        (
            "claude_code/s1", "m", "claude_code", 6, 9050, 1400, 2813, 937, 0.098592,
            2, 1, 2200, 1200, None, None, None, 6, 360.0,
        )
    ]  # fmt: skip


def test_a_model_adds_up_its_sessions_and_has_no_reads_for_each_write_without_writes(
    lab: Lab,
) -> None:
    columns = "agent, sessions, responses, cache_write_1h_tokens, read_ratio, reads_per_write"
    assert lab.rows(f"SELECT {columns}, rewritten_tokens FROM cache_efficiency ORDER BY 1") == [
        ("claude_code", 1, 6, 937, 0.098592, 0.373, 2200),
        ("codex", 1, 1, 0, 0.0, None, 0),
    ]


def test_a_vanished_transcript_keeps_its_counts_until_it_is_back(lab: Lab) -> None:
    columns = "session, state, path, title, branch, prompts, responses, input_tokens"
    query = f"SELECT {columns} FROM vanished_transcripts ORDER BY session"
    gone = ("codex/gone", "deleted", "/t/gone.jsonl", "lost", "fix", 1, 1, 5)
    assert lab.rows(query) == [
        ("codex/back", "unreadable", "/t/back.jsonl", None, None, 1, 0, 0),
        gone,
    ]
    lab.feed(timed([(at(3), deleted(BACK, "present"))], first=50))
    lab.store.refresh()
    assert lab.rows(query) == [gone]


def test_of_a_known_price_the_reads_and_the_writes_of_the_cache_are_told_apart(
    tmp_path: Path,
) -> None:
    lab = Lab(tmp_path)
    usage = UsageReported(
        **ME, response="r", model="claude-opus-4-5-20251101", input_tokens=100, output_tokens=10,
        cache_read_tokens=1000, cache_write_tokens=20, cache_write_1h_tokens=4,
    )  # fmt: skip
    lab.feed(timed([(at(0), usage)]))
    lab.store.refresh()
    # A million: 5 dollars in, 25 out, 0.50 read, 6.25 written for five minutes, 10 for an hour.
    columns = "cache_read_cost_microdollars, cache_write_cost_microdollars, cost_microdollars"
    for view in ("session_cache", "cache_efficiency"):
        assert lab.rows(f"SELECT {columns}, unpriced_responses FROM {view}") == [
            (500, 140, 1390, 0)
        ]
    lab.store.close()
