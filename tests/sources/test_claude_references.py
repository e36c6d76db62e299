"""Which pull requests and issues a Claude Code transcript names, and where."""

from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import Draft, ReferenceObserved, ToolCalled, ToolReturned
from session_lattice.sources.base import INPUT_BYTES, TEXT_BYTES
from session_lattice.sources.claude_code import ClaudeCode
from session_lattice.sources.sketch import TOUCH_LINES, sketch
from tests.sources.samples import SESSION, Conversation, of, pull, put

PULL = "https://github.com/Tide/Map/pull/12"
NAMED = ("github.com", "tide/map", 12, "pull_request", "url")


def read(root: Path, talk: Conversation) -> list[Draft]:
    put(root, talk.data)
    return pull(ClaudeCode(root))


def named(drafts: list[Draft]) -> list[ReferenceObserved]:
    return of(drafts, ReferenceObserved)


def fields(event: ReferenceObserved) -> tuple[str, str, int, str, str]:
    return event.host, event.slug, event.number, event.kind, event.evidence


def lines(*texts: str) -> tuple[int, ...]:
    return sketch(texts, TOUCH_LINES)


def test_what_the_session_did_not_say_names_nothing(tmp_path: Path) -> None:
    talk = Conversation()
    talk.prompt(f"<system-reminder>{PULL}</system-reminder>")
    talk.prompt(PULL, isMeta=True)
    talk.prompt(PULL, isCompactSummary=True)
    talk.prompt(PULL, isSidechain=True)
    talk.prompt(f"<task-notification>{PULL}</task-notification>")
    talk.result(talk.call("Read", {"file_path": "/srv/a.md"}), PULL, {"file": {"content": PULL}})
    talk.call("Write", {"file_path": "/srv/b.md", "content": PULL})
    talk.result(talk.call("Bash", {"command": "cat a.md"}), PULL)
    talk.result(talk.call("Bash", {"command": "git log -1"}), PULL)
    talk.result(talk.call("WebFetch", {"url": "https://example.org"}), PULL)
    talk.call("Bash", {"command": ["gh", "pr", "view", "12"]})
    talk.call("mcp__github__get_issue", "no object")
    for odd in ({}, {"prNumber": "12"}, {"prNumber": 12, "prUrl": 1, "prRepository": "o/r"}):
        talk.bare("pr-link", **odd)
    assert named(read(tmp_path, talk)) == []


def test_prompts_replies_and_commands_name_what_they_say_far_into_the_text(tmp_path: Path) -> None:
    talk = Conversation()
    said = [
        talk.prompt(f"look at {PULL} and {PULL}/files"),
        talk.reply("x " * TEXT_BYTES + "Tide/Map#7"),
        talk.prompt(f"<command-name>/review</command-name><command-args>{PULL}</command-args>"),
    ]
    found = named(read(tmp_path, talk))
    mention = ("", "tide/map", 7, "either", "mention")
    assert [fields(event) for event in found] == [NAMED, mention, NAMED]
    assert [event.message for event in found] == [line["uuid"] for line in said]
    assert {(event.session, event.cwd, event.branch, event.call) for event in found} == {
        (SESSION, "/srv/tide", "main", "")
    }


def test_a_call_names_once_what_its_command_and_its_output_say(tmp_path: Path) -> None:
    talk = Conversation()
    create = talk.call("Bash", {"command": f"gh pr create --body '{'b' * INPUT_BYTES} {PULL}'"})
    talk.result(create, "x" * 9000 + f"\n{PULL}\n" + "x" * 9000)
    view = talk.call("Bash", {"command": "gh pr view 12"}, isSidechain=True, agentId="a1")
    served = talk.call(
        "mcp__github__get_pull_request", {"owner": "Tide", "repo": "Map", "pullNumber": 12}
    )
    drafts = [draft for draft in read(tmp_path, talk) if isinstance(draft.event, ReferenceObserved)]
    first: dict[str, Any] = {}
    for draft in drafts:
        first.setdefault(draft.key, draft.event)
    assert [(event.call, event.subagent, fields(event)) for event in first.values()] == [
        (create, "", NAMED),
        (view, "a1", ("", "", 12, "pull_request", "mention")),
        (served, "", ("", "tide/map", 12, "pull_request", "mention")),
    ]


