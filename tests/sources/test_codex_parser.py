"""Messages, titles and facts that a rollout tells."""

from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import (
    MessageAssistant,
    MessageUser,
    SessionCompacted,
    SessionEvent,
    SessionObserved,
    ToolCalled,
    UsageReported,
)
from session_lattice.sources.base import TEXT_BYTES
from session_lattice.sources.codex import Codex
from tests.sources.rollouts import CWD, MODEL, START, THREAD, Rollout, begun, session, stamp, told
from tests.sources.samples import of, pull


def warnings(root: Path, talk: Rollout) -> dict[str, int]:
    talk.put(root)
    source = Codex(root)
    pull(source)
    return dict(source.status().warnings)


def test_a_prompt_that_stands_twice_is_told_once(tmp_path: Path) -> None:
    talk = begun()
    talk.prompt("show the tides")
    (message,) = told(tmp_path, talk, MessageUser)
    assert (message.kind, message.text, message.text_bytes) == ("prompt", "show the tides", 14)


def test_an_answer_that_stands_twice_is_told_once_with_its_model(tmp_path: Path) -> None:
    talk = begun()
    talk.say("High at six.")
    (message,) = told(tmp_path, talk, MessageAssistant)
    assert (message.text, message.model) == ("High at six.", MODEL)


def test_a_prompt_comes_as_a_completed_item_where_history_is_paginated(tmp_path: Path) -> None:
    talk = begun()
    talk.message("user", "show the tides")
    item = {
        "type": "UserMessage",
        "id": "u1",
        "content": [{"type": "text", "text": "show the tides"}],
    }
    talk.event("item_completed", item=item)
    assert [m.text for m in told(tmp_path, talk, MessageUser)] == ["show the tides"]


def test_a_prompt_that_comes_in_both_forms_is_told_once(tmp_path: Path) -> None:
    talk = begun()
    for text in ("yes", "yes"):
        item = {"type": "UserMessage", "id": "u1", "content": [{"type": "text", "text": text}]}
        talk.event("item_completed", item=item)
        talk.event("user_message", message=text)
    talk.event("user_message", message="yes")
    assert [m.text for m in told(tmp_path, talk, MessageUser)] == ["yes", "yes", "yes"]


def test_equal_prompts_of_one_instant_are_two(tmp_path: Path) -> None:
    talk = begun()
    talk.step *= 0
    talk.event("user_message", message="yes")
    talk.event("user_message", message="yes")
    messages = told(tmp_path, talk, MessageUser)
    assert [m.text for m in messages] == ["yes", "yes"]
    assert len({m.message for m in messages}) == 2


@pytest.mark.parametrize(
    ("role", "text", "kind"),
    [
        (
            "user",
            "<environment_context>\n  <cwd>/srv/tide</cwd>\n</environment_context>",
            "injected",
        ),
        ("user", "# AGENTS.md instructions for /srv/tide\n\nBe brief.", "injected"),
        ("user", "# Context from my IDE setup:\n\n## Open tabs", "injected"),
        ("user", "<user_instructions>\n\nBe brief.</user_instructions>", "injected"),
        ("user", "<turn_aborted>\nThe user interrupted.", "injected"),
        ("user", "<skill>\n<name>tides</name>", "injected"),
        ("user", "<INSTRUCTIONS>\nBe brief.", "injected"),
        ("user", "<subagent_notification>\n{}", "notification"),
        ("user", "<user_shell_command>\nls", "command"),
        ("developer", "<permissions instructions>\nAsk first.", "injected"),
        ("developer", "Be brief.", "injected"),
    ],
)
def test_what_no_person_typed_is_known_for_what_it_is(
    tmp_path: Path, role: str, text: str, kind: str
) -> None:
    talk = begun()
    talk.message(role, text)
    (message,) = told(tmp_path, talk, MessageUser)
    assert (message.kind, message.text) == (kind, text)


def test_a_tag_that_a_person_typed_stays_a_prompt(tmp_path: Path) -> None:
    talk = begun()
    talk.prompt("<b>bold</b> tides")
    (message,) = told(tmp_path, talk, MessageUser)
    assert message.kind == "prompt"


def test_a_long_text_is_cut_and_says_how_long_it_was(tmp_path: Path) -> None:
    talk = begun()
    talk.prompt("é" * TEXT_BYTES)
    (message,) = told(tmp_path, talk, MessageUser)
    assert (len(message.text.encode()), message.text_bytes) == (TEXT_BYTES, 2 * TEXT_BYTES)


