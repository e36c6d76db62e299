"""One history, made by hand, that gives every view rows, then changes and takes away some.

It is made of tales, each of sessions and repositories of its own. The first parts of all tales are
one chapter, a batch; what comes behind their first yield is the next. What a tale ends with is
alone in making some answer wrong, and nothing that comes later makes it right by chance: so a view
that forgets what it depends on is found out.
"""

from collections.abc import Callable, Iterator
from itertools import count, zip_longest

from msgspec.structs import replace

from session_lattice import events
from session_lattice.events import Envelope, Reference
from tests.store.lab import START_US, UUID
from tests.store.teller import UPSTREAM, Teller
from tests.store.views.story import DAY, MINUTE_US, full

Tale = Callable[[Teller, int], Iterator[None]]
APART = 600
"""Minutes from one tale to the next, so that no two meet by chance."""

OVER = object()
COMMIT = '{"command":"git commit -qm x"}'
SKETCH = (11, 22, 33, 44)


def rich() -> list[list[Envelope]]:
    """The chapters, in the order of the log."""
    return _numbered([[event for tale in chapter for event in tale] for chapter in _chapters()])


def rich_in_turns() -> list[list[Envelope]]:
    """The first chapter, then one event of each tale at a time."""
    first, *later = _chapters()
    turns = [turn for chapter in later for turn in zip_longest(*chapter)]
    parts = [[event for event in turn if event] for turn in turns]
    return _numbered([[event for tale in first for event in tale], *parts])


