"""What came of tool calls, in every form that versions gave it."""

from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import ToolReturned, Touch
from session_lattice.sources.base import OUTPUT_BYTES
from tests.sources.rollouts import begun, told

PATCH = "*** Begin Patch\n*** Add File: moon.py\n+full\n*** End Patch"
MOON = (Touch(path="/srv/tide/moon.py", action="create"),)


def returned(root: Path, output: Any) -> ToolReturned:
    talk = begun()
    talk.output(output)
    (result,) = told(root, talk, ToolReturned)
    assert isinstance(result, ToolReturned)
    return result


@pytest.mark.parametrize(
    ("output", "ok", "exit_code", "duration_ms", "text"),
    [
        ("Plan updated", None, None, None, "Plan updated"),
        ('{"output":"6","metadata":{"exit_code":0,"duration_seconds":1.5}}', True, 0, 1500, "6"),
        ('{"output":"no","metadata":{"exit_code":1,"duration_seconds":0.0}}', False, 1, 0, "no"),
        ('{"output":"no","metadata":', None, None, None, '{"output":"no","metadata":'),
        ("Exit code: 0\nWall time: 0.2 seconds\nOutput:\nsix\n", True, 0, 200, "six\n"),
        (
            "Exit code: 2\nWall time: 3 seconds\nTotal output lines: 9\nOutput:\nno",
            False, 2, 3000, "no",
        ),
        (
            "Chunk ID: 5a\nWall time: 0.0512 seconds\nProcess exited with code 0\n"
            "Original token count: 9\nOutput:\nsix",
            True, 0, 51, "six",
        ),
        (
            "Chunk ID: 5a\nWall time: 1.0 seconds\nProcess running with session ID 7\nOutput:\n",
            None, None, 1000, "",
        ),
        ('Wall time: 0.5 seconds\nOutput:\n{"moon":"full"}', None, None, 500, '{"moon":"full"}'),
        ("Wall time: 2.0 seconds\naborted by user", False, None, 2000, "aborted by user"),
        ("aborted by user after 3.1s", False, None, None, "aborted by user after 3.1s"),
        ("apply_patch verification failed: no such line", False, None, None, None),
        ("failed in sandbox LinuxSeccomp with execution error: denied", False, None, None, None),
        ("error: Failed to find expected lines in map.py", False, None, None, None),
        ("failed to parse function arguments: EOF", False, None, None, None),
        ("unsupported call: moon", False, None, None, None),
        ("Success. Updated the following files:\nA moon.py\n", True, None, None, None),
        ([{"type": "input_text", "text": "one"}, {"type": "input_image", "image_url": "data:"}],
         None, None, None, "one"),
        ([{"type": "input_text", "text": "Script completed\nWall time 0.1 seconds\nOutput:\nsix"}],
         True, None, 100, "six"),
        ([{"type": "input_text", "text": "Script failed\nWall time 0.1 seconds\nOutput:\nno"}],
         False, None, 100, "no"),
        ({"content": "six", "success": True}, True, None, None, "six"),
        ({"matches": ["map.py:1"]}, None, None, None, '{"matches":["map.py:1"]}'),
        (None, None, None, None, ""),
        (7, None, None, None, ""),
    ],
)  # fmt: skip
def test_an_output_is_understood_in_every_form(
    tmp_path: Path,
    output: Any,
    ok: bool | None,
    exit_code: int | None,
    duration_ms: int | None,
    text: str | None,
) -> None:
    result = returned(tmp_path, output)
    assert (result.ok, result.exit_code, result.duration_ms) == (ok, exit_code, duration_ms)
    assert not result.denied
    assert result.output == (output if text is None else text)
    assert result.output_bytes == len(result.output)


@pytest.mark.parametrize(
    "output",
    [
        f"Exit code: {'9' * 99}\nWall time: 1.0 seconds\nOutput:\n",
        f"Exit code: 0x\nWall time: {'9' * 99} seconds\nOutput:\n",
        f"Exit code: 9999999999\nWall time: {'9' * 19} seconds\nOutput:\n",
        '{"output":"","metadata":{"exit_code":9999999999,"duration_seconds":1e308}}',
        '{"output":"","metadata":{"exit_code":null,"duration_seconds":-1.0}}',
    ],
)
def test_numbers_that_cannot_be_are_left_out(tmp_path: Path, output: str) -> None:
    result = returned(tmp_path, output)
    assert (result.exit_code, result.duration_ms) == (None, None)


@pytest.mark.parametrize("duration", [{"secs": 10**18, "nanos": 0}, {"secs": "x"}, "long", 7, None])
def test_a_duration_that_cannot_be_is_left_out(tmp_path: Path, duration: Any) -> None:
    talk = begun()
    talk.event("exec_command_end", call_id="c", exit_code=10**15, duration=duration, stdout="")
    (result,) = told(tmp_path, talk, ToolReturned)
    assert (result.exit_code, result.duration_ms) == (None, None)


