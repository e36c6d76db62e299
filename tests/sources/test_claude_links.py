"""Subagents in all three layouts, linked to the calls that started them."""

import json
import os
from pathlib import Path

import pytest

from session_lattice.events import (
    MessageAssistant,
    MessageUser,
    SessionObserved,
    SubagentLinked,
    UsageReported,
)
from session_lattice.sources.claude_code import ClaudeCode, place_of
from tests.sources.samples import SESSION, Conversation, of, pull, put, usage

NESTED = f"-work-tide/{SESSION}/subagents/agent-a1.jsonl"
START = {"prompt": "look at the moon", "description": "Moon", "subagent_type": "Explore"}


def child() -> Conversation:
    talk = Conversation(number=2, isSidechain=True, agentId="a1")
    talk.prompt("look at the moon")
    talk.reply("Full.", id="msg_c", usage=usage(5, 5))
    return talk


def parent(name: str = "Agent") -> tuple[Conversation, str]:
    talk = Conversation()
    talk.prompt()
    call = talk.call(name, START)
    talk.result(call, "Full.", told={"agentId": "a1", "status": "completed"})
    return talk, call


def facts(link: SubagentLinked) -> tuple[str, ...]:
    return (link.evidence, link.subagent, link.child_subagent, link.call, link.kind)


@pytest.mark.parametrize(
    ("path", "session", "subagent"),
    [
        (f"/r/projects/-w/{SESSION}.jsonl", SESSION, ""),
        (f"/r/projects/{NESTED}", SESSION, "a1"),
        (f"/r/projects/-w/{SESSION}/subagents/workflows/wf_1/agent-b2.jsonl", SESSION, "b2"),
        ("/r/projects/-w/agent-c3.jsonl", "told", "c3"),
    ],
)
def test_a_path_tells_session_and_subagent(path: str, session: str, subagent: str) -> None:
    place = place_of(path, "told")
    assert (place.session, place.subagent) == (session, subagent)


@pytest.mark.parametrize("first", ["parent", "child"])
def test_a_nested_agent_is_linked_whichever_file_is_read_first(tmp_path: Path, first: str) -> None:
    talk, call = parent()
    own = put(tmp_path, child().data, NESTED)
    put(tmp_path, talk.data)
    os.utime(own, (0, 0) if first == "child" else (4e9, 4e9))
    drafts = pull(ClaudeCode(tmp_path))
    links = [facts(link) for link in of(drafts, SubagentLinked)]
    assert sorted(links) == [
        ("path", "", "a1", "", ""),
        ("tool_result", "", "a1", call, "Explore"),
    ]
    (reported,) = of(drafts, UsageReported)
    assert (reported.session, reported.subagent) == (SESSION, "a1")
    assert {e.session for e in of(drafts, MessageUser)} == {SESSION}


def test_what_lies_beside_an_agents_file_names_its_call(tmp_path: Path) -> None:
    path = put(tmp_path, child().data, NESTED)
    meta = {"agentType": "Explore", "description": "Moon", "toolUseId": "toolu_7", "spawnDepth": 1}
    path.with_name("agent-a1.meta.json").write_text(json.dumps(meta))
    (link,) = of(pull(ClaudeCode(tmp_path)), SubagentLinked)
    assert facts(link) == ("meta", "", "a1", "toolu_7", "Explore")
    assert link.description == "Moon"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"agentType":5,"toolUseId":null}', "\udcff"])
def test_a_broken_file_beside_costs_only_itself(tmp_path: Path, content: str) -> None:
    path = put(tmp_path, child().data, NESTED)
    beside = path.with_name("agent-a1.meta.json")
    beside.write_bytes(content.encode("utf-8", "surrogateescape"))
    drafts = pull(ClaudeCode(tmp_path))
    assert [link.child_subagent for link in of(drafts, SubagentLinked)] == ["a1"]
    assert len(of(drafts, UsageReported)) == 1


def test_a_flat_agent_file_belongs_to_the_session_that_its_lines_name(tmp_path: Path) -> None:
    talk, call = parent("Task")
    path = put(tmp_path, child().data, "-work-tide/agent-a1.jsonl")
    put(tmp_path, talk.data)
    source = ClaudeCode(tmp_path)
    drafts = pull(source)
    assert {draft.stream for draft in drafts if draft.stream.startswith("session/")} == {
        f"session/claude_code/{SESSION}"
    }
    assert ("tool_result", "", "a1", call, "Explore") in [
        facts(link) for link in of(drafts, SubagentLinked)
    ]
    path.unlink()
    (gone,) = pull(source)
    assert (gone.stream, gone.event) == (f"session/claude_code/{SESSION}", gone.event)


