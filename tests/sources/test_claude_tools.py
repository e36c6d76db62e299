"""Tool calls, their results, and the files that they touch."""

import json
from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import ToolCalled, ToolReturned
from session_lattice.sources.base import INPUT_BYTES, OUTPUT_BYTES
from session_lattice.sources.claude_code import ClaudeCode
from tests.sources.samples import Conversation, of, pull, put


def run(root: Path, talk: Conversation) -> tuple[list[ToolCalled], list[ToolReturned]]:
    put(root, talk.data)
    drafts = pull(ClaudeCode(root))
    return of(drafts, ToolCalled), of(drafts, ToolReturned)


def returned(root: Path, content: Any, told: Any = None, **fields: Any) -> ToolReturned:
    talk = Conversation()
    talk.result(talk.call("Bash", {"command": "ls"}), content, told, **fields)
    return run(root, talk)[1][0]


@pytest.mark.parametrize(
    ("name", "given", "path", "action"),
    [
        ("Read", {"file_path": "/srv/tide/map.py"}, "/srv/tide/map.py", "read"),
        ("Read", {"file_path": "map.py"}, "/srv/tide/map.py", "read"),
        ("Edit", {"file_path": "/srv/tide/map.py"}, "/srv/tide/map.py", "edit"),
        ("MultiEdit", {"file_path": "sea/map.py", "edits": []}, "/srv/tide/sea/map.py", "edit"),
        ("NotebookEdit", {"notebook_path": "/n.ipynb"}, "/n.ipynb", "edit"),
        ("Write", {"file_path": "/new.py", "content": "x"}, "/new.py", "create"),
        ("Grep", {"pattern": "tide", "path": "../sea"}, "/srv/sea", "search"),
        ("Glob", {"pattern": "*.py"}, "/srv/tide", "search"),
        ("LS", {"path": "/srv/tide"}, "/srv/tide", "search"),
    ],
)
def test_a_call_names_its_file_seen_from_the_lines_cwd(
    tmp_path: Path, name: str, given: Any, path: str, action: str
) -> None:
    talk = Conversation()
    call = talk.call(name, given, id="msg_1")
    (called,), _ = run(tmp_path, talk)
    assert (called.call, called.name, called.response) == (call, name, "msg_1/req_msg_1")
    assert [(touch.path, touch.action) for touch in called.files] == [(path, action)]
    assert json.loads(called.input) == given
    assert called.input_bytes == len(called.input)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Bash", {"command": "cat map.py"}),
        ("Read", {}),
        ("Read", {"file_path": 7}),
        ("Read", "map.py"),
        ("Read", None),
        ('Task" >\n<parameter name="description', {"file_path": "/x"}),
        ("Write", {"file_path": "x" * 5000}),
    ],
)
def test_a_call_that_names_no_file_touches_none(tmp_path: Path, name: str, given: Any) -> None:
    talk = Conversation()
    talk.call(name, given)
    (called,), _ = run(tmp_path, talk)
    assert (called.name, called.files) == (name, ())


def test_a_long_input_is_cut_and_its_size_told(tmp_path: Path) -> None:
    talk = Conversation()
    talk.call("Bash", {"command": "é" * INPUT_BYTES})
    (called,), _ = run(tmp_path, talk)
    assert INPUT_BYTES - 2 <= len(called.input.encode()) <= INPUT_BYTES
    assert called.input_bytes == len('{"command":""}') + 2 * INPUT_BYTES


def test_a_write_creates_unless_the_file_was_read_or_written_before(tmp_path: Path) -> None:
    talk = Conversation()
    talk.result(talk.call("Read", {"file_path": "/gone.py"}), "no such file", is_error=True)
    for path, told in (("/gone.py", "create"), ("/gone.py", "update"), ("/b.py", "create")):
        call = talk.call("Write", {"file_path": path, "content": "x"})
        talk.result(call, told={"type": told, "filePath": path, "content": "x"})
    calls, results = run(tmp_path, talk)
    assert [call.files[0].action for call in calls[1:]] == ["create", "edit", "create"]
    assert all(result.files == () for result in results)


def test_a_result_that_knows_better_names_the_file_again(tmp_path: Path) -> None:
    talk = Conversation()
    call = talk.call("Write", {"file_path": "old.py", "content": "x"})
    talk.result(call, told={"type": "update", "filePath": "/srv/tide/old.py"})
    calls, results = run(tmp_path, talk)
    assert calls[0].files[0].action == "create"
    assert [(t.path, t.action) for t in results[0].files] == [("/srv/tide/old.py", "edit")]