def rich_by_streams(batches: int) -> list[list[Envelope]]:
    """All that is told of repositories before what is told of sessions, one after the other."""
    told = sorted((e for chapter in rich() for e in chapter), key=lambda event: event.stream)
    size = -(-len(told) // batches)
    return _numbered([told[at : at + size] for at in range(0, len(told), size)])


def _chapters() -> list[list[list[Envelope]]]:
    """Chapter → tale → its events."""
    tellers = [Teller() for _ in TALES]
    tales = [tale(s, -APART * n) for n, (tale, s) in enumerate(zip(TALES, tellers, strict=True), 1)]
    chapters = []
    while tales:
        tales = [tale for tale in tales if next(tale, OVER) is not OVER]
        chapters.append([teller.told for teller in tellers])
        for teller in tellers:
            teller.told = []
    return chapters


def _numbered(batches: list[list[Envelope]]) -> list[list[Envelope]]:
    """At rising positions, whatever they had."""
    positions = count(1)
    return [
        [replace(event, position=at, seq=at) for event, at in zip(batch, positions, strict=False)]
        for batch in batches
    ]


def _at_work(s: Teller, at: int) -> Iterator[None]:
    """Two sessions in one place, with errors, refusals and a subagent; then the place moves."""
    for session in ("a1", "a2"):
        s.say(at, session, "/a", branch="topic")
        s.edit(at + 5, session, "/a/a.py", SKETCH, cwd="/a")
        s.edit(at + 9, session, "/a/b.py", (55, 66, 77), SKETCH[:2], cwd="/a")
        s.answer(at + 13, session, 100, cwd="/a", branch="topic")
    for place in range(4):
        s.call(at + 14 + place, "a1", f"make{place}", input='{"command":"make"}')
        told = {"ok": False, "exit_code": 2, "output": "make: *** Error 2"}
        s.result(at + 14.5 + place, "a1", f"make{place}", **told)
    s.call(at + 20, "a1", "mcp", name="mcp__forge__list", input="{}")
    s.call(at + 23, "a1", "no", input='{"command":"rm x"}')
    s.say(at + 25, "a1", "/a", kind="interrupt")
    s.say(at + 27, "a1", "/a", subagent="sub")
    s.add(at + 28, events.SessionCompacted(agent="codex", session="a1", trigger="auto"))
    yield
    s.result(at + 22, "a1", "mcp", duration_ms=90_000)
    s.result(at + 24, "a1", "no", ok=False, denied=True)
    s.link(at + 27, "a1", "a1", child_subagent="sub", kind="explore")
    s.checkout("/a", "/main")
    s.commit(at + 30, "a", {"a.py": SKETCH}, repo="/main")
    s.refs(at + 31, "/main", refs=(events.Ref(name="refs/heads/main", sha=full("a")),))
    yield
    s.checkout("/a", "/moved")
    s.refs(at + 32, "/main")
    gone = events.TranscriptChanged(agent="codex", session="a2", path="/a2", state="deleted")
    s.add(at + 40, gone)


def _claims(s: Teller, at: int) -> Iterator[None]:
    """What an upstream tells goes, or comes to be placed elsewhere."""
    tools = (events.ToolCount(name="Grep", calls=6, errors=2),)
    links = (events.RepoLink(repo="/linked", name="linked"),)
    told = {"messages": 4, "input_tokens": 50, "models": ("gpt-5.1-codex",), "tool_counts": tools}
    begun = {"started_at": START_US + at * MINUTE_US, "ended_at": START_US}
    for place in range(1, 7):
        # On days of their own, which nothing else makes dirty.
        known = begun | {"started_at": START_US - place * 50 * DAY * MINUTE_US}
        s.claim(at, f"c{place}", cwd=f"/c{place}", branch="main", **told, **known, repos=links)
    s.see(at, "c1", cwd="/seen")
    s.see(at, "c5", cwd="/c5", branch="main")
    yield
    s.checkout("/c1", "/claimed")
    s.checkout("/c2", "/claimed")
    s.say(at, "c3", "/c3")
    s.claim(at + 1, "c4", cwd="/c4", branch="main", input_tokens=60, models=("m2",))
    s.claim(at + 1, "c5", cwd="/c5", branch="topic", **told, **begun)
    s.see(at + 2, "c6", title="another", title_rank=3)


def _whose(s: Teller, at: int) -> Iterator[None]:
    """What ties a commit to a session comes to light last: place, commit, reflog, trailer, name."""
    s.call(at, "w1", "c", cwd="/w1", input="git commit")
    s.result(at + 1, "w1", "c", cwd="/w1/in", output="[main 1111111] one\n")
    s.commit(at + 60, "1", {"x.py": ()}, repo="/w1r")
    s.run(at, "w2", "[b2 2222222] one\n", cwd="/w2", branch="b2")
    # A moved HEAD makes all sessions of its hour dirty: that one is for itself.
    for session, sha, minute in (("w3", "3", at), ("w4", "4", at + 120)):
        s.call(minute, session, "c", cwd=f"/{session}", input=COMMIT)
        s.result(minute + 1, session, "c", cwd=f"/{session}")
        s.commit(minute + 0.5, sha, {"x.py": ()}, repo=f"/{session}")
    s.move(at + 0.5, "/w3", "3")
    s.checkout("/w4", "/w4")
    for session in ("w6", "w7"):
        s.checkout(f"/{session}", f"/{session}")
        s.edit(at, session, f"/{session}/a.py", SKETCH, cwd=f"/{session}")
    s.edit(at, "w8", "/w8dir/a.py", SKETCH, cwd="/w8")
    s.commit(at + 5, "8", {"a.py": SKETCH}, repo="/w8r")
    s.use(at, UUID, 7, cwd="/w5")
    yield
    s.checkout("/w1/in", "/w1r")
    s.commit(at + 1, "2", {"x.py": ()}, repo="/w2")
    s.checkout("/w3", "/w3")
    s.move(at + 120.5, "/w4", "4")
    trailer = events.Trailer(key="Session-Id", value=UUID)
    s.commit(at + 5, "5", {"x.py": ()}, repo="/w5r", trailers=(trailer,))
    s.commit(at + 5, "6", {"a.py": SKETCH}, repo="/w6")
    s.commit(at + 5, "7", {"b.py": SKETCH}, repo="/w7", former={"b.py": "a.py"})
    s.checkout("/w8dir", "/w8r")
    yield
    s.checkout("/w5", "/w5r")


def _again(s: Teller, at: int) -> Iterator[None]:
    """Another session copies an answer, and tells more of it; another call turns out the parent."""
    s.checkout("/d1", "/d1")
    s.use(at, "d1", 5, response="copied", cwd="/d1")
    s.run(at + 1, "d1", "[main ddddddd] one\n", cwd="/d1")
    s.commit(at + 1, "d", {"x.py": ()}, repo="/d1")
    for session in ("d3", "d4", "d5"):
        s.say(at, session, "/d3")
    s.link(at, "d3", "d5")
    yield
    s.use(at + 9, "d2", 500, response="copied")
    s.link(at, "d4", "d5", call="c")


def _named(s: Teller, at: int) -> Iterator[None]:
    """References, and whose they are."""
    s.name(at, "e1", 21, cwd="/e1ref")
    s.name(at, "e2", 22, slug="own/e2")
    for place in ("/e3", "/e7", "/e8"):
        s.checkout(place, place)
    s.name(at, "e3", 23, cwd="/e3")
    for session, sha, named in (
        ("e4", "e4", Reference(number=24)),
        ("e5", "e5", Reference(number=25, slug="own/lib")),
        ("e6", "e6", Reference(number=26, kind="issue")),
        ("e9", "e9", Reference(number=29)),
    ):
        s.checkout(f"/{session}", f"/{session}")
        s.edit(at, session, f"/{session}/a.py", SKETCH, cwd=f"/{session}")
        s.commit(at + 2, sha, {"a.py": SKETCH}, repo=f"/{session}", references=(named,))
    s.name(at, "e7", 27, cwd="/e7", branch="b7", evidence="pr_link")
    s.say(at, "e7", "/e7", branch="b7")
    s.say(at, "e8", "/e8", branch="b8")
    yield
    s.checkout("/e1ref", "/e1")
    s.refs(at, "/e2", "own/e2")
    s.refs(at, "/e3", "own/e3")
    s.refs(at, "/e4", "own/e4")
    s.refs(at, "/lib", "own/lib")
    merged = (Reference(number=36, kind="pull_request"),)
    s.commit(at + 9, "f", {}, repo="/e6", parents=(full("0"), full("e6")), references=merged)
    s.use(at + 1, "e7", 9, cwd="/e7", branch="b7")
    s.name(at, "e8", 28, cwd="/e8", branch="b8", evidence="pr_link")
    s.run(at + 2, "e10", "[main e9e9e9e] one\n", cwd="/e9")


def _files(s: Teller, at: int) -> Iterator[None]:
    """Edits and commits of long ago, and files that turn out to be the same."""
    for place in ("/f1", "/f3", "/f7", "/f5", "/g1", "/g2", "/g3", "/g4", "/g5"):
        s.checkout(place, place)
    s.edit(at, "f1", "/f1/a.py", (7,), cwd="/f1")
    s.edit(at + 9, "f2", "/f1/a.py", (), SKETCH, cwd="/f1")
    s.edit(at + 9, "f3", "/f3/a.py", SKETCH, cwd="/f3")
    s.edit(at, "f7", "/f7/a.py", SKETCH, cwd="/f7")
    s.edit(at + 9, "f8", "/f7w/a.py", (), SKETCH, cwd="/f7")
    s.edit(at, "f5", "/f5/a.py", SKETCH, cwd="/f5")
    s.edit(at, "f5", "/f5/b.py", SKETCH, cwd="/f5")
    s.edit(at, "f6", "/f5/a.py", SKETCH, cwd="/f5")
    for place in ("g1", "g2", "g3", "g4", "g5"):
        s.edit(at, place, f"/{place}/a.py", SKETCH, cwd=f"/{place}")
    s.commit(at + 9, "b1", {"b.py": ()}, repo="/g3", former={"b.py": "a.py"})
    s.edit(at, "h1", "/h1/x.rs", SKETCH, cwd="/h1")
    s.edit(at, "h1", "/h1w/x.rs", SKETCH, cwd="/h1")
    s.edit(at, "h2", "/h2/in/a.py", SKETCH, cwd="/h2")
    s.edit(at, "h3", "/h3/a.py", SKETCH, cwd="/h3")
    yield
    s.edit(at + 1, "f1", "/f1/a.py", SKETCH, cwd="/f1")
    s.edit(at + 1, "f4", "/f3/a.py", (), cwd="/f3")
    s.edit(at + 2, "f6", "/f5/b.py", SKETCH, cwd="/f5")
    s.checkout("/f7w", "/f7")
    s.move(at - 9, "/g1", "b2")
    s.commit(at - 9, "b3", {"z.py": ()}, repo="/g2")
    s.commit(at + 12, "b4", {"b.py": ()}, repo="/g3")
    s.commit(at - 9, "b5", {"a.py": ()}, repo="/g4", author_email="kim@example.org")
    s.commit(at - 9, "b6", {"b.py": ()}, repo="/g5", former={"b.py": "a.py"})
    s.checkout("/h1w", "/h1")
    s.checkout("/h2", "/h2r")
    s.call(at - 1, "h3", "look", name="Grep", input="a.py")
    s.edit(at, "h4", "x.go", SKETCH, cwd="")


def _unshipped(s: Teller, at: int) -> Iterator[None]:
    """Work that nothing came of, until it is known that something did."""
    for session in ("u1", "u2", "u3", "u5", "u6", "u7"):
        s.checkout(f"/{session}", f"/{session}")
    for session in ("u1", "u2", "u3", "u7"):
        s.edit(at, session, f"/{session}/a.py", SKETCH, cwd=f"/{session}")
    s.edit(at, "u4", "/u4dir/a.py", SKETCH, cwd="/u4")
    for repo in ("/u2", "/u3", "/u4r"):
        s.refs(at, repo)
    s.say(at, "u5", "/u5")
    s.say(at, "u6", "/u6")
    s.commit(at - 9, "c6", {}, repo="/u6")
    s.commit(at + 2, "c7", {"a.py": SKETCH}, repo="/u7")
    yield
    s.refs(at, "/u1")
    s.commit(at + 2, "c2", {"a.py": SKETCH}, repo="/u2")
    s.use(at + 1, "u3", 5, cwd="/u3")
    s.checkout("/u4dir", "/u4r")
    s.commit(at + 2, "c5", {}, repo="/u5", author_name="renovate[bot]")
    s.say(at - 20, "u6", "/u6")
    s.run(at + 2, "u8", "[main c7c7c7c] one\n", cwd="/u7")


def _beside(s: Teller, at: int) -> Iterator[None]:
    """Pairs of sessions at work in the same minutes: where, on what, and whether they are kin."""
    for place in range(2, 8):
        s.checkout(f"/o{place}", f"/o{place}")
        for session in (f"o{place}a", f"o{place}b"):
            cwd = "/o7b" if session == "o7b" else f"/o{place}"
            s.say(at + 60 * place, session, cwd)
            s.say(at + 60 * place + 5, session, cwd)
    s.edit(at + 181, "o3a", "/o3w/x.py", SKETCH, cwd="/o3")
    s.edit(at + 181, "o3b", "/o3/x.py", SKETCH, cwd="/o3")
    s.say(at + 363, "o6a", "/o6")
    yield
    s.checkout("/o3w", "/o3")
    s.see(at + 80, "o4b", parent_session="o4a")
    s.link(at + 100, "o5a", "o5b")
    s.say(at + 363, "o6b", "/o6")
    s.checkout("/o7b", "/o7")


def _hours(s: Teller, at: int) -> Iterator[None]:
    """Blocks that shift, days far away, and what came after a call."""
    s.use(at + 60, "claude1", 5, agent="claude_code")
    s.use(at + 40 * DAY, "t1", 5)
    s.say(at, "t1", "/t1")
    s.call(at, "t2", "silent")
    s.call(at, "t3", "no", name="Edit")
    s.result(at + 1, "t3", "no", ok=False, denied=True)
    s.call(at, "t4", "no", name="Edit")
    s.say(at, "t5", "/t5a")
    s.say(at, "t5", "/t5b", branch="b5")
    s.say(at, "t6", "/t6")
    for repo in ("/r1", "/r2", "/r3", "/r4"):
        s.refs(at, repo)
    yield
    s.use(at, "claude1", 5, agent="claude_code")
    s.use(at + 40 * DAY, "t1", 5)
    s.see(at, "t1", title="late", title_rank=3)
    s.say(at + 5, "t2", "/t2")
    s.say(at + 2, "t3", "/t3")
    s.result(at + 1, "t4", "no", ok=False, denied=True)
    s.checkout("/t5b", "/t5")
    s.link(at, "t1", "t6", call="c")
    s.see(at, "t7", path="/t7")
    s.add(at, events.SessionCompacted(agent="codex", session="t6", trigger="manual"))
    s.add(at, events.RepoObserved(repo="/r1", upstream=UPSTREAM, name="one"))
    s.refs(at, "/r2", head="topic")
    s.commit(at - 9, "99", {}, repo="/r3")
    s.say(at, "t8", "/r4")


TALES: tuple[Tale, ...] = (
    _at_work,
    _claims,
    _whose,
    _again,
    _named,
    _files,
    _unshipped,
    _beside,
    _hours,
)
