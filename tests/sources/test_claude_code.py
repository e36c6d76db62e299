"""The source as a whole: which files, whose events, and never one lost or doubled."""

import json
import os
import random
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import session_lattice
from session_lattice.events import (
    Draft,
    MessageAssistant,
    MessageUser,
    SessionCompacted,
    SessionObserved,
    SubagentLinked,
    ToolCalled,
    ToolReturned,
    UsageReported,
)
from session_lattice.sources import tail
from session_lattice.sources.base import BATCH_BYTES
from session_lattice.sources.claude_code import ClaudeCode
from tests.sources.samples import SESSION, Conversation, kept, of, pull, put, usage

TRANSCRIPTS = Path(__file__).parents[2].parent / "shared" / "transcripts"
OTHER = SESSION[:-1] + "2"

recorded = pytest.mark.skipif(
    not (TRANSCRIPTS / "EXPECTED.json").exists(),
    reason="the recorded transcripts are not beside this checkout",
)


def test_files_that_are_no_transcripts_are_not_read(tmp_path: Path) -> None:
    talk = Conversation()
    talk.prompt()
    for name in (
        "-work/s/subagents/workflows/wf_1/journal.jsonl",
        "-work/memory/notes.jsonl",
        f"-work/{SESSION}/tool-results/toolu_1.jsonl",
        f"-work/{SESSION}/tool-results/toolu_1.txt",
        "-work/sessions-index.json",
    ):
        put(tmp_path, talk.data, name)
    (tmp_path / "history.jsonl").write_bytes(talk.data)
    source = ClaudeCode(tmp_path)
    assert pull(source) == []
    assert source.status().files == 0
    assert source.status().state == "ok"


def test_a_home_without_projects_is_missing(tmp_path: Path) -> None:
    source = ClaudeCode(tmp_path)
    assert pull(source) == []
    assert (source.status().state, source.roots) == ("missing", (tmp_path / "projects",))
    assert source.name == f"claude_code:{tmp_path}"


def test_the_session_of_a_file_is_its_name_and_a_fork_tells_where_from(tmp_path: Path) -> None:
    talk = Conversation(OTHER)
    talk.prompt()
    put(tmp_path, talk.data)
    drafts = pull(ClaudeCode(tmp_path))
    assert [event.session for event in of(drafts, MessageUser)] == [SESSION]
    assert [e.forked_from for e in of(drafts, SessionObserved) if e.forked_from] == [OTHER]


def test_copied_lines_belong_to_the_earliest_file(tmp_path: Path) -> None:
    talk = Conversation()
    talk.prompt("first")
    talk.reply(id="msg_1", usage=usage(5, 5))
    put(tmp_path, talk.data)
    talk.prompt("second", sessionId=OTHER)
    copy = put(tmp_path, talk.data, f"-work-tide/{OTHER}.jsonl")
    os.utime(copy, (4e9, 4e9))
    events = kept(pull(ClaudeCode(tmp_path)))
    messages = [event for event in events.values() if isinstance(event, MessageUser)]
    assert [(m.text, m.session) for m in messages] == [("first", SESSION), ("second", OTHER)]
    assert events["msg_1/req_msg_1"] == (10, 5, 5)


def busy() -> bytes:
    """A file with a bit of everything that has to survive being read in pieces."""
    talk = Conversation(version="1.0.98")
    talk.bare("summary", summary="Tides, resumed", leafUuid="00000000-0000-0000-0000-00000000dead")
    talk.prompt("höw high is the tide?")
    call = talk.call("Read", {"file_path": "map.py"}, id="msg_1", usage=usage(5, 1, 0, 9))
    talk.result(call, "x", told={"type": "text", "file": {"filePath": "map.py"}})
    given = {"file_path": "map.py", "content": "é"}
    write = talk.call("Write", given, id="msg_1", usage=usage(5, 9))
    talk.result(write, told={"type": "update", "filePath": "/srv/tide/map.py"})
    start = talk.call("Task", {"prompt": "look", "description": "d", "subagent_type": "Explore"})
    talk.prompt("look", isSidechain=True, parentUuid=None)
    talk.reply("seen", isSidechain=True, id="msg_2", usage=usage(1, 1))
    talk.result(start, "seen")
    talk.full("odd-type")
    talk.full("system", subtype="compact_boundary", compactMetadata={"trigger": "auto"})
    talk.prompt("all in all", isCompactSummary=True)
    talk.bare("custom-title", customTitle="Tïdes")
    talk.bare("summary", summary="High tide", leafUuid=talk.last)
    talk.reply(id="msg_1", usage=usage(5, 30), cwd="/srv/moon", gitBranch="moon")
    lines = talk.data.splitlines(keepends=True)
    glued = lines[4].rstrip(b"\n") + lines[5]
    broken = (
        b'{"type":"user","uuid":"torn\n'
        b"\xff\xfe\r\n"
        b'\0\0{"type":"user","uuid":7}\n'
        b'{"type":"custom-title","customTitle":"\xff \\ud83d"}\n\n'
    )
    return b"".join([*lines[:4], glued, broken, *lines[6:]]).rstrip(b"\n")


def whole(root: Path, data: bytes) -> tuple[dict[str, object], dict[str, int]]:
    put(root, data)
    source = ClaudeCode(root)
    return kept(pull(source)), dict(source.status().warnings)


