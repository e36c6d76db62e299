"""A store in a directory of its own, fed with events as a log would hand them on."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from session_lattice import events
from session_lattice.events import Draft, Envelope, Event
from session_lattice.home import Home
from session_lattice.store.database import BASE_TABLES
from session_lattice.store.store import Store

EPOCH = "epoch1"
DAY_US = 86_400_000_000
START_US = 1_780_000_000_000_000


def envelopes(
    drafts: Sequence[Event], first: int = 1, step_us: int = DAY_US // 16
) -> list[Envelope]:
    """Events at rising positions and times."""
    return [
        envelope(event, first + place, START_US + (first + place) * step_us)
        for place, event in enumerate(drafts)
    ]


def envelope(event: Event, position: int, ts: int) -> Envelope:
    draft = Draft(stream_of(event), str(position), ts, event)
    origin = "there" if is_told(event) else "here"
    kind = str(event.__struct_config__.tag)
    data = events.encode(event)
    return Envelope(position, draft.stream, position, ts, kind, False, origin, data)


def is_told(event: Event) -> bool:
    """Whether it comes from an upstream, not from a transcript or this machine's disk."""
    if isinstance(event, events.CheckoutObserved):
        return event.evidence == "upstream"
    return isinstance(event, events.SessionReported | events.RepoObserved)


def stream_of(event: Event) -> str:
    session = getattr(event, "session", None)
    return f"session/{session}" if session else "repo/1"


class Lab:
    """A home and its store."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.create()
        self.now = datetime(2026, 5, 28, 20, 26, 40)
        self.store = self._open()

    def reopen(self) -> None:
        self.store.close()
        self.store = self._open()

    def _open(self) -> Store:
        return Store(self.home, 60.0, lambda: self.now)

    def passes(self, hours: float) -> None:
        """Let the lab's clock go on; it stands still else."""
        self.now += timedelta(hours=hours)

    def clear(self) -> None:
        """Begin again with nothing applied, which is quicker than another store."""
        for table in (*BASE_TABLES, "applied"):
            self.rows(f"DELETE FROM {table}")
        self.forget_views()

    def forget_views(self) -> None:
        """The next refresh makes all views from nothing."""
        self.rows("UPDATE catalog SET definition = ''")

    def feed(self, happened: Sequence[Envelope], epoch: str = EPOCH) -> None:
        self.store.applied(epoch)
        if happened:
            self.store.apply(happened)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.store._database.rows(sql)

    def table(self, name: str) -> list[tuple[Any, ...]]:
        """All rows in an order of their own, without the position that touched them."""
        left_out = "EXCLUDE (changed)" if name in BASE_TABLES else ""
        return self.rows(f"SELECT * {left_out} FROM {name} ORDER BY ALL")

    def base_tables(self) -> dict[str, list[tuple[Any, ...]]]:
        return {name: self.table(name) for name in BASE_TABLES}

    def views(self) -> dict[str, list[tuple[Any, ...]]]:
        names = [row[0] for row in self.rows("SELECT name FROM catalog ORDER BY name")]
        return {name: self.table(name) for name in names}


UUID = "01a1d94a-f7da-72cf-a9da-a37e51b591d7"
SHA3 = ("a" * 40, "b" * 40, "c" * 40)
AGENTS = st.sampled_from(["codex"])
SESSIONS = st.sampled_from(["s1", "s2", UUID])
SUBAGENTS = st.sampled_from(["", "", "a1"])
CALLS = st.sampled_from(["c1", "c2", "c3"])
CWDS = st.sampled_from(["", "/repo", "/repo/sub"])
BRANCHES = st.sampled_from(["", "main", "topic"])
MODELS = st.sampled_from(["claude-opus-4-5-20251101", "gpt-5.1-codex", "nobody-knows-1"])
LINES = st.sampled_from([(), (), (11, 22, 33, 44), (11, 22), (22, 33, 55)])
TOUCHES = st.lists(
    st.builds(
        events.Touch,
        path=st.sampled_from(["/repo/a.py", "/repo/b.py", "/repo/sub/c.md"]),
        action=st.sampled_from(["read", "edit", "edit", "create"]),
        added=LINES,
        removed=LINES,
    ),
    max_size=2,
).map(tuple)
PLACE = {
    "agent": AGENTS,
    "session": SESSIONS,
    "subagent": SUBAGENTS,
    "cwd": CWDS,
    "branch": BRANCHES,
}
TOKENS = st.integers(0, 10_000)
COUNTS = st.integers(0, 5)
UPSTREAMS = st.sampled_from(["http://one:7777", "http://two:7777"])
REPOS = st.sampled_from(["/repo", "/elsewhere"])
MOMENTS = st.sampled_from([None, START_US - DAY_US, START_US + DAY_US])


