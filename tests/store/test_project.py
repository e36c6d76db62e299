"""Base tables are the fold of the log, wherever it is cut and however often it comes."""

from pathlib import Path
from typing import Any

from hypothesis import given

from session_lattice.events import (
    Envelope,
    MessageUser,
    SessionObserved,
    ToolCalled,
    ToolReturned,
    Touch,
    TranscriptChanged,
    UsageReported,
)
from tests.store.histories import few, histories
from tests.store.lab import Lab, envelopes

ME: dict[str, Any] = {"agent": "claude_code", "session": "s1"}


@given(history=histories())
@few(7)
def test_tables_do_not_depend_on_where_the_log_is_cut(
    shared: Lab, history: list[list[Envelope]]
) -> None:
    shared.clear()
    shared.feed([event for batch in history for event in batch])
    whole = shared.base_tables()
    shared.clear()
    for batch in history:
        shared.feed(batch)
    assert shared.base_tables() == whole


@given(history=histories())
@few(5)
def test_a_rebuilt_log_that_delivers_all_again_doubles_nothing(
    shared: Lab, history: list[list[Envelope]]
) -> None:
    shared.clear()
    for batch in history:
        shared.feed(batch)
    before = shared.base_tables()
    shared.feed([event for batch in history for event in batch], epoch="epoch2")
    after = shared.base_tables()
    for name in set(before) - {"checkouts", "sessions"}:
        assert after[name] == before[name], name
    assert [row[:3] for row in after["sessions"]] == [row[:3] for row in before["sessions"]]


def test_the_applied_position_survives_with_its_rows(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.feed(envelopes([SessionObserved(**ME, path="/t")]))
    lab.reopen()
    assert lab.store.applied("epoch1") == 1
    assert [row[0] for row in lab.table("sessions")] == ["claude_code/s1"]
    lab.store.close()


def test_of_several_reports_on_a_response_the_greatest_counts_at_the_first_ones_place(
    tmp_path: Path,
) -> None:
    lab = Lab(tmp_path)
    small = UsageReported(
        **ME, response="r", model="claude-opus-4-5-20251101", input_tokens=3, output_tokens=1
    )
    great = UsageReported(
        agent="claude_code",
        session="s2",
        response="r",
        model="claude-opus-4-5-20251101",
        input_tokens=3,
        output_tokens=400,
    )
    lab.feed(envelopes([small, great, small]))
    assert lab.rows(
        "SELECT session, input_tokens, output_tokens, cost_microdollars FROM responses"
    ) == [("claude_code/s1", 3, 400, 3 * 5 + 400 * 25)]
    lab.store.close()


def test_a_model_without_a_price_costs_null_and_never_zero(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.feed(
        envelopes([UsageReported(**ME, response="r", model="nobody-knows-1", output_tokens=7)])
    )
    lab.store.refresh()
    assert lab.rows("SELECT cost_microdollars, cost_source FROM responses") == [(None, None)]
    assert lab.rows("SELECT cost_microdollars, unpriced_responses FROM model_usage") == [(None, 1)]
    lab.store.close()


def test_a_touch_succeeds_when_its_call_returns_without_an_error_even_in_a_later_batch(
    tmp_path: Path,
) -> None:
    lab = Lab(tmp_path)
    touch = (Touch(path="/a", action="edit"),)
    calls = [
        ToolCalled(**ME, call=name, name="Edit", files=touch)
        for name in ("good", "bad", "silent", "open")
    ]
    lab.feed(envelopes(calls))
    assert {row[0] for row in lab.rows("SELECT succeeded FROM file_touches")} == {None}
    results = [
        ToolReturned(**ME, call="good", ok=True),
        ToolReturned(**ME, call="bad", ok=False),
        ToolReturned(**ME, call="silent"),
    ]
    lab.feed(envelopes(results, first=5))
    assert lab.rows("SELECT call, succeeded FROM file_touches ORDER BY call") == [
        ("bad", False),
        ("good", True),
        ("open", None),
        ("silent", True),
    ]
    lab.store.close()


def test_a_deleted_transcript_keeps_its_rows_and_its_session_says_so(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    message = MessageUser(**ME, message="m", kind="prompt", text="hello", text_bytes=5)
    lab.feed(envelopes([SessionObserved(**ME, path="/t"), message]))
    lab.feed(envelopes([TranscriptChanged(**ME, path="/t", state="deleted")], first=3))
    assert lab.rows("SELECT transcript FROM sessions") == [("deleted",)]
    assert lab.rows("SELECT text FROM messages") == [("hello",)]
    lab.store.close()


def test_a_text_with_a_nul_and_every_script_survives(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    text = 'nul \0 quote " newline \n snowman ☃ \U0001f600'
    lab.feed(envelopes([MessageUser(**ME, message="m", kind="prompt", text=text, text_bytes=99)]))
    assert lab.rows("SELECT text FROM messages") == [(text,)]
    lab.store.close()
