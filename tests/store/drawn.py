"""Events as Hypothesis draws them: of few sessions, files and commits, so that they meet."""

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from session_lattice import events
from tests.store.lab import DAY_US, START_US, UUID

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