def test_reasoning_is_not_kept(tmp_path: Path) -> None:
    talk = begun()
    talk.event("agent_reasoning", text="a secret thought")
    summary = [{"type": "summary_text", "text": "a secret thought"}]
    talk.item("reasoning", summary=summary, content=None, encrypted_content="x" * 99)
    talk.put(tmp_path)
    assert "secret" not in repr(pull(Codex(tmp_path)))


def test_an_interrupt_is_a_message_of_its_own(tmp_path: Path) -> None:
    talk = begun()
    talk.event("turn_aborted", reason="replaced")
    talk.event("turn_aborted", reason="interrupted")
    assert [m.kind for m in told(tmp_path, talk, MessageUser)] == ["interrupt"]


def test_a_message_between_agents_is_a_notification_in_either_form(tmp_path: Path) -> None:
    talk = begun()
    talk.line("inter_agent_communication", {"author": "/root", "content": "look at the moon"})
    talk.item("agent_message", content=[{"type": "input_text", "text": "look at the moon"}])
    (message,) = told(tmp_path, talk, MessageUser)
    assert (message.kind, message.text) == ("notification", "look at the moon")


def test_the_meta_tells_the_sessions_facts(tmp_path: Path) -> None:
    path = session().put(tmp_path)
    first = of(pull(Codex(tmp_path)), SessionObserved)[0]
    assert (first.agent, first.session, first.path) == ("codex", THREAD, str(path))
    assert (first.version, first.entrypoint) == ("0.142.0", "codex_cli_rs")
    assert (first.cwd, first.branch) == (CWD, "main")
    assert first.repository_url == "https://example.org/tide.git"


def test_a_resume_with_the_same_meta_tells_nothing_new(tmp_path: Path) -> None:
    talk = session()
    talk.meta(timestamp=stamp(START))
    assert len([e for e in told(tmp_path, talk, SessionObserved) if e.path]) == 1


def test_a_resume_by_another_version_tells_it(tmp_path: Path) -> None:
    talk = session()
    talk.meta(cli_version="0.143.0", git={"branch": "moon"})
    talk.say("Back again.")
    talk.put(tmp_path)
    drafts = pull(Codex(tmp_path))
    versions = [e.version for e in of(drafts, SessionObserved) if e.version]
    assert versions == ["0.142.0", "0.143.0"]
    assert of(drafts, MessageAssistant)[-1].branch == "moon"


def test_a_file_without_a_meta_still_makes_a_session(tmp_path: Path) -> None:
    talk = Rollout()
    talk.turn()
    talk.prompt("show the tides")
    path = talk.put(tmp_path)
    first = of(pull(Codex(tmp_path)), SessionObserved)[0]
    assert (first.session, first.path) == (THREAD, str(path))


def test_the_directory_is_that_of_the_last_turn(tmp_path: Path) -> None:
    talk = begun()
    talk.say("one")
    talk.turn(cwd="/srv/tide/moon")
    talk.say("two")
    assert [m.cwd for m in told(tmp_path, talk, MessageAssistant)] == [CWD, "/srv/tide/moon"]


def test_the_first_prompt_is_the_title(tmp_path: Path) -> None:
    talk = session(2)
    titles = [e for e in told(tmp_path, talk, SessionObserved) if e.title]
    assert [(e.title, e.title_rank) for e in titles] == [("show tide 0", 1)]


def test_a_prompt_of_an_editor_is_titled_by_what_it_asks(tmp_path: Path) -> None:
    talk = begun()
    talk.event(
        "user_message",
        message="# Context from my IDE setup:\n\n## Open tabs:\n- map.py\n\n"
        "## My request for Codex:\nshow the tides\n",
    )
    titles = [e.title for e in told(tmp_path, talk, SessionObserved) if e.title]
    assert titles == ["show the tides"]


def test_a_name_for_the_thread_is_a_better_title(tmp_path: Path) -> None:
    talk = session()
    talk.event("thread_name_updated", thread_id=THREAD, thread_name="Tides of November")
    titles = [e for e in told(tmp_path, talk, SessionObserved) if e.title]
    assert [(e.title, e.title_rank) for e in titles][-1] == ("Tides of November", 3)


