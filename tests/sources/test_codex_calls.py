"""Tool calls, their results, and the agents they start."""

import json
from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import ToolCalled, ToolReturned, Touch
from session_lattice.sources.base import INPUT_BYTES
from session_lattice.sources.codex import Codex
from tests.sources.rollouts import begun, told
from tests.sources.samples import of, pull

PATCH = "*** Begin Patch\n*** Add File: moon.py\n+full\n*** End Patch"
MOON = (Touch(path="/srv/tide/moon.py", action="create"),)


def called(root: Path, name: str, given: Any, **more: Any) -> ToolCalled:
    talk = begun()
    talk.call(name, given, **more)
    (call,) = told(root, talk, ToolCalled)
    assert isinstance(call, ToolCalled)
    return call


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
        ("shell", {"command": ["apply_patch", PATCH], "workdir": "/srv/tide"}),
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
    action = {"type": "exec", "command": ["apply_patch", PATCH], "working_directory": "/srv/tide"}
    talk.item("local_shell_call", id="ls1", call_id=None, status="completed", action=action)
    (call,) = told(tmp_path, talk, ToolCalled)
    assert (call.call, call.name, call.files) == ("ls1", "local_shell", MOON)
    assert json.loads(call.input) == action


def test_an_image_that_is_viewed_is_read(tmp_path: Path) -> None:
    call = called(tmp_path, "view_image", {"path": "moon.png"})
    assert call.files == (Touch(path="/srv/tide/moon.png", action="read"),)


def test_a_call_with_a_monstrous_id_has_a_short_key(tmp_path: Path) -> None:
    talk = begun()
    talk.call("exec_command", "{}", call="x" * 100_000)
    talk.call("exec_command", "{}", call="x" * 100_001)
    talk.put(tmp_path)
    keys = [d.key for d in pull(Codex(tmp_path)) if isinstance(d.event, ToolCalled)]
    assert len(set(keys)) == 2
    assert all(len(key) < 300 for key in keys)


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
