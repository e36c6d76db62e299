"""Histories as Hypothesis makes them up: events, and blocks of what belongs together."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from session_lattice import events
from session_lattice.events import Envelope, Event
from tests.store.drawn import EVENTS, JUST_NOW, OUTCOME, PLACE, WHAT
from tests.store.lab import DAY_US, START_US, envelope


def worked(call: str, files: tuple[events.Touch, ...], **place: Any) -> list[Event]:
    """An edit and its result: what one alone does not tell."""
    return [
        events.ToolCalled(**place, call=call, name="Edit", files=files),
        events.ToolReturned(**place, call=call, ok=True),
    ]


EDITS = st.builds(
    worked,
    call=st.sampled_from(["e1", "e2"]),
    files=st.sampled_from(
        [
            (events.Touch(path="/repo/a.py", action="edit", added=(11, 22)),),
            (
                events.Touch(path="/repo/a.py", action="edit", removed=(11,)),
                events.Touch(path="/repo/b.py", action="create", added=(22, 33, 55)),
            ),
        ]
    ),
    **PLACE,
)
STEPS = st.sampled_from([DAY_US // 16, DAY_US // 300, DAY_US])
"""From one event to the next: hours, minutes, or so long that weeks pass."""


@st.composite
def attempts(draw: st.DrawFn) -> list[Event]:
    """A few calls in one thread, mostly of one tool about one thing, and most of their results."""
    place: dict[str, Any] = draw(st.fixed_dictionaries(PLACE))
    one = draw(WHAT)
    happened: list[Event] = []
    for call in draw(st.permutations(["t1", "t2", "t3", "t4"])):
        name, given = one if draw(st.integers(0, 5)) else draw(WHAT)
        happened.append(events.ToolCalled(**place, call=call, name=name, input=given))
        if draw(st.integers(0, 5)):
            happened.append(events.ToolReturned(**place, call=call, **draw(OUTCOME)))
    return happened


def few(examples: int) -> settings:
    """Settings of a property over histories; each example costs stores, and so seconds."""
    slow = [HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, suppress_health_check=slow)


ONE: dict[str, Any] = {"agent": "codex", "session": "s1"}
TELLING: list[Event] = [
    events.ToolCalled(**ONE, call="t5", name="mcp__forge__list", input="{}"),
    events.ToolReturned(**ONE, call="t5", ok=True, duration_ms=90_000),
    *(
        events.ToolCalled(**ONE, call=f"t{place}", name="Bash", input='{"command":"make"}')
        for place in (6, 7, 8)
    ),
    events.ToolReturned(**ONE, call="t7", ok=False, exit_code=2, output="make: *** Error 2"),
    events.ToolReturned(**ONE, call="t8", ok=False, denied=True, output="no"),
]
"""So that no view about calls is without rows for want of luck."""


def _beside(session: str, message: str) -> Event:
    return events.MessageUser(
        agent="codex", session=session, cwd="/repo", message=message, kind="prompt", text="",
        text_bytes=0,
    )  # fmt: skip


TWO: dict[str, Any] = {"agent": "codex", "session": "s5", "cwd": "/repo"}
BESIDE: list[Event] = [
    events.CheckoutObserved(cwd="/repo", repo="/repo", worktree="/repo", evidence="git"),
    _beside("s5", "b1"),
    _beside("s6", "b2"),
    _beside("s5", "b3"),
    _beside("s6", "b4"),
    events.UsageReported(**TWO, response="r5", model="gpt-5.1-codex", input_tokens=5),
    events.ToolReturned(
        **TWO,
        call="e5",
        files=(events.Touch(path="/repo/a.py", action="edit", added=(11, 22, 44)),),
        output="[main eeeeeee] one\n",
    ),
    events.CommitObserved(
        repo="/repo",
        sha="e" * 40,
        authored_at=JUST_NOW,
        committed_at=JUST_NOW,
        changes=(events.ChangedFile(path="a.py", status="modified", lines=(11, 22, 44)),),
        references=(events.Reference(number=13, kind="issue"),),
    ),
    events.ToolReturned(
        **TWO | {"session": "s6"},
        call="e6",
        files=(events.Touch(path="/repo/a.py", action="edit", added=(77,), removed=(11,)),),
    ),
    events.RefsObserved(repo="/repo", head="main", head_sha="e" * 40),
    events.TranscriptChanged(agent="codex", session="s6", path="/t/6.jsonl", state="deleted"),
    events.CommitObserved(
        repo="/repo",
        sha="d" * 40,
        parents=("a" * 40, "e" * 40),
        authored_at=JUST_NOW,
        committed_at=JUST_NOW,
        references=(events.Reference(number=12, kind="pull_request"),),
    ),
]
"""The same of views about sessions beside each other, and of what was committed and merged."""


def in_pairs(happened: Sequence[Event], step_us: int) -> list[Envelope]:
    """Two events within seconds, the next two a step later."""
    told = []
    for place, event in enumerate(happened):
        at = START_US + place // 2 * step_us + place % 2 * 5_000_000
        if isinstance(event, events.CommitObserved) and event.committed_at == JUST_NOW:
            event = msgspec.structs.replace(event, authored_at=at, committed_at=at)
        told.append(envelope(event, place + 1, at))
    return told


@st.composite
def histories(draw: st.DrawFn) -> list[list[Envelope]]:
    """A history cut into batches; mostly a long one, as a store costs more than its events."""
    fewest = draw(st.sampled_from([1, 12, 12, 12]))
    one = EVENTS.map(lambda event: [event])
    told = st.one_of(one, one, attempts())
    parts = draw(st.lists(told, min_size=fewest, max_size=20))
    for number, edit in enumerate(draw(st.lists(EDITS, min_size=2, max_size=6))):
        parts.insert(number * 4 % (len(parts) + 1), edit)
    for block in (TELLING, BESIDE):
        parts.insert(draw(st.integers(0, len(parts))), block)
    drawn = [event for part in parts for event in part]
    happened = in_pairs(drawn, draw(STEPS))
    cuts = sorted(draw(st.sets(st.integers(1, len(happened)), max_size=5)) | {0, len(happened)})
    return [happened[a:b] for a, b in pairwise(cuts)]