def test_a_compaction_tells_how_full_the_context_was_and_no_old_item(tmp_path: Path) -> None:
    talk = session()
    old = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "old"}]}
    talk.line("compacted", {"message": "all that happened", "replacement_history": [old]})
    talk.event("context_compacted")
    talk.put(tmp_path)
    drafts = pull(Codex(tmp_path))
    (compaction,) = of(drafts, SessionCompacted)
    assert compaction.pre_tokens == 1050
    assert [(m.kind, m.text) for m in of(drafts, MessageUser)] == [
        ("prompt", "show tide 0"),
        ("summary", "all that happened"),
    ]


def test_what_is_unknown_is_counted_and_costs_nothing_else(tmp_path: Path) -> None:
    talk = begun()
    talk.line("moon_phase", {"phase": "full"})
    talk.item("moon_call", call_id="c1")
    talk.event("moon_rise", at="six")
    talk.event("item_completed", item={"type": "Moon", "id": "m"})
    talk.meta(cli_version="7.0.0")
    talk.say("High at six.")
    assert warnings(tmp_path, talk) == {
        "unknown_type:moon_phase": 1,
        "unknown_item:moon_call": 1,
        "unknown_event:moon_rise": 1,
        "unknown_turn_item:Moon": 1,
        "unknown_version:7.0.0": 1,
    }
    assert len(of(pull(Codex(tmp_path)), MessageAssistant)) == 1


def test_a_field_of_another_type_costs_only_itself(tmp_path: Path) -> None:
    talk = begun()
    talk.call("exec_command", {"cmd": "tide"})
    talk.lines[-1]["payload"]["namespace"] = 7
    assert warnings(tmp_path, talk) == {"bad_field:payload.namespace": 1}
    assert [call.name for call in of(pull(Codex(tmp_path)), ToolCalled)] == ["exec_command"]


def test_a_line_with_a_broken_time_stands_at_the_time_before(tmp_path: Path) -> None:
    talk = begun()
    talk.say("High at six.")
    talk.lines[-1]["timestamp"] = "yesterday"
    talk.put(tmp_path)
    source = Codex(tmp_path)
    (draft,) = (d for d in pull(source) if isinstance(d.event, MessageAssistant))
    assert draft.ts == int((START.timestamp() + 2) * 1_000_000)
    assert source.status().warnings == {"bad_timestamp": 1}


def bare(*items: dict[str, Any]) -> Rollout:
    """A file from before the envelope: items without times below a header."""
    talk = Rollout()
    header = {"id": THREAD, "timestamp": stamp(START), "instructions": None, "git": {"branch": "b"}}
    talk.lines = [header, *items]
    return talk


def spoken(role: str, text: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


def test_files_from_before_the_envelope_are_read(tmp_path: Path) -> None:
    talk = bare(
        spoken(
            "user",
            "<environment_context>\nCurrent working directory: /srv/tide\n"
            "Approval policy: on-request\n</environment_context>",
        ),
        {"record_type": "state"},
        spoken("user", "yes"),
        {"type": "reasoning", "summary": []},
        {"type": "function_call", "name": "shell", "arguments": "{}", "call_id": "c1"},
        {
            "type": "function_call_output",
            "call_id": "c1",
            "output": '{"output":"6","metadata":{"exit_code":0}}',
        },
        spoken("assistant", "High at six."),
        {"record_type": "state"},
        spoken("user", "yes"),
    )
    talk.put(tmp_path)
    source = Codex(tmp_path)
    drafts = pull(source)
    events = [draft.event for draft in drafts if isinstance(draft.event, SessionEvent)]
    assert [(m.kind, m.text) for m in of(drafts, MessageUser)][1:] == [("prompt", "yes")] * 2
    assert [m.text for m in of(drafts, MessageAssistant)] == ["High at six."]
    assert len(of(drafts, ToolCalled)) == 1
    assert {event.cwd for event in events[1:]} == {"/srv/tide"}
    assert {draft.ts for draft in drafts} == {int(START.timestamp() * 1_000_000)}
    assert source.status().warnings == {}


def test_files_from_before_the_envelope_need_no_header(tmp_path: Path) -> None:
    talk = bare(spoken("user", "yes"))
    del talk.lines[0]
    talk.put(tmp_path)
    drafts = pull(Codex(tmp_path))
    assert [m.text for m in of(drafts, MessageUser)] == ["yes"]
    assert of(drafts, SessionObserved)[0].path


def test_a_model_that_no_line_names_is_unknown(tmp_path: Path) -> None:
    talk = Rollout()
    talk.meta()
    talk.say("High at six.")
    talk.count(100, 0, 10)
    assert [usage.model for usage in told(tmp_path, talk, UsageReported)] == ["unknown"]
