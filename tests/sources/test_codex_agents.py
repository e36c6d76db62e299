"""Agents that agents start: whose they are, and what is their own."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import (
    MessageUser,
    SessionObserved,
    SubagentLinked,
    UsageReported,
)
from session_lattice.sources.codex import Codex
from tests.sources.rollouts import (
    CHILD,
    EARLY_TURN,
    LATE_TURN,
    THREAD,
    Rollout,
    begun,
    fork,
    own,
    parent,
    session,
    told,
)
from tests.sources.samples import of, pull


def test_an_agent_is_linked_to_the_call_that_started_it(tmp_path: Path) -> None:
    talk = begun()
    talk.call("spawn_agent", {"agent_type": "explorer", "message": "look at the moon"})
    talk.output(json.dumps({"agent_id": CHILD, "nickname": "Luna"}))
    (link,) = told(tmp_path, talk, SubagentLinked)
    assert (link.session, link.child_session, link.call) == (THREAD, CHILD, "call_1")
    assert (link.kind, link.description) == ("explorer", "look at the moon")
    assert link.evidence == "spawn_agent"


@pytest.mark.parametrize("output", ["collab spawn failed", '{"task_name":"/main/moon"}', "{}"])
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


OWN = (["and the moon?"], [77])


def spawn(**fields: Any) -> dict[str, object]:
    details = {"parent_thread_id": THREAD, "depth": 1, "agent_path": "/main/moon", **fields}
    return {"subagent": {"thread_spawn": details}}


def spawned(source: object, **fields: Any) -> Rollout:
    child = Rollout(CHILD)
    child.meta(source=source, **fields)
    child.turn(LATE_TURN)
    child.message("user", "<environment_context>\n<cwd>/srv/tide</cwd>")
    child.prompt("look at the moon")
    child.say("It is full.")
    child.count(77, 0, 0)
    return child


@pytest.mark.parametrize("with_parent", [True, False])
def test_a_spawned_agent_that_copies_nothing_tells_all(tmp_path: Path, with_parent: bool) -> None:
    if with_parent:
        session().put(tmp_path)
    spawned(spawn()).put(tmp_path)
    prompts, totals = own(tmp_path)
    assert (prompts[1:], totals) == (["look at the moon"], [77])


def test_a_spawned_agent_that_copies_its_parent_tells_its_own(tmp_path: Path) -> None:
    first = parent(EARLY_TURN)
    first.put(tmp_path)
    child = fork(first, source=spawn())
    child.step = timedelta(milliseconds=1)
    child.turn(LATE_TURN)
    child.prompt("look at the moon")
    child.say("It is full.")
    child.count(77, 0, 0)
    child.put(tmp_path)
    assert own(tmp_path) == (["look at the moon"], [77])


@pytest.mark.parametrize(
    ("source", "fields", "kind"),
    [
        (spawn(agent_role="explorer"), {}, "explorer"),
        (spawn(), {"agent_role": "worker"}, "worker"),
        ({"subagent": "review"}, {"parent_thread_id": THREAD}, "review"),
        ({"subagent": {"other": "guardian"}}, {"session_id": THREAD}, "guardian"),
    ],
)
def test_an_agent_tells_who_started_it_and_what_for(
    tmp_path: Path, source: object, fields: dict[str, object], kind: str
) -> None:
    spawned(source, **fields).put(tmp_path)
    drafts = pull(Codex(tmp_path))
    (link,) = of(drafts, SubagentLinked)
    assert (link.session, link.child_session, link.kind) == (THREAD, CHILD, kind)
    assert (link.call, link.evidence) == ("", "meta")
    assert of(drafts, SessionObserved)[0].parent_session == THREAD


def test_an_agent_whose_parent_is_not_named_has_none(tmp_path: Path) -> None:
    spawned({"subagent": "review"}).put(tmp_path)
    drafts = pull(Codex(tmp_path))
    assert of(drafts, SubagentLinked) == []
    assert [usage.total for usage in of(drafts, UsageReported)] == [77]


def test_no_person_typed_what_an_agent_was_told(tmp_path: Path) -> None:
    spawned(spawn()).put(tmp_path)
    drafts = pull(Codex(tmp_path))
    assert {message.kind for message in of(drafts, MessageUser)} == {"injected"}
    assert "look at the moon" in {event.title for event in of(drafts, SessionObserved)}
