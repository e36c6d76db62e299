"""How sessions ended, and what time alone makes of them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import (
    Event,
    MessageAssistant,
    MessageUser,
    SessionObserved,
    SessionReported,
    ToolCalled,
    ToolReturned,
    UsageReported,
)
from tests.store.lab import Lab
from tests.store.views.timed import at, timed


def user(me: dict[str, Any], kind: Any, text: str = "go") -> MessageUser:
    return MessageUser(**me, message=kind, kind=kind, text=text, text_bytes=len(text))


def model(me: dict[str, Any], text: str = "done", kind: Any = "reply") -> MessageAssistant:
    return MessageAssistant(**me, message=f"a{text}", kind=kind, text=text, text_bytes=len(text))


def called(me: dict[str, Any], call: str = "c1") -> ToolCalled:
    return ToolCalled(**me, call=call, name="Bash")


def returned(me: dict[str, Any], **how: Any) -> ToolReturned:
    return ToolReturned(**me, call="c1", **how)


def story(name: str, me: dict[str, Any]) -> list[tuple[datetime, Event]]:
    """What happened in the session of that name; all on one morning."""
    sub = {**me, "subagent": "a1"}
    asked: list[tuple[datetime, Event]] = [(at(8), user(me, "prompt"))]
    exit_text = "<command-name>/exit</command-name>"
    rest: dict[str, list[tuple[datetime, Event]]] = {
        "asked": [],
        "replied": [(at(8, 1), model(me))],
        "calling": [(at(8, 1), model(me)), (at(8, 1), called(me))],
        "returned": [(at(8, 1), called(me)), (at(8, 2), returned(me, ok=True))],
        "unflagged": [(at(8, 1), called(me)), (at(8, 2), returned(me))],
        "failed": [(at(8, 1), called(me)), (at(8, 2), returned(me, ok=False))],
        "refused": [(at(8, 1), called(me)), (at(8, 2), returned(me, ok=False, denied=True))],
        "stopped": [
            (at(8, 1), called(me)),
            (at(8, 2), returned(me, ok=False)),
            (at(8, 2), user(me, "interrupt", "[Request interrupted by user]")),
        ],
        "went_on": [(at(8, 1), user(me, "interrupt", "stop")), (at(8, 2), model(me))],
        "broken": [(at(8, 1), model(me, "API Error: 529", "injected"))],
        "not_asked": [
            (at(8, 1), model(me)),
            (at(8, 2), model(me, "No response requested.", "injected")),
        ],
        "left": [(at(8, 1), called(me)), (at(8, 2), user(me, "command", exit_text))],
        "told": [(at(8, 1), model(me)), (at(8, 3), user(me, "notification"))],
        "subagent_last": [(at(8, 1), model(me)), (at(8, 9), called(sub, "c7"))],
    }
    return [*asked, *rest[name]]


EXPECTED = {
    "asked": ("abandoned", "likely", "prompt", None),
    "replied": ("finished", "likely", "reply", None),
    "calling": ("abandoned", "likely", "call", "Bash"),
    "returned": ("abandoned", "guess", "result", None),
    "unflagged": ("abandoned", "guess", "result", None),
    "failed": ("errored", "guess", "failure", None),
    "refused": ("interrupted", "likely", "refusal", None),
    "stopped": ("interrupted", "sure", "interrupt", None),
    "went_on": ("finished", "likely", "reply", None),
    "broken": ("errored", "sure", "error", None),
    "not_asked": ("finished", "likely", "reply", None),
    "left": ("finished", "sure", "exit", None),
    "told": ("finished", "likely", "reply", None),
    "subagent_last": ("finished", "likely", "reply", None),
    "silent": ("abandoned", "guess", None, None),
}
QUERY = "SELECT outcome, certainty, last_event, open_tool FROM session_outcomes WHERE session = "


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Seen a day later."""
    lab = Lab(tmp_path_factory.mktemp("outcomes"))
    lab.now = at(32)
    silent: dict[str, Any] = {"agent": "codex", "session": "silent"}
    events: list[tuple[datetime, Event]] = [
        (at(8), UsageReported(**silent, response="r", model="m")),
        (at(8), SessionObserved(agent="codex", session="replied", title="mine", cwd="/app")),
        (at(8), SessionObserved(agent="codex", session="nothing", title="said")),
        (at(8), SessionReported(agent="codex", session="far", upstream="u")),
    ]
    for name in EXPECTED.keys() - {"silent"}:
        events += story(name, {"agent": "codex", "session": name})
    lab.feed(timed(events))
    lab.store.refresh()
    assert lab.store.view_errors == []
    yield lab
    lab.store.close()


@pytest.mark.parametrize("name", EXPECTED)
def test_what_came_last_on_the_main_thread_tells_how_a_session_ended(lab: Lab, name: str) -> None:
    assert lab.rows(f"{QUERY}'codex/{name}'") == [EXPECTED[name]]


def test_sessions_of_which_nothing_but_facts_are_known_have_no_outcome(lab: Lab) -> None:
    sessions = {row[0] for row in lab.rows("SELECT session FROM session_outcomes")}
    assert sessions == {f"codex/{name}" for name in EXPECTED}


def test_an_outcome_comes_with_its_reason_and_the_session_it_is_of(lab: Lab) -> None:
    columns = "agent, title, cwd, why, last_event_at, last_at, expires_at"
    assert lab.rows(f"SELECT {columns} FROM session_outcomes WHERE session = 'codex/replied'") == [
        ("codex", "mine", "/app", "the model's reply came last", at(8, 1), at(8, 1), None)
    ]
    assert lab.rows("SELECT count(*) FROM session_outcomes WHERE why IS NULL") == [(0,)]


def test_time_alone_makes_a_live_session_idle_and_then_ends_it(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.now = at(8, 4)
    me: dict[str, Any] = {"agent": "codex", "session": "asked"}
    left: dict[str, Any] = {"agent": "codex", "session": "left"}
    lab.feed(timed([*story("asked", me), *story("left", left)]))
    lab.store.refresh()
    query = "SELECT outcome, certainty, expires_at FROM session_outcomes ORDER BY session"
    finished = ("finished", "sure", None)
    assert lab.rows(query) == [("live", "sure", at(8, 5)), finished]
    lab.now = at(8, 5)
    dirty = {done.view: done.dirty for done in lab.store.refresh()}
    assert dirty["session_outcomes"] == 1
    assert lab.rows(query) == [("idle", "sure", at(9)), finished]
    lab.now = at(9)
    lab.store.refresh()
    assert lab.rows(query) == [("abandoned", "likely", None), finished]
    lab.feed(timed([(at(9), model(me))], first=50))
    lab.store.refresh()
    assert lab.rows(query) == [("live", "sure", at(9, 5)), finished]
    lab.store.close()