def test_progress_links_a_subagent_whose_file_is_missing(tmp_path: Path) -> None:
    talk = Conversation()
    data = {"type": "agent_progress", "agentId": "a1", "message": {"type": "user"}}
    for _ in range(3):
        talk.full("progress", data=data, parentToolUseID="toolu_1")
    put(tmp_path, talk.data)
    (link,) = of(pull(ClaudeCode(tmp_path)), SubagentLinked)
    assert facts(link) == ("progress", "", "a1", "toolu_1", "")


def test_a_subagent_of_a_subagent_is_linked_to_it(tmp_path: Path) -> None:
    talk = child()
    call = talk.call("Agent", START)
    talk.result(call, told={"agentId": "b2"})
    put(tmp_path, talk.data, NESTED)
    links = [facts(link) for link in of(pull(ClaudeCode(tmp_path)), SubagentLinked)]
    assert ("tool_result", "a1", "b2", call, "Explore") in links


def test_an_inline_sidechain_is_linked_by_its_prompt_and_followed_by_its_parents(
    tmp_path: Path,
) -> None:
    talk = Conversation(version="1.0.98")
    talk.prompt("what is up?")
    first = talk.call("Task", START)
    second = talk.call("Task", {**START, "prompt": "look at the sun"})
    main = talk.last
    chains = []
    for prompt in ("look at the sun", "look at the moon"):
        root = talk.prompt(prompt, isSidechain=True, parentUuid=None)
        chains.append(f"inline-{root['uuid'][:8]}")
        talk.reply(prompt[-4:], id=prompt, isSidechain=True, usage=usage(1, 1))
    lost = talk.reply("lost", isSidechain=True, parentUuid="00000000-0000-0000-0000-00000000dead")
    sun = talk.lines[-3]["uuid"]
    talk.reply("sun again", isSidechain=True, parentUuid=talk.lines[-4]["uuid"])
    assert sun != lost["uuid"]
    talk.result(first, "Full.", parentUuid=main)
    put(tmp_path, talk.data)
    drafts = pull(ClaudeCode(tmp_path))
    assert [facts(link) for link in of(drafts, SubagentLinked)] == [
        ("prompt", "", chains[0], second, "Explore"),
        ("prompt", "", chains[1], first, "Explore"),
    ]
    replies = {event.text: event.subagent for event in of(drafts, MessageAssistant)}
    assert replies == {
        " sun": chains[0],
        "moon": chains[1],
        "lost": chains[1],
        "sun again": chains[0],
    }
    assert {event.subagent for event in of(drafts, UsageReported)} == set(chains)
    assert {event.kind for event in of(drafts, MessageUser) if event.subagent} == {"injected"}


@pytest.mark.parametrize(
    ("agent", "kind"),
    [("acompact-1a2b", "compaction"), ("aprompt_suggestion-1a2b", "prompt suggestion")],
)
def test_of_an_internal_fork_only_the_usage_counts(tmp_path: Path, agent: str, kind: str) -> None:
    talk = Conversation()
    talk.prompt()
    talk.reply(id="msg_1", usage=usage(1, 1))
    fork = Conversation(number=3, isSidechain=True, agentId=agent)
    fork.prompt()
    fork.reply(id="msg_1", usage=usage(1, 1))
    fork.reply("all in all", id="msg_2", usage=usage(2, 2))
    put(tmp_path, talk.data)
    put(tmp_path, fork.data, f"-work-tide/{SESSION}/subagents/agent-{agent}.jsonl")
    drafts = pull(ClaudeCode(tmp_path))
    assert len(of(drafts, MessageUser)) == 1
    assert sorted({event.response for event in of(drafts, UsageReported)}) == [
        "msg_1/req_msg_1",
        "msg_2/req_msg_2",
    ]
    (link,) = of(drafts, SubagentLinked)
    assert (link.kind, link.call) == (kind, "")


def test_a_fork_that_refers_to_its_context_is_linked_as_a_fork(tmp_path: Path) -> None:
    talk = child()
    talk.lines.insert(0, {"type": "fork-context-ref", "agentId": "a1", "parentSessionId": SESSION})
    put(tmp_path, talk.data, NESTED)
    kinds = [link.kind for link in of(pull(ClaudeCode(tmp_path)), SubagentLinked)]
    assert kinds == ["", "fork"]


def test_an_agents_file_says_nothing_of_the_sessions_title_or_path(tmp_path: Path) -> None:
    talk = child()
    talk.bare("ai-title", aiTitle="Moon")
    put(tmp_path, talk.data, NESTED)
    assert of(pull(ClaudeCode(tmp_path)), SessionObserved) == []