@pytest.mark.parametrize(
    "output",
    [
        "exec command rejected by user",
        "patch rejected by user",
        'exec_command failed for `rm`: Rejected("rejected by user")',
    ],
)
def test_a_call_that_the_person_refused_is_denied(tmp_path: Path, output: str) -> None:
    result = returned(tmp_path, output)
    assert (result.ok, result.denied) == (False, True)


def test_a_long_output_is_cut_in_the_middle(tmp_path: Path) -> None:
    result = returned(tmp_path, "a" * OUTPUT_BYTES * 3 + "the end")
    assert result.output.startswith("aaa")
    assert result.output.endswith("the end")
    assert result.output_bytes == 3 * OUTPUT_BYTES + 7


def test_the_end_of_a_command_tells_its_exit_and_what_it_read(tmp_path: Path) -> None:
    talk = begun()
    talk.event(
        "exec_command_end",
        call_id="c1",
        command=["bash", "-lc", "cat map.py"],
        cwd="/srv/tide/lib",
        parsed_cmd=[{"type": "read", "cmd": "cat map.py", "name": "map.py", "path": "map.py"}],
        exit_code=0,
        duration={"secs": 1, "nanos": 250_000_000},
        stdout="six",
        stderr="",
        status="completed",
    )
    (result,) = told(tmp_path, talk, ToolReturned)
    assert (result.call, result.ok, result.exit_code, result.duration_ms) == ("c1", True, 0, 1250)
    assert result.files == (Touch(path="/srv/tide/lib/map.py", action="read"),)
    assert result.output == "six"


def test_a_command_that_was_declined_touches_nothing(tmp_path: Path) -> None:
    talk = begun()
    parsed = [{"type": "read", "cmd": "cat map.py", "path": "map.py"}]
    talk.event("exec_command_end", call_id="c1", parsed_cmd=parsed, status="declined")
    (result,) = told(tmp_path, talk, ToolReturned)
    assert (result.ok, result.denied, result.files) == (False, True, ())


@pytest.mark.parametrize(
    ("success", "status", "ok", "count"),
    [(True, "completed", True, 1), (False, "failed", False, 0), (None, "completed", True, 1)],
)
def test_the_end_of_a_patch_tells_what_really_changed(
    tmp_path: Path, success: bool | None, status: str, ok: bool, count: int
) -> None:
    talk = begun()
    changes = {"/srv/tide/moon.py": {"type": "add", "content": "full"}}
    talk.event("patch_apply_end", call_id="c1", success=success, status=status, changes=changes)
    (result,) = told(tmp_path, talk, ToolReturned)
    assert (result.call, result.ok, len(result.files)) == ("c1", ok, count)


@pytest.mark.parametrize(
    ("result", "ok", "text"),
    [
        ({"Ok": {"content": [{"type": "text", "text": "full"}]}}, True, "full"),
        ({"Ok": {"content": [{"type": "text", "text": "no"}], "isError": True}}, False, "no"),
        ({"Err": "timed out"}, False, "timed out"),
        ("of a later version", None, ""),
    ],
)
def test_the_end_of_an_mcp_call_tells_whether_it_succeeded(
    tmp_path: Path, result: Any, ok: bool | None, text: str
) -> None:
    talk = begun()
    talk.event(
        "mcp_tool_call_end", call_id="c1", duration={"secs": 0, "nanos": 9_000_000}, result=result
    )
    (end,) = told(tmp_path, talk, ToolReturned)
    assert (end.ok, end.output, end.duration_ms) == (ok, text, 9)


def test_completed_items_stand_for_end_events_where_history_is_paginated(tmp_path: Path) -> None:
    talk = begun()
    command = {
        "type": "CommandExecution",
        "id": "c1",
        "command": ["cat", "map.py"],
        "cwd": "/srv/tide",
        "parsedCmd": [{"type": "read", "cmd": "cat map.py", "path": "map.py"}],
        "status": "completed",
        "aggregatedOutput": "six",
        "exitCode": 0,
    }
    change = {
        "type": "FileChange",
        "id": "c2",
        "changes": {"/srv/tide/moon.py": {"type": "add"}},
        "status": "completed",
    }
    talk.event("item_completed", item=command)
    talk.event("item_completed", item=change)
    first, second = told(tmp_path, talk, ToolReturned)
    assert (first.call, first.exit_code, first.output) == ("c1", 0, "six")
    assert first.files == (Touch(path="/srv/tide/map.py", action="read"),)
    assert (second.call, second.ok, second.files) == ("c2", True, MOON)