@pytest.mark.parametrize(
    ("content", "told", "fields", "ok"),
    [
        ("done", None, {"is_error": True}, False),
        ("done", {"stdout": "done"}, {"is_error": False}, True),
        ("done", {"stdout": "done"}, {}, True),
        ("done", None, {}, None),
        ("done", [{"type": "text", "text": "done"}], {}, None),
        ("no", "Error: no such file", {}, False),
        ("<tool_use_error>no such file</tool_use_error>", None, {}, False),
        ("done", None, {"is_error": "maybe"}, None),
    ],
)
def test_a_result_is_ok_only_when_something_tells(
    tmp_path: Path, content: str, told: Any, fields: Any, ok: bool | None
) -> None:
    assert returned(tmp_path, content, told, **fields).ok is ok


@pytest.mark.parametrize(
    ("content", "fields", "denied"),
    [
        ("The user doesn't want to proceed with this tool use. …", {}, True),
        ("Blocked.", {"toolDenialKind": "automode-blocked"}, True),
        ("Claude requested permissions to write to /x, but you haven't granted it yet.", {}, True),
        ("[Request interrupted by user for tool use]", {}, False),
        ("Exit code 1", {}, False),
    ],
)
def test_a_refused_call_is_denied_and_a_failed_one_is_not(
    tmp_path: Path, content: str, fields: Any, denied: bool
) -> None:
    result = returned(tmp_path, content, is_error=True, **fields)
    assert (result.denied, result.ok) == (denied, False)


@pytest.mark.parametrize(
    ("content", "told", "fields", "code"),
    [
        ("Exit code 2\nno such file", "Error: Exit code 2\nno such file", {"is_error": True}, 2),
        ("done", {"stdout": "done", "interrupted": False}, {"is_error": False}, 0),
        ("", {"stdout": "", "interrupted": True}, {}, None),
        ("", {"interrupted": False, "backgroundTaskId": "b1"}, {}, None),
        ("", {"interrupted": False, "returnCodeInterpretation": "No matches"}, {}, None),
        ("done", {"filePath": "/x"}, {}, None),
    ],
)
def test_the_exit_code_of_a_command_is_known_when_the_result_tells(
    tmp_path: Path, content: str, told: Any, fields: Any, code: int | None
) -> None:
    assert returned(tmp_path, content, told, **fields).exit_code == code


def test_durations_are_milliseconds(tmp_path: Path) -> None:
    assert returned(tmp_path, "x", {"totalDurationMs": 1500}).duration_ms == 1500
    assert returned(tmp_path, "x", {"durationMs": 12}).duration_ms == 12
    assert returned(tmp_path, "x", {"durationSeconds": 1.5}).duration_ms == 1500
    assert returned(tmp_path, "x", {"durationMs": "long"}).duration_ms is None


@pytest.mark.parametrize(
    ("content", "output"),
    [
        ("done", "done"),
        ([{"type": "text", "text": "a"}, {"type": "image"}], "a\n[image]"),
        ([{"type": "tool_reference", "tool_name": "x"}], "[tool reference]"),
        ({"odd": 1}, '{"odd":1}'),
        (None, ""),
        (["odd", {"type": "text", "text": "a"}], "a"),
        (5, "5"),
    ],
)
def test_output_is_text_whatever_its_shape(tmp_path: Path, content: Any, output: str) -> None:
    assert returned(tmp_path, content).output == output


def test_a_long_output_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    result = returned(tmp_path, "begin" + "x" * 5000 + "end")
    assert result.output.startswith("begin")
    assert result.output.endswith("end")
    assert result.output_bytes == 5008
    assert len(result.output.encode()) < OUTPUT_BYTES + 64


def test_results_that_come_together_each_find_their_call(tmp_path: Path) -> None:
    talk = Conversation()
    calls = [talk.call("Read", {"file_path": f"/{name}"}, id="msg_1") for name in "ab"]
    blocks = [{"type": "tool_result", "tool_use_id": c, "content": c} for c in reversed(calls)]
    talk.prompt(blocks, toolUseResult={"stdout": ""})
    _, results = run(tmp_path, talk)
    assert [(result.call, result.ok) for result in results] == [(c, None) for c in reversed(calls)]