def test_a_link_that_claude_code_recorded_is_told_once(tmp_path: Path) -> None:
    talk = Conversation()
    talk.prompt()
    link = {"prNumber": 12, "prUrl": PULL, "prRepository": "Tide/Map"}
    talk.bare("pr-link", **link, timestamp="2026-11-02T12:00:00.000Z")
    talk.bare("pr-link", **link)
    talk.bare("pr-link", prNumber=3, prUrl="https://forge/x", prRepository="Tide/Map")
    drafts = [draft for draft in read(tmp_path, talk) if isinstance(draft.event, ReferenceObserved)]
    assert len({draft.key for draft in drafts}) == 2
    assert [fields(event) for event in named(drafts)][1:] == [
        ("github.com", "tide/map", 12, "pull_request", "pr_link"),
        ("", "tide/map", 3, "pull_request", "pr_link"),
    ]


def test_references_change_no_other_event(tmp_path: Path) -> None:
    def others(text: str) -> list[tuple[str, str, int, type]]:
        talk = Conversation()
        talk.prompt()
        talk.prompt(text)
        talk.result(talk.call("Bash", {"command": f"gh pr view {text}"}), text)
        talk.reply(text)
        return [
            (draft.stream, draft.key, draft.ts, type(draft.event))
            for draft in read(tmp_path, talk)
            if not isinstance(draft.event, ReferenceObserved)
        ]

    assert others(PULL) == others("nothing")


def test_a_line_without_a_uuid_has_the_key_that_it_always_had(tmp_path: Path) -> None:
    talk = Conversation()
    told = {"type": "update", "filePath": "/srv/x", "content": "x", "structuredPatch": []}
    talk.result("toolu_1", told=told, uuid=None)
    (key,) = [d.key for d in read(tmp_path, talk) if isinstance(d.event, ToolReturned)]
    assert key == "claude_code/00083da910981429/0"


@pytest.mark.parametrize(
    ("name", "given", "added", "removed"),
    [
        ("Write", {"content": "first line\nsecond line\n}"}, ("first line", "second line"), ()),
        (
            "Edit",
            {"old_string": "kept line\nold line", "new_string": "  kept line\nnew line"},
            ("new line",),
            ("old line",),
        ),
        (
            "MultiEdit",
            {"edits": [{"old_string": "line one"}, {"new_string": "line two"}]},
            ("line two",),
            ("line one",),
        ),
        ("NotebookEdit", {"new_source": "cell_of = 1"}, ("cell_of = 1",), ()),
        ("Edit", {"old_string": 7, "new_string": ["x"], "edits": 3}, (), ()),
        ("MultiEdit", {"edits": [{"old_string": 7}]}, (), ()),
        ("Read", {"content": "no edit at all"}, (), ()),
    ],
)
def test_an_edit_tells_sketches_of_its_lines(
    tmp_path: Path, name: str, given: dict[str, Any], added: tuple[str], removed: tuple[str]
) -> None:
    talk = Conversation()
    talk.call(name, {"file_path": "/srv/tide/map.py", **given})
    (called,) = of(read(tmp_path, talk), ToolCalled)
    assert [(touch.added, touch.removed) for touch in called.files] == [
        (lines(*added), lines(*removed))
    ]


@pytest.mark.parametrize(
    ("told", "added", "removed"),
    [
        (
            {"structuredPatch": [{"lines": [" kept line", "-old line", "+new line"]}]},
            ("new line",),
            ("old line",),
        ),
        ({"structuredPatch": [], "content": "whole line"}, ("whole line",), ()),
        ({"structuredPatch": 7, "content": [1]}, (), ()),
    ],
)
def test_a_result_that_corrects_a_write_tells_what_changed(
    tmp_path: Path, told: dict[str, Any], added: tuple[str], removed: tuple[str]
) -> None:
    talk = Conversation()
    call = talk.call("Write", {"file_path": "/srv/map.py", "content": "whole line"})
    talk.result(call, told={"type": "update", "filePath": "/srv/map.py", **told})
    (returned,) = of(read(tmp_path, talk), ToolReturned)
    assert [(touch.action, touch.added, touch.removed) for touch in returned.files] == [
        ("edit", lines(*added), lines(*removed))
    ]


def test_a_printed_commit_stays_in_the_excerpt_of_a_call_that_runs_git(tmp_path: Path) -> None:
    output = "hook\n" * 400 + "[main abc1234] moon\n" + " create mode 100644 x\n" * 400
    talk = Conversation()
    talk.result(talk.call("Bash", {"command": "git commit -m moon"}), output)
    talk.result(talk.call("Bash", {"command": "make"}), output)
    committed, made = of(read(tmp_path, talk), ToolReturned)
    assert "\n[main abc1234] \n" in committed.output
    assert "abc1234" not in made.output
