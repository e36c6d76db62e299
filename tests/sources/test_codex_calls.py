"""Tool calls, their results, and the agents they start."""

import json
from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import SubagentLinked, ToolCalled, ToolReturned, Touch
from session_lattice.sources.base import INPUT_BYTES, OUTPUT_BYTES
from session_lattice.sources.codex import Codex
from tests.sources.rollouts import CHILD, THREAD, Rollout
from tests.sources.samples import of, pull

PATCH = "*** Begin Patch\n*** Add File: moon.py\n+full\n*** End Patch"
MOON = (Touch(path="/work/tide/moon.py", action="create"),)


def begun() -> Rollout:
    talk = Rollout()
    talk.meta()
    talk.turn()
    return talk


def told(root: Path, talk: Rollout, kind: type[Any]) -> list[Any]:
    talk.put(root)
    return of(pull(Codex(root)), kind)


def called(root: Path, name: str, given: Any, **more: Any) -> ToolCalled:
    talk = begun()
    talk.call(name, given, **more)
    (call,) = told(root, talk, ToolCalled)
    assert isinstance(call, ToolCalled)
    return call


def returned(root: Path, output: Any) -> ToolReturned:
    talk = begun()
    talk.output(output)
    (result,) = told(root, talk, ToolReturned)
    assert isinstance(result, ToolReturned)
    return result


def test_a_call_keeps_its_arguments_as_given(tmp_path: Path) -> None:
    call = called(tmp_path, "exec_command", '{"cmd": "tide"}')
    assert (call.call, call.name, call.input) == ("call_1", "exec_command", '{"cmd": "tide"}')


def test_arguments_that_are_no_json_are_kept_too(tmp_path: Path) -> None:
    call = called(tmp_path, "shell", '{"command": ["apply_patch", "*** Begin Patch')
    assert (call.input[:11], call.files) == ('{"command":', ())


def test_long_arguments_are_cut(tmp_path: Path) -> None:
    call = called(tmp_path, "exec_command", {"cmd": "x" * 2 * INPUT_BYTES})
    assert (len(call.input), call.input_bytes) == (INPUT_BYTES, 2 * INPUT_BYTES + 11)


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("mcp__moon", "phase"),
        ("mcp__moon__", "phase"),
        ("mcp__moon", "__phase"),
        (None, "mcp__moon__phase"),
    ],
)
def test_an_mcp_tool_has_one_name_in_all_versions(
    tmp_path: Path, namespace: str | None, name: str
) -> None:
    assert called(tmp_path, name, {}, namespace=namespace).name == "mcp__moon__phase"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("apply_patch", {"input": PATCH}),
        ("shell", {"command": ["apply_patch", PATCH], "workdir": "/work/tide"}),
        ("shell", {"command": ["bash", "-lc", f"apply_patch <<'E'\n{PATCH}\nE"]}),
        (
            "shell",
            {
                "command": ["bash", "-lc", f"cd .. && apply_patch <<'E'\n{PATCH}\nE"],
                "workdir": "lib",
            },
        ),
        ("shell_command", {"command": f"apply_patch <<'E'\n{PATCH}\nE"}),
        ("exec_command", {"cmd": f"apply_patch <<'E'\n{PATCH}\nE"}),
    ],
)
def test_a_patch_touches_its_files_in_whatever_form_it_is_called(
    tmp_path: Path, name: str, given: Any
) -> None:
    assert called(tmp_path, name, given).files == MOON


def test_a_custom_call_of_a_patch_touches_its_files(tmp_path: Path) -> None:
    talk = begun()
    talk.item("custom_tool_call", name="apply_patch", call_id="c1", input=PATCH, status="completed")
    (call,) = told(tmp_path, talk, ToolCalled)
    assert (call.name, call.input, call.files) == ("apply_patch", PATCH, MOON)


def test_a_local_shell_call_touches_the_files_of_its_patch(tmp_path: Path) -> None:
    talk = begun()
    action = {"type": "exec", "command": ["apply_patch", PATCH], "working_directory": "/work/tide"}
    talk.item("local_shell_call", id="ls1", call_id=None, status="completed", action=action)
    (call,) = told(tmp_path, talk, ToolCalled)
    assert (call.call, call.name, call.files) == ("ls1", "local_shell", MOON)
    assert json.loads(call.input) == action


def test_an_image_that_is_viewed_is_read(tmp_path: Path) -> None:
    call = called(tmp_path, "view_image", {"path": "moon.png"})
    assert call.files == (Touch(path="/work/tide/moon.png", action="read"),)