def some(names: Sequence[str], build: Callable[[str, int], Any]) -> st.SearchStrategy[Any]:
    """A tuple with some of the names, each built with a count."""
    counted = st.dictionaries(st.sampled_from(names), COUNTS, max_size=2)
    return counted.map(lambda found: tuple(build(name, count) for name, count in found.items()))


REPORTS = st.builds(
    events.SessionReported,
    agent=AGENTS,
    session=st.sampled_from(["s1", "s2", "s3"]),
    cwd=CWDS,
    branch=BRANCHES,
    upstream=UPSTREAMS,
    path=st.sampled_from(["", "/far/1.jsonl"]),
    started_at=MOMENTS,
    ended_at=MOMENTS,
    messages=COUNTS,
    user_messages=COUNTS,
    assistant_messages=COUNTS,
    last_prompt=st.sampled_from(["", "do\nthis", "x" * 200]),
    input_tokens=st.sampled_from([0, 7]),
    output_tokens=st.sampled_from([0, 9]),
    models=st.lists(MODELS, max_size=2).map(tuple),
    tool_counts=some(
        ["Bash", "Grep"], lambda name, n: events.ToolCount(name=name, calls=n, errors=n // 2)
    ),
    stop_counts=some(
        ["end_turn", "tool_use"], lambda reason, n: events.StopCount(reason=reason, count=n)
    ),
    repos=some(["/repo", "/linked"], lambda repo, n: events.RepoLink(repo=repo, name=f"name{n}")),
)

SHAS = st.sampled_from(SHA3)
JUST_NOW = 0
"""Of a commit in a history: made when it is told of."""

REFERENCES = st.sampled_from(
    [
        (),
        (events.Reference(number=12),),
        (events.Reference(number=12, slug="own/app", host="forge.example", kind="pull_request"),),
    ]
)
CHANGES = st.lists(
    st.builds(
        events.ChangedFile,
        path=st.sampled_from(["a.py", "b.py", "sub/c.md"]),
        former_path=st.sampled_from(["", "", "b.py"]),
        status=st.sampled_from(["added", "modified", "deleted", "renamed"]),
        additions=COUNTS,
        deletions=COUNTS,
        lines=LINES,
    ),
    max_size=2,
).map(tuple)
COMMITS = st.builds(
    lambda at, **told: events.CommitObserved(**told, authored_at=at, committed_at=at),
    at=st.one_of(st.just(JUST_NOW), st.integers(0, 40).map(lambda n: START_US + n * DAY_US // 16)),
    repo=REPOS,
    sha=SHAS,
    parents=st.sampled_from([(), ("a" * 40,), ("a" * 40, "b" * 40)]),
    author_name=st.sampled_from(["Sam", "Kim", "dependabot[bot]"]),
    author_email=st.sampled_from(["sam@example.org", "bot@example.org"]),
    subject=st.sampled_from(["mend it", "mend it (#12)"]),
    trailers=st.sampled_from([(), (), (events.Trailer(key="Session-Id", value=UUID),)]),
    references=REFERENCES,
    files_changed=COUNTS,
    additions=COUNTS,
    deletions=COUNTS,
    changes=CHANGES,
)
OF_GIT = st.one_of(
    COMMITS,
    st.builds(
        events.RefsObserved,
        repo=REPOS,
        head=st.sampled_from(["main", "detached"]),
        head_sha=SHAS,
        default_branch=st.sampled_from(["", "main"]),
        remote_url=st.sampled_from(["", "git@forge.example:Own/App.git"]),
        refs=some(
            ["refs/heads/main", "refs/tags/v1"],
            lambda ref, n: events.Ref(name=ref, sha=SHA3[n % 3]),
        ),
    ),
    st.builds(
        events.HeadMoved,
        repo=REPOS,
        worktree=st.just("/repo"),
        number=COUNTS,
        sha=SHAS,
        action=st.sampled_from(["commit", "checkout"]),
        branch=st.sampled_from(["", "main"]),
    ),
    st.builds(
        events.ReferenceObserved,
        **PLACE,
        number=st.sampled_from([12, 13]),
        slug=st.sampled_from(["", "own/app"]),
        host=st.sampled_from(["", "forge.example"]),
        kind=st.sampled_from(["pull_request", "issue", "either"]),
        evidence=st.sampled_from(["pr_link", "url", "mention"]),
        message=st.sampled_from(["m1", "m4"]),
    ),
)

WHAT = st.sampled_from(
    [
        ("Bash", '{"command":"git commit -m x"}'),
        ("Bash", '{"command":"cd sub && pytest -q | tail"}'),
        ("Bash", "make"),
        ("Bash", ""),
        ("Edit", '{"file_path":"/repo/a.py"}'),
        ("mcp__forge__list", "{}"),
    ]
)
OUTCOME: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "ok": st.sampled_from([None, True, False, False]),
        "denied": st.sampled_from([False, False, True]),
        "exit_code": st.sampled_from([None, 0, 1]),
        "duration_ms": st.sampled_from([None, 5, 90_000]),
        "output": st.sampled_from(
            ["", "[main aaaaaaa] one\n", "Error: no such file /tmp/x1\n", "make: *** Error 2"]
        ),
    }
)
EVENTS = st.one_of(
    COMMITS,
    OF_GIT,
    st.builds(
        events.SessionObserved,
        **PLACE,
        title=st.sampled_from(["", "first", "second"]),
        title_rank=st.integers(1, 4),
        parent_session=st.sampled_from(["", "s9"]),
        path=st.sampled_from(["", "/t/1.jsonl"]),
    ).map(
        lambda event: (
            event
            if event.title
            else events.SessionObserved(agent=event.agent, session=event.session)
        )
    ),
    st.builds(
        events.TranscriptChanged,
        **PLACE,
        path=st.just("/t/2.jsonl"),
        state=st.sampled_from(["deleted", "present"]),
    ),
    st.builds(
        events.MessageUser,
        **PLACE,
        message=st.sampled_from(["m1", "m2", "m3"]),
        kind=st.sampled_from(["prompt", "injected", "interrupt"]),
        text=st.text(max_size=8),
        text_bytes=TOKENS,
    ),
    st.builds(
        events.MessageAssistant,
        **PLACE,
        message=st.sampled_from(["m4", "m5"]),
        text=st.text(max_size=8),
        text_bytes=TOKENS,
        model=MODELS,
    ),
    st.builds(
        events.UsageReported,
        **PLACE,
        response=st.sampled_from(["r1", "r2", "r3"]),
        model=MODELS,
        input_tokens=TOKENS,
        output_tokens=TOKENS,
        cache_write_tokens=TOKENS,
        cache_read_tokens=TOKENS,
    ),
    st.builds(
        lambda what, **place: events.ToolCalled(**place, name=what[0], input=what[1]),
        what=WHAT,
        **PLACE,
        call=CALLS,
        files=TOUCHES,
    ),
    st.builds(
        lambda outcome, **place: events.ToolReturned(**place, **outcome),
        outcome=OUTCOME,
        **PLACE,
        call=CALLS,
        files=TOUCHES,
    ),
    st.builds(events.SessionCompacted, **PLACE, trigger=st.sampled_from(["", "auto"])),
    st.builds(
        events.SubagentLinked,
        **PLACE,
        child_session=SESSIONS,
        child_subagent=SUBAGENTS,
        call=st.sampled_from(["", "c1", "c2"]),
        kind=st.sampled_from(["", "explore"]),
    ),
    st.builds(
        events.CheckoutObserved,
        cwd=st.sampled_from(["/repo", "/repo", "/repo/sub"]),
        repo=st.sampled_from(["/repo", "/repo", "/elsewhere"]),
        worktree=st.just("/repo"),
        evidence=st.sampled_from(["git", "layout", "upstream", "cwd"]),
    ),
    REPORTS,
    st.builds(
        events.RepoObserved,
        repo=REPOS,
        upstream=UPSTREAMS,
        name=st.sampled_from(["one", "two"]),
        head=st.sampled_from(["", "main"]),
        modified_files=COUNTS,
        open_prs=COUNTS,
        stale_branches=st.sampled_from([(), ("old",), ("old", "older")]),
        deployed_at=MOMENTS,
    ),
)


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