BUSY = busy()
ENDS = [at + 1 for at in range(len(BUSY)) if BUSY[at : at + 1] in (b"}", b"\n")]
CUTS = st.integers(0, len(BUSY)) | st.sampled_from(ENDS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(st.tuples(CUTS, st.booleans()), max_size=8),
    batch=st.sampled_from([1, 500, BATCH_BYTES]),
)
def test_no_schedule_of_appends_and_restarts_loses_or_doubles_an_event(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool]], batch: int
) -> None:
    data = BUSY
    root = tmp_path_factory.mktemp("claude")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tail, "BATCH_BYTES", batch)
        source, log, drafts = ClaudeCode(root), dict[str, bytes](), list[Draft]()
        for end, restart in [*sorted(steps), (len(data), True)]:
            put(root, data[:end])
            if restart:
                source = ClaudeCode(root)
                source.load(log)
            source.pending()
            for made in source.batches():
                drafts += made.drafts
                log.update({path: point for path, point in made.checkpoints.items() if point})
    events, warnings = whole(tmp_path_factory.mktemp("whole"), data)
    assert_same(kept(drafts), events, root)
    assert events["msg_1/req_msg_1"] == (35, 5, 30)
    assert dict(source.status().warnings) == warnings


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sizes=st.lists(CUTS, max_size=8))
def test_truncations_and_rewrites_never_fail_and_add_nothing_that_was_not_there(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    data = BUSY
    root = tmp_path_factory.mktemp("claude")
    source = ClaudeCode(root)
    drafts = list[Draft]()
    for size in [*sizes, len(data)]:
        put(root, data[:size])
        drafts += pull(source)
    events, _ = whole(tmp_path_factory.mktemp("whole"), data)
    found = {key: event for key, event in kept(drafts).items() if "/transcript/" not in key}
    assert_same(found, events, root)


def assert_same(found: dict[str, object], expected: dict[str, object], root: Path) -> None:
    """Equal but for the path of the file, which the two runs do not share."""
    for events in (found, expected):
        for key in [k for k in events if "/path/" in k]:
            del events[key]
    assert root.exists()
    assert found == expected


@given(junk=st.binary(max_size=400), at=st.integers(0, 5000))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_junk_in_a_file_never_fails_and_leaves_the_lines_around_it(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int
) -> None:
    talk = Conversation()
    for number in range(20):
        talk.prompt(f"prompt {number}")
    lines = talk.data.splitlines(keepends=True)
    place = at % len(lines)
    root = tmp_path_factory.mktemp("claude")
    put(root, b"".join([*lines[:place], junk + b"\n", *lines[place:]]))
    texts = [event.text for event in of(pull(ClaudeCode(root)), MessageUser)]
    assert [text for text in texts if text.startswith("prompt ")] == [
        f"prompt {number}" for number in range(20)
    ]


@recorded
def test_the_totals_of_the_recorded_transcripts_are_the_expected_ones() -> None:
    source = ClaudeCode(TRANSCRIPTS / "claude")
    greatest: dict[str, UsageReported] = {}
    for event in of(pull(source), UsageReported):
        known = greatest.get(event.response)
        if known is None or event.total > known.total:
            greatest[event.response] = event
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for event in greatest.values():
        counts = (
            event.input_tokens,
            event.output_tokens,
            event.cache_write_tokens,
            event.cache_read_tokens,
        )
        totals[event.model] = [a + b for a, b in zip(totals[event.model], counts, strict=True)]
    expected = json.loads((TRANSCRIPTS / "EXPECTED.json").read_text())
    assert totals == expected["claude_by_model"]
    assert len(greatest) == expected["claude"]["messages"]
    assert source.status().files == expected["claude"]["files"]


@recorded
def test_recorded_transcripts_read_in_random_pieces_give_the_same_events(tmp_path: Path) -> None:
    dice = random.Random(2026)
    originals = sorted((TRANSCRIPTS / "claude").rglob("*.jsonl"), key=lambda p: p.stat().st_size)
    chosen = [*dice.sample(originals[:80], 12), *originals[-2:]]
    whole_root, root = tmp_path / "whole", tmp_path / "pieces"
    source, log, drafts = ClaudeCode(root), dict[str, bytes](), list[Draft]()
    for number, path in enumerate(chosen):
        put(whole_root, path.read_bytes(), f"{number}/{path.name}")
    for step in range(1, 5):
        for number, path in enumerate(chosen):
            data = path.read_bytes()
            end = len(data) if step == 4 else dice.randrange(len(data) * step // 4 + 1)
            target = root / "projects" / str(number) / path.name
            grown = max(end, target.stat().st_size if target.exists() else 0)
            put(root, data[:grown], f"{number}/{path.name}")
        source = ClaudeCode(root)
        source.load(log)
        source.pending()
        for made in source.batches():
            drafts += made.drafts
            log.update({path: point for path, point in made.checkpoints.items() if point})
    at_once = kept(pull(ClaudeCode(whole_root)))
    assert_same(kept(drafts), at_once, root)
    assert len(at_once) > 1000


def test_the_sample_is_read_without_a_warning_and_shows_every_kind_of_event() -> None:
    root = Path(session_lattice.__file__).parent / "sample" / "claude"
    source = ClaudeCode(root, sample=True)
    drafts = pull(source)
    assert source.status().warnings == {}
    kinds = {type(draft.event) for draft in drafts}
    assert kinds >= {MessageUser, MessageAssistant, ToolCalled, ToolReturned, SessionCompacted}
    assert len({event.session for event in of(drafts, SessionObserved) if event.sample}) == 5
    links = of(drafts, SubagentLinked)
    assert len({link.child_subagent for link in links}) == 2
    assert {bool(link.call) for link in links} == {True}
    assert {event.model for event in of(drafts, UsageReported)} == {
        "claude-opus-4-5-20251101",
        "claude-haiku-4-5-20251001",
    }
    november = range(1_793_491_200_000_000, 1_796_083_200_000_000)
    assert all(draft.ts in november for draft in drafts)
    assert sum(path.stat().st_size for path in root.rglob("*.*")) < 300_000
