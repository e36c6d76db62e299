"""Which pull requests and issues a rollout names, and the lines of its patches."""

from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import Draft, ReferenceObserved, ToolCalled, ToolReturned
from session_lattice.sources.base import TEXT_BYTES
from session_lattice.sources.codex import Codex
from session_lattice.sources.codex_patch import change_touches, patch_touches
from session_lattice.sources.codex_records import FileChange
from session_lattice.sources.sketch import TOUCH_LINES, sketch
from tests.sources.rollouts import THREAD, Rollout, begun, told
from tests.sources.samples import pull

PULL = "https://github.com/Tide/Map/pull/12"
NAMED = ("github.com", "tide/map", 12, "pull_request", "url")


def fields(event: ReferenceObserved) -> tuple[str, str, int, str, str]:
    return event.host, event.slug, event.number, event.kind, event.evidence


def lines(*texts: str) -> tuple[int, ...]:
    return sketch(texts, TOUCH_LINES)


def test_what_the_session_did_not_say_names_nothing(tmp_path: Path) -> None:
    talk = begun()
    talk.message("user", f"# AGENTS.md instructions\n{PULL}")
    talk.message("developer", PULL)
    talk.message("user", f"<skill>{PULL}</skill>")
    talk.prompt(f"# Context from my IDE setup:\n{PULL}\n## My request for Codex:\ngo on")
    talk.line("compacted", {"message": PULL, "replacement_history": []})
    talk.call("exec_command", {"cmd": "cat a.md"})
    talk.output(PULL)
    talk.call("exec_command", {"cmd": "git log -1"}, "call_2")
    talk.output(PULL, "call_2")
    talk.call("shell", {"command": [7, None]}, "call_3")
    talk.call("shell", {"command": {}}, "call_4")
    assert told(tmp_path, talk, ReferenceObserved) == []


def test_prompts_and_replies_name_what_they_say_far_into_the_text(tmp_path: Path) -> None:
    talk = begun()
    talk.prompt(f"look at {PULL} and {PULL}/files")
    talk.say("x " * TEXT_BYTES + "Tide/Map#7")
    found = told(tmp_path, talk, ReferenceObserved)
    assert [fields(event) for event in found] == [NAMED, ("", "tide/map", 7, "either", "mention")]
    assert all(event.message and not event.call for event in found)
    assert {(event.session, event.cwd, event.branch) for event in found} == {
        (THREAD, "/srv/tide", "main")
    }


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("exec_command", {"cmd": "gh pr create --fill"}),
        ("shell_command", {"command": f"gh pr view {PULL}"}),
        ("shell", {"command": ["bash", "-lc", "cd x && gh pr create"]}),
        ("shell", {"command": ["gh", "pr", "create"]}),
        ("shell", {"command": ["git", "push", "origin"]}),
        ("mcp__github__create_pull_request", {"owner": "tide", "repo": "map"}),
    ],
)
def test_a_call_of_a_forge_names_once_what_it_and_its_outputs_say(
    tmp_path: Path, name: str, given: dict[str, Any]
) -> None:
    talk = begun()
    talk.call(name, given)
    talk.output("x" * 9000 + f"\n{PULL}\n" + "x" * 9000)
    talk.event("exec_command_end", call_id="call_1", aggregated_output=PULL, exit_code=0)
    talk.put(tmp_path)
    first: dict[str, Draft] = {}
    for draft in pull(Codex(tmp_path)):
        if isinstance(draft.event, ReferenceObserved):
            first.setdefault(draft.key, draft)
    events = [draft.event for draft in first.values()]
    assert [
        (event.call, fields(event)) for event in events if isinstance(event, ReferenceObserved)
    ] == [("call_1", NAMED)]


def test_a_printed_commit_stays_in_the_excerpt_of_a_call_that_runs_git(tmp_path: Path) -> None:
    output = "hook\n" * 400 + "[main abc1234] moon\n" + " create mode 100644 x\n" * 400
    talk = begun()
    for call, command in (("call_1", "git commit -m moon"), ("call_2", "make")):
        talk.call("exec_command", {"cmd": command}, call)
        talk.output(output, call)
    committed, made = told(tmp_path, talk, ToolReturned)
    assert "\n[main abc1234] \n" in committed.output
    assert "abc1234" not in made.output


PATCH = """*** Begin Patch
*** Add File: moon.py
+the moon is new
- no mark before this
*** Update File: map.py
@@
 kept as it is
-old line here
+new line here
*** Update File: old.py
*** Move to: new.py
@@
+moved and changed
*** Delete File: sun.py
*** End Patch"""

LINES = {
    "/srv/tide/moon.py": (lines("the moon is new"), ()),
    "/srv/tide/map.py": (lines("new line here"), lines("old line here")),
    "/srv/tide/old.py": ((), ()),
    "/srv/tide/new.py": (lines("moved and changed"), ()),
    "/srv/tide/sun.py": ((), ()),
}


def test_a_patch_tells_sketches_of_each_files_lines(tmp_path: Path) -> None:
    talk = begun()
    talk.item("custom_tool_call", name="apply_patch", input=PATCH, call_id="call_1")
    (called,) = told(tmp_path, talk, ToolCalled)
    assert {touch.path: (touch.added, touch.removed) for touch in called.files} == LINES
    assert patch_touches(PATCH, "/srv/tide") == called.files


def test_an_end_event_tells_sketches_by_content_and_by_diff() -> None:
    changes = {
        "moon.py": FileChange(type="add", content="the moon is new\n"),
        "sun.py": FileChange(type="delete", content="the sun is old\n"),
        "map.py": FileChange(
            type="update",
            unified_diff="--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-old line here\n+new line here\n",
        ),
        "old.py": FileChange(type="update", move_path="new.py", unified_diff="@@\n+moved it here"),
        "odd.py": FileChange(type="add", content=7, unified_diff=None),
    }
    found = {touch.path: (touch.added, touch.removed) for touch in change_touches(changes, "/t")}
    assert found == {
        "/t/moon.py": (lines("the moon is new"), ()),
        "/t/sun.py": ((), lines("the sun is old")),
        "/t/map.py": (lines("new line here"), lines("old line here")),
        "/t/old.py": ((), ()),
        "/t/new.py": (lines("moved it here"), ()),
        "/t/odd.py": ((), ()),
    }


def test_references_change_no_other_event(tmp_path: Path) -> None:
    def others(text: str) -> list[tuple[str, int, type]]:
        talk = Rollout()
        talk.meta()
        talk.turn()
        talk.call("exec_command", {"cmd": f"gh pr view {text}"})
        talk.output(text)
        talk.put(tmp_path)
        return [
            (draft.key, draft.ts, type(draft.event))
            for draft in pull(Codex(tmp_path))
            if not isinstance(draft.event, ReferenceObserved)
        ]

    assert others(PULL) == others("nothing")
