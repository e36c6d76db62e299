"""Events as lines for people."""

import json
import unicodedata
from datetime import datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice import events
from session_lattice.cli.feed import lines as event_lines
from session_lattice.cli.feed.base import Frame, missed
from session_lattice.cli.feed.lines import EventLines, cut
from session_lattice.errors import LatticeError
from tests.cli.tailing import PULL, SESSION

OF_SESSION: dict[str, Any] = {"agent": "claude_code", "session": "8d1f2c34-1111", "cwd": "/src/app"}
OF_PULL: dict[str, Any] = {"pull": "20260301T090000-ab12cd34"}
TODAY = datetime.now().astimezone().replace(hour=12, minute=30, second=5)


def frame(data: Any, stream: str = SESSION, ts: str = "") -> Frame:
    inner = events.encode(data) if isinstance(data, events.Event) else json.dumps(data).encode()
    type_ = json.loads(inner)["type"]
    outer = {"stream": stream, "ts": ts or TODAY.isoformat(), "type": type_, "data": None}
    return Frame("e-1", type_, json.dumps(outer).encode().replace(b"null", inner))


def line(*data: Any, stream: str = SESSION, types: tuple[str, ...] = ()) -> str | None:
    """The last event's."""
    lines = EventLines(types)
    return [lines.line(frame(one, stream)) for one in data][-1]


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"stream":1}', b'{"stream":"s","ts":"never","type":"t","data":{}}'],
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(LatticeError, match="no event"):
        EventLines(()).line(Frame("", "t", data))


def test_an_unknown_type_is_told_by_its_name() -> None:
    shown = line({"type": "session.sang", "song": "la"})
    assert shown is not None
    assert shown.endswith('session.sang  {"type": "session.sang", "song": "la"}')


def test_a_known_type_with_unknown_contents_is_told_like_one() -> None:
    shown = line({"type": "pull.finished", "pull": 7}, stream=PULL)
    assert shown is not None
    assert "pull.finished" in shown


TOLD: list[tuple[events.Event, str]] = [
    (events.SessionObserved(**OF_SESSION, title="Fix it"), "session    Fix it, in /src/app"),
    (
        events.TranscriptChanged(**OF_SESSION, path="/t.jsonl", state="deleted"),
        "transcript  deleted: /t.jsonl",
    ),
    (
        events.MessageUser(**OF_SESSION, message="m", kind="prompt", text="a\n b", text_bytes=4),
        "prompt     a b",
    ),
    (
        events.MessageAssistant(**OF_SESSION, message="m", text="done", text_bytes=4),
        "reply      done",
    ),
    (
        events.MessageAssistant(
            **OF_SESSION, subagent="abcdef-123456", message="m", text="done", text_bytes=4
        ),
        "reply      [abcdef-1] done",
    ),
    (
        events.ToolCalled(
            **OF_SESSION,
            call="c",
            name="Edit",
            files=tuple(
                events.Touch(path=path, action="edit")
                for path in ("/src/app/lib/a.py", "/src/apple.py", "/b", "/c", "/d")
            ),
        ),
        "tool       Edit lib/a.py /src/apple.py /b and 2 more",
    ),
    (
        events.ToolCalled(**OF_SESSION, call="c", name="Bash", input='{"n": 1, "command": "make"}'),
        "tool       Bash make",
    ),
    (
        events.ToolCalled(**OF_SESSION, call="c", name="Bash", input="cut {"),
        "tool       Bash cut {",
    ),
    (events.ToolCalled(**OF_SESSION, call="c", name="Wait", input="[1]"), "tool       Wait [1]"),
    (
        events.SessionCompacted(**OF_SESSION, trigger="auto", pre_tokens=155_000),
        "compacted  auto, from 155.0k tokens",
    ),
    (
        events.SubagentLinked(**OF_SESSION, child_session="x", kind="Explore", description="look"),
        "subagent   Explore, look",
    ),
    (
        events.SessionReported(
            **OF_SESSION, upstream="u", last_prompt="mend\nit", messages=9, output_tokens=2500
        ),
        "reported   mend it, 9 messages, 2.5k tokens out",
    ),
    (
        events.RepoObserved(
            repo="/src/app", upstream="u", name="app", head="main", modified_files=2, commits_30d=7
        ),
        "repository  /src/app, on main, 2 files not committed, 7 commits in 30 days",
    ),
    (
        events.RefsObserved(
            repo="/src/app",
            head="main",
            head_sha="0123456789",
            refs=(events.Ref(name="refs/heads/main", sha="0123456789"),),
        ),
        "refs       /src/app, main at 0123456, 1 references",
    ),
    (
        events.CommitObserved(
            repo="/src/app",
            sha="0123456789",
            authored_at=1,
            committed_at=2,
            subject="Mend it",
            author_name="Sam",
            files_changed=2,
        ),
        "commit     0123456 Mend it, 2 files, by Sam, in /src/app",
    ),
    (
        events.HeadMoved(
            repo="/src/app",
            worktree="/src/app",
            number=0,
            sha="0123456789",
            action="checkout",
            branch="x",
        ),
        "head       /src/app at 0123456 by checkout x",
    ),
    (
        events.ReferenceObserved(
            **OF_SESSION, slug="own/app", number=12, kind="pull_request", evidence="url"
        ),
        "reference  pull request own/app#12",
    ),
    (events.PullStarted(**OF_PULL, reason="tick"), "started    tick"),
    (
        events.PullProgressed(**OF_PULL, done_bytes=500_000, total_bytes=2_000_000),
        "progress   25 % of 2.0 MB",
    ),
    (events.PullProgressed(**OF_PULL, done_bytes=0, total_bytes=0), "progress   0 % of 0 bytes"),
    (
        events.ViewMaterialized(**OF_PULL, view="model_usage", dirty=2, rows=1234, duration_ms=3),
        "view       model_usage: 1,234 rows, 2 keys anew",
    ),
    (
        events.GenerationPublished(**OF_PULL, generation=3, bytes=1200),
        "published  generation 3, 1.2 kB",
    ),
    (
        events.PullFinished(**OF_PULL, generation=3, events=2000, duration_ms=1500),
        "finished   generation 3, 2,000 events, 1.5 s",
    ),
    (
        events.PullFinished(**OF_PULL, generation=None, events=0, duration_ms=10),
        "finished   nothing new, 0 events, 0.0 s",
    ),
    (
        events.PullFailed(**OF_PULL, reason="timeout", error="too slow", hint="wait"),
        "failed     timeout, too slow (try: wait)",
    ),
    (events.PullCancelled(**OF_PULL, duration_ms=2500), "cancelled  after 2.5 s"),
    (
        events.CheckoutObserved(cwd="/src/app/x", repo="/src/app", worktree="/", evidence="git"),
        "checkout   /src/app/x of /src/app",
    ),
]


