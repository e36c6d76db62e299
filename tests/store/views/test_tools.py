"""The views of the tools axis over one small history, by answers worked out by hand.

Session `a` (claude_code): a test that fails, an edit, the test that succeeds; a refused command;
the same command three times; a subagent's call in between. Session `b` (codex): no result, a
slow command, a poll. Session `u`: only an upstream tells of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import (
    Envelope,
    Event,
    MessageAssistant,
    MessageUser,
    SessionReported,
    ToolCalled,
    ToolCount,
    ToolReturned,
)
from tests.store.lab import START_US, Lab, envelope

A: dict[str, Any] = {"agent": "claude_code", "session": "a", "cwd": "/repo", "branch": "main"}
B: dict[str, Any] = {"agent": "codex", "session": "b"}
TEST = '{"command":"cd /repo && pytest -q tests/x.py | tail -3","description":"Test"}'
LIST = '{"command":["bash","-lc","git fetch; ls"]}'
TOLD = (ToolCount(name="exec_command", calls=5, errors=2),)
AGAIN = '{"command":"pytest -q tests"}'


def call(of: dict[str, Any], second: float, name: str, text: str = "", **result: Any) -> list[Any]:
    """A call at a second of the history and, `after` seconds later, its result if it has one."""
    after = result.pop("after", None)
    place = {"subagent": result.pop("subagent", ""), **of}
    identity = f"{name}{second:g}"
    called = ToolCalled(**place, call=identity, name=name, input=text)
    if after is None:
        return [(second, called)]
    return [
        (second, called),
        (second + after, ToolReturned(**place, call=identity, **result)),
    ]


def prompt(of: dict[str, Any], second: float, kind: Any = "prompt") -> tuple[float, Event]:
    return (
        second,
        MessageUser(**of, message=f"{kind}{second:g}", kind=kind, text="x", text_bytes=1),
    )


FAILED: dict[str, Any] = {"after": 1, "ok": False, "exit_code": 2}
KEY = "E   KeyError: 'k17'"
HAPPENED: list[tuple[float, Event]] = [
    prompt(A, 0),
    *call(A, 10, "Bash", TEST, after=4, ok=False, exit_code=1, output=f"{KEY}\n1 failed"),
    *call(A, 11, "Read", '{"file_path":"/repo/x.py"}', after=1, ok=True, subagent="s"),
    *call(A, 20, "Edit", '{"file_path":"/repo/x.py"}', after=1, ok=True),
    *call(A, 30, "Bash", AGAIN, after=8, ok=True, exit_code=0),
    *call(A, 50, "Bash", '{"command":"git push"}', after=2, ok=False, denied=True, output="no"),
    prompt(A, 53, "interrupt"),
    prompt(A, 60),
    *call(A, 70, "Bash", '{"command":"make x"}', **FAILED, output="make: *** Error 2"),
    *call(A, 72, "Bash", '{"command":"make x"}', **FAILED, output="make: *** Error 2"),
    *call(A, 72.5, "Read", '{"file_path":"/repo/y.py"}', after=1, ok=True, subagent="s"),
    *call(A, 74, "Bash", '{"command":"make x"}', **FAILED, output="make: *** Error 7"),
    *call(A, 80, "mcp__forge__list__all", "{}", after=1),
    *call(B, 100, "exec_command", '{"cmd":"npm test"}', after=40, ok=True, duration_ms=39_000),
    *call(B, 150, "write_stdin", '{"session_id":1,"chars":""}', after=31, duration_ms=30_000),
    *call(B, 200, "shell", LIST, after=0, ok=True, duration_ms=16),
    *call(B, 300, "shell", '{"command":["sleep","9"]}'),
    (500, MessageAssistant(**B, message="late", text="well", text_bytes=4)),
    (510, SessionReported(agent="codex", session="u", upstream="http://one", tool_counts=TOLD)),
]
"""Seconds from the start, and what happened."""


def history() -> list[Envelope]:
    by_time = sorted(HAPPENED, key=lambda one: one[0])
    return [
        envelope(event, place, START_US + int(second * 1e6))
        for place, (second, event) in enumerate(by_time, start=1)
    ]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(Path(tmp_path_factory.mktemp("tools")))
    lab.feed(history())
    lab.store.refresh()
    assert lab.store.view_errors == []
    yield lab
    lab.store.close()


def test_an_error_tells_what_came_next_and_whether_the_same_then_worked(lab: Lab) -> None:
    rows = lab.rows(
        "SELECT call, subject, signature, excerpt, exit_code, next_tool, next_subject, resolved,"
        " resolved_seconds FROM session_errors ORDER BY failed_at"
    )
    make = ("make x", "make: *** Error <n>")
    assert rows == [
        (
            "Bash10", "cd /repo && pytest -q tests/x.py | tail -3", "E KeyError: '…'",
            "E   KeyError: 'k17'", 1, "Edit", "/repo/x.py", True, 20.0,
        ),
        ("Bash70", *make, "make: *** Error 2", 2, "Bash", "make x", False, None),
        ("Bash72", *make, "make: *** Error 2", 2, "Bash", "make x", False, None),
        ("Bash74", *make, "make: *** Error 7", 2, "mcp__forge__list__all", "", None, None),
    ]  # fmt: skip


def test_a_refused_call_is_no_error(lab: Lab) -> None:
    assert lab.rows("SELECT call FROM session_errors WHERE call = 'Bash50'") == []


def test_errors_of_one_kind_are_one_row(lab: Lab) -> None:
    rows = lab.rows(
        "SELECT signature, tools, occurrences, sessions, exit_codes, example, next_tool,"
        " next_share, retried, resolved, resolved_ratio, p50_resolved_seconds"
        " FROM tool_errors ORDER BY occurrences"
    )
    assert rows == [
        ("E KeyError: '…'", ["Bash"], 1, 1, ["1"], KEY, "Edit", 1.0, 1, 1, 1.0, 20.0),
        (
            "make: *** Error <n>", ["Bash"], 3, 1, ["2"], "make: *** Error 7", "Bash", 0.666667,
            2, 0, 0.0, None,
        ),
    ]  # fmt: skip


def test_transitions_stay_in_their_thread_and_end_with_it(lab: Lab) -> None:
    rows = lab.rows(
        "SELECT tool, next_tool, transitions, share, p50_gap_seconds FROM tool_transitions"
        " WHERE agent = 'claude_code' ORDER BY ALL"
    )
    assert rows == [
        ("Bash", "Bash", 4, 0.666667, 1.0),
        ("Bash", "Edit", 1, 0.166667, 6.0),
        ("Bash", "mcp__forge__list__all", 1, 0.166667, 5.0),
        ("Edit", "Bash", 1, 1.0, 9.0),
        ("Read", "", 1, 0.5, None),
        ("Read", "Read", 1, 0.5, 60.5),
        ("mcp__forge__list__all", "", 1, 1.0, None),
    ]


def test_the_same_call_three_times_in_a_row_is_a_streak(lab: Lab) -> None:
    rows = lab.rows(
        "SELECT call, tool, subject, polling, calls, failed, ended, next_tool, streak_seconds"
        " FROM retry_streaks"
    )
    assert rows == [
        ("Bash70", "Bash", "make x", False, 3, 3, "failed", "mcp__forge__list__all", 4.0)
    ]


def test_commands_are_counted_by_the_programs_that_they_run(lab: Lab) -> None:
    rows = lab.rows(
        "SELECT session, family, program, calls, succeeded, failed, unflagged, sole_failed,"
        " exit_codes FROM session_commands ORDER BY ALL"
    )
    assert rows == [
        ("claude_code/a", "git", "git", 1, 0, 1, 0, 1, []),
        ("claude_code/a", "task", "make", 3, 0, 3, 0, 3, ["2"]),
        ("claude_code/a", "test", "pytest", 2, 1, 1, 0, 1, ["1"]),
        ("codex/b", "git", "git", 1, 1, 0, 0, 0, []),
        ("codex/b", "read", "ls", 1, 1, 0, 0, 0, []),
        ("codex/b", "shell", "sleep", 1, 0, 0, 1, 0, []),
        ("codex/b", "test", "npm", 1, 1, 0, 0, 0, []),
    ]


def test_a_program_that_ran_beside_others_has_no_failure_rate_of_its_own(lab: Lab) -> None:
    rows = lab.rows(
        "SELECT agent, program, calls, sessions, failure_rate, timed_calls, p50_seconds"
        " FROM command_families WHERE program IN ('git', 'npm') ORDER BY ALL"
    )
    assert rows == [
        ("claude_code", "git", 1, 1, 1.0, 0, None),
        ("codex", "git", 1, 1, None, 1, pytest.approx(0.016, rel=0.1)),
        ("codex", "npm", 1, 1, 0.0, 1, pytest.approx(39.0, rel=0.1)),
    ]


def test_durations_are_those_that_tools_tell_and_waits_those_between_lines(lab: Lab) -> None:
    rows = lab.rows(
        "SELECT tool, calls, failed, upstream_calls, failure_rate, timed_calls, p50_seconds,"
        " p95_seconds, p50_wait_seconds, p95_wait_seconds FROM tool_reliability"
        " WHERE tool IN ('Bash', 'exec_command', 'shell') ORDER BY tool"
    )

    def near(seconds: float) -> Any:
        return pytest.approx(seconds, rel=0.1)

    assert rows == [
        ("Bash", 6, 5, 0, 0.833333, 0, None, None, near(1), near(8)),
        ("exec_command", 6, 2, 5, 0.0, 1, near(39), near(39), near(40), near(40)),
        ("shell", 2, 0, 0, 0.0, 1, near(0.016), near(0.016), None, None),
    ]


def test_a_tool_of_an_mcp_server_is_told_apart_from_its_server(lab: Lab) -> None:
    rows = lab.rows("SELECT server, method, calls, unflagged, failure_rate FROM mcp_servers")
    assert rows == [("forge", "list__all", 1, 1, None)]


def test_what_came_after_a_refusal_and_an_interrupt_is_told(lab: Lab) -> None:
    rows = lab.rows(
        "SELECT session, denied, denied_commands, denied_other, interrupts, then_prompted,"
        " then_retried, then_other_tool, then_replied, then_nothing, tools"
        " FROM denials_and_interrupts"
    )
    assert rows == [("claude_code/a", 1, 1, 0, 1, 2, 0, 0, 0, 0, ["Bash"])]


def test_slow_calls_say_how_they_are_known_to_be_slow(lab: Lab) -> None:
    rows = lab.rows("SELECT call, subject, kind, seconds, ok FROM slow_calls ORDER BY called_at")
    assert rows == [
        ("exec_command100", "npm test", "ran", 39.0, True),
        ("write_stdin150", "", "polled", 30.0, None),
        ("shell300", "sleep 9", "silent", 200.0, None),
    ]


def test_a_result_that_comes_later_changes_every_answer(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    happened = history()
    for cut in (7, 12, len(happened)):
        lab.feed(happened[:cut])
        lab.store.refresh()
    stepwise = lab.views()
    lab.forget_views()
    lab.store.refresh()
    assert stepwise == lab.views()
    lab.store.close()