def test_a_web_search_is_its_own_result(tmp_path: Path) -> None:
    talk = begun()
    for number in range(2):
        action = {"type": "search", "query": f"tide {number}"}
        talk.item("web_search_call", status="completed", action=action)
        talk.event("web_search_end", call_id=f"ws_{number}", query=f"tide {number}", action=action)
    talk.put(tmp_path)
    drafts = pull(Codex(tmp_path))
    calls, results = of(drafts, ToolCalled), of(drafts, ToolReturned)
    assert [json.loads(call.input)["query"] for call in calls] == ["tide 0", "tide 1"]
    assert [(result.call, result.ok) for result in results] == [(c.call, True) for c in calls]
    assert len({call.call for call in calls}) == 2


def test_a_search_for_tools_returns(tmp_path: Path) -> None:
    talk = begun()
    talk.item("tool_search_call", call_id="ts", status="completed", arguments={"query": "moon"})
    talk.item("tool_search_output", call_id="ts", status="completed", tools=[{"name": "x" * 5000}])
    talk.put(tmp_path)
    drafts = pull(Codex(tmp_path))
    assert [(c.call, c.name, c.input) for c in of(drafts, ToolCalled)] == [
        ("ts", "tool_search", '{"query":"moon"}')
    ]
    assert [(r.call, r.ok, r.output) for r in of(drafts, ToolReturned)] == [("ts", True, "")]


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
        cwd="/work/tide/lib",
        parsed_cmd=[{"type": "read", "cmd": "cat map.py", "name": "map.py", "path": "map.py"}],
        exit_code=0,
        duration={"secs": 1, "nanos": 250_000_000},
        stdout="six",
        stderr="",
        status="completed",
    )
    (result,) = told(tmp_path, talk, ToolReturned)
    assert (result.call, result.ok, result.exit_code, result.duration_ms) == ("c1", True, 0, 1250)
    assert result.files == (Touch(path="/work/tide/lib/map.py", action="read"),)
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
    changes = {"/work/tide/moon.py": {"type": "add", "content": "full"}}
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
        "cwd": "/work/tide",
        "parsedCmd": [{"type": "read", "cmd": "cat map.py", "path": "map.py"}],
        "status": "completed",
        "aggregatedOutput": "six",
        "exitCode": 0,
    }
    change = {
        "type": "FileChange",
        "id": "c2",
        "changes": {"/work/tide/moon.py": {"type": "add"}},
        "status": "completed",
    }
    talk.event("item_completed", item=command)
    talk.event("item_completed", item=change)
    first, second = told(tmp_path, talk, ToolReturned)
    assert (first.call, first.exit_code, first.output) == ("c1", 0, "six")
    assert first.files == (Touch(path="/work/tide/map.py", action="read"),)
    assert (second.call, second.ok, second.files) == ("c2", True, MOON)


def test_an_agent_is_linked_to_the_call_that_started_it(tmp_path: Path) -> None:
    talk = begun()
    talk.call("spawn_agent", {"agent_type": "explorer", "message": "look at the moon"})
    talk.output(json.dumps({"agent_id": CHILD, "nickname": "Luna"}))
    (link,) = told(tmp_path, talk, SubagentLinked)
    assert (link.session, link.child_session, link.call) == (THREAD, CHILD, "call_1")
    assert (link.kind, link.description) == ("explorer", "look at the moon")
    assert link.evidence == "spawn_agent"


@pytest.mark.parametrize("output", ["collab spawn failed", '{"task_name":"/root/moon"}', "{}"])
def test_a_spawn_that_names_no_agent_links_none(tmp_path: Path, output: str) -> None:
    talk = begun()
    talk.call("spawn_agent", {"message": "look"})
    talk.output(output)
    assert told(tmp_path, talk, SubagentLinked) == []


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("collab_agent_spawn_end", {"call_id": "call_1", "new_thread_id": CHILD}),
        (
            "sub_agent_activity",
            {"event_id": "call_1", "agent_thread_id": CHILD, "kind": "started"},
        ),
    ],
)
def test_an_agent_is_linked_by_the_event_that_tells_of_it(
    tmp_path: Path, kind: str, fields: dict[str, Any]
) -> None:
    talk = begun()
    talk.call("spawn_agent", {"task_name": "moon"})
    talk.event(kind, **fields)
    (link,) = told(tmp_path, talk, SubagentLinked)
    assert (link.child_session, link.call, link.description) == (CHILD, "call_1", "moon")


def test_further_activity_of_an_agent_links_nothing(tmp_path: Path) -> None:
    talk = begun()
    talk.event("sub_agent_activity", event_id="c", agent_thread_id=CHILD, kind="interacted")
    assert told(tmp_path, talk, SubagentLinked) == []