@pytest.mark.parametrize(("event", "ending"), TOLD, ids=lambda value: str(value)[:24])
def test_an_event_is_told_in_a_few_words(event: events.Event, ending: str) -> None:
    shown = line(event)
    assert shown is not None
    assert shown == f"12:30:05  claude_code/8d1f2c34  {ending}"


def test_every_type_of_event_is_told() -> None:
    told = {type(event) for event, _ in TOLD} | {events.UsageReported, events.ToolReturned}
    assert told == set(get_args(events.AnyEvent))


CALL = events.ToolCalled(**OF_SESSION, call="c", name="Bash", input="make")


@pytest.mark.parametrize(
    ("returned", "ending"),
    [
        ({"ok": False, "exit_code": 2, "output": "no rule"}, "failed     Bash, exit 2, no rule"),
        ({"ok": False, "denied": True, "output": "no"}, "denied     Bash, no"),
    ],
)
def test_a_tool_that_failed_is_told_by_its_name(returned: dict[str, Any], ending: str) -> None:
    shown = line(CALL, events.ToolReturned(**OF_SESSION, call="c", **returned))
    assert shown is not None
    assert shown.endswith(ending)


@pytest.mark.parametrize("ok", [True, None])
def test_a_tool_that_succeeded_is_told_if_asked_for(ok: bool | None) -> None:
    returned = events.ToolReturned(**OF_SESSION, call="c", ok=ok, duration_ms=1200)
    assert line(CALL, returned) is None
    shown = line(CALL, returned, types=("tool.returned",))
    assert shown is not None
    assert shown.endswith("returned   Bash, 1.2 s")


def test_usage_is_told_compactly_if_asked_for() -> None:
    usage = events.UsageReported(
        **OF_SESSION, response="r", model="m", input_tokens=1200, cache_read_tokens=3_400_000
    )
    assert line(usage) is None
    shown = line(usage, types=("usage.reported",))
    assert shown is not None
    assert shown.endswith("usage      1.2k in, 0 out, 3.4M cached m")


def test_calls_that_never_return_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_lines, "REMEMBERED_CALLS", 2)
    lines = EventLines(())
    for call in "abc":
        lines.line(frame(events.ToolCalled(**OF_SESSION, call=call, name=f"Tool {call}")))
    failed = [events.ToolReturned(**OF_SESSION, call=call, ok=False) for call in "ac"]
    shown = [str(lines.line(frame(one))) for one in failed]
    assert "Tool" not in shown[0]
    assert shown[1].endswith("Tool c")


def test_pulls_and_repositories_are_shortened() -> None:
    started = events.PullStarted(**OF_PULL, reason="tick")
    assert "  pull/ab12cd34         started" in str(line(started, stream=PULL))
    assert "  …ery/deep/repository  started" in str(
        line(started, stream="repo//very/deep/repository")
    )


@pytest.mark.parametrize(
    ("ts", "clock"),
    [("2026-03-01T09:00:00Z", "2026-03-01 "), ("0001-01-01T00:00:00+14:00", "--:--:--")],
)
def test_other_days_are_named(ts: str, clock: str) -> None:
    started = events.PullStarted(**OF_PULL, reason="tick")
    assert str(EventLines(()).line(frame(started, ts=ts))).startswith(clock)


@given(text=st.text(), stream=st.text())
def test_a_line_is_one_line_without_controls(text: str, stream: str) -> None:
    message = events.MessageUser(
        **OF_SESSION, message="m", kind="prompt", text="x" + text, text_bytes=1
    )
    data = json.loads(events.encode(message))
    outer = {"stream": stream, "ts": TODAY.isoformat(), "type": "message.user", "data": data}
    shown = EventLines(()).line(Frame("", "", json.dumps(outer).encode()))
    assert shown is not None
    assert shown.isprintable()


@given(text=st.text(st.characters(exclude_categories=["C", "M", "Z"])), room=st.integers(2, 60))
def test_a_line_is_cut_to_its_room(text: str, room: int) -> None:
    shown = cut(text, room)
    wide = [char for char in shown if unicodedata.east_asian_width(char) in "WF"]
    assert len(shown) + len(wide) <= room
    assert shown == text or shown.endswith("…")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("evicted", "the log no longer has the events before e-5"),
        ("epoch", "the log was lost or rebuilt since, and begins anew at e-5"),
        ("future", "the log does not reach that far, but from e-5 to e-9"),
        ("whim", "the cursor was of no use (whim)"),
    ],
)
def test_a_reset_says_what_was_missed_and_why(reason: str, words: str) -> None:
    said = missed({"reason": reason, "oldest": "e-5", "newest": "e-9"})
    assert said == f"missed: {words}; going on from the oldest kept"
