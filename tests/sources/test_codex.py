"""Which files are rollouts, whose they are, and what becomes of them."""

from datetime import timedelta
from pathlib import Path

import pytest
import zstandard

from session_lattice.events import (
    CheckoutObserved,
    Draft,
    MessageUser,
    SessionObserved,
    TranscriptChanged,
    UsageReported,
    session_stream,
)
from session_lattice.sources.codex import Codex
from tests.sources.rollouts import CWD, START, THREAD, Rollout, session
from tests.sources.samples import kept, of, pull


def keys(drafts: list[Draft]) -> set[str]:
    return {draft.key for draft in drafts}


def told(drafts: list[Draft]) -> dict[str, object]:
    """By key, without what the file's own path says."""
    ours = [draft for draft in drafts if not isinstance(draft.event, SessionObserved)]
    return kept(ours)


def squeeze(path: Path) -> Path:
    packed = path.with_name(path.name + ".zst")
    packed.write_bytes(zstandard.ZstdCompressor().compress(path.read_bytes()))
    path.unlink()
    return packed


@pytest.mark.parametrize(
    "name",
    [
        "sessions/2026/11/02/notes.jsonl",
        "sessions/2026/11/02/rollout-2026-11-02T09-00-00-x.json",
        "history.jsonl",
        "session_index.jsonl",
    ],
)
def test_what_is_no_rollout_is_not_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "sessions").mkdir(exist_ok=True)
    path.write_bytes(session().data)
    source = Codex(tmp_path)
    assert pull(source) == []
    assert source.status().files == 0


def test_the_session_is_the_thread_of_the_files_name(tmp_path: Path) -> None:
    session().put(tmp_path)
    source = Codex(tmp_path)
    drafts = pull(source)
    sessions = [draft for draft in drafts if not isinstance(draft.event, CheckoutObserved)]
    assert {draft.stream for draft in sessions} == {session_stream("codex", THREAD)}
    assert source.name == f"codex:{tmp_path}"


def test_a_file_without_a_thread_in_its_name_is_a_session_by_its_name(tmp_path: Path) -> None:
    path = session().put(tmp_path)
    path.rename(path.with_name("rollout-mine.jsonl"))
    assert {event.session for event in of(pull(Codex(tmp_path)), MessageUser)} == {"mine"}


def test_a_file_that_is_archived_keeps_its_place(tmp_path: Path) -> None:
    path = session().put(tmp_path)
    source = Codex(tmp_path)
    pull(source)
    archive = tmp_path / "archived_sessions"
    archive.mkdir()
    path.rename(archive / path.name)
    (change,) = pull(source)
    assert isinstance(change.event, TranscriptChanged)
    assert (change.event.state, change.event.former_path) == ("archived", str(path))


def test_a_file_that_lies_in_both_folders_is_read_where_it_is_active(tmp_path: Path) -> None:
    session(1).put(tmp_path, archived=True)
    active = session(2).put(tmp_path)
    source = Codex(tmp_path)
    drafts = pull(source)
    assert source.status().files == 1
    assert len(of(drafts, UsageReported)) == 2
    assert {event.path for event in of(drafts, SessionObserved) if event.path} == {str(active)}


def test_an_archived_copy_says_nothing_new(tmp_path: Path) -> None:
    session().put(tmp_path / "one")
    session().put(tmp_path / "two", archived=True)
    first = told(pull(Codex(tmp_path / "one")))
    second = told(pull(Codex(tmp_path / "two")))
    moved = {key for key in second if key.startswith("codex/transcript/")}
    assert {key: event for key, event in second.items() if key not in moved} == first


def test_a_compressed_file_says_what_it_said_before(tmp_path: Path) -> None:
    path = session().put(tmp_path)
    source = Codex(tmp_path)
    before = told(pull(source))
    packed = squeeze(path)
    drafts = pull(source)
    after = {key: event for key, event in told(drafts).items() if "/transcript/" not in key}
    assert after == before
    (change,) = of(drafts, TranscriptChanged)
    assert (change.state, change.path, change.former_path) == ("moved", str(packed), str(path))


def test_a_compressed_file_beside_its_plain_one_is_ignored(tmp_path: Path) -> None:
    path = session().put(tmp_path)
    squeeze(path)
    session(2).put(tmp_path)
    source = Codex(tmp_path)
    assert len(of(pull(source), UsageReported)) == 2
    assert source.status().files == 1


def test_a_revert_goes_on_with_the_same_session_in_another_file(tmp_path: Path) -> None:
    session().put(tmp_path)
    later = Rollout(start=START + timedelta(hours=1))
    later.meta(history_base={"thread_id": THREAD, "end_ordinal_exclusive": 3})
    later.turn()
    later.prompt("show tide 0")
    later.say("It is low.")
    later.count(2000, 0, 10)
    later.put(tmp_path, suffix="_019e4a00-9000-7000-8000-0000000000ff")
    drafts = pull(Codex(tmp_path))
    prompts = [event for event in of(drafts, MessageUser) if event.kind == "prompt"]
    assert [(event.session, event.text) for event in prompts] == [(THREAD, "show tide 0")] * 2
    assert len(keys(drafts)) == len(drafts)
    assert not any(event.forked_from for event in of(drafts, SessionObserved))


def test_lines_that_a_revert_copies_are_not_told_twice(tmp_path: Path) -> None:
    first = session(2)
    first.put(tmp_path)
    later = Rollout()
    later.meta()
    later.copy(first)
    del later.lines[-9:]
    later.turn()
    later.prompt("and tomorrow?")
    later.say("High at seven.")
    later.count(3000, 0, 10)
    later.put(tmp_path, suffix="_7")
    drafts = pull(Codex(tmp_path))
    prompts = [event.text for event in of(drafts, MessageUser) if event.kind == "prompt"]
    assert sorted(prompts) == ["and tomorrow?", "show tide 0", "show tide 1"]
    assert len(of(drafts, UsageReported)) == 3


def test_a_sample_says_so(tmp_path: Path) -> None:
    session().put(tmp_path)
    plain = of(pull(Codex(tmp_path)), SessionObserved)
    labelled = of(pull(Codex(tmp_path, sample=True)), SessionObserved)
    assert not any(event.sample for event in plain)
    assert any(event.sample for event in labelled)


def test_directories_are_told_once_with_their_repository(tmp_path: Path) -> None:
    session(3).put(tmp_path)
    assert [event.cwd for event in of(pull(Codex(tmp_path)), CheckoutObserved)] == [CWD]


def test_no_home_is_no_error(tmp_path: Path) -> None:
    source = Codex(tmp_path / "nowhere")
    assert pull(source) == []
    assert source.status().state == "missing"


def test_a_line_is_known_again_wherever_it_stands(tmp_path: Path) -> None:
    talk = session()
    talk.put(tmp_path)
    before = keys(pull(Codex(tmp_path)))
    talk.lines.insert(1, {"timestamp": "2026-11-02T08:00:00Z", "type": "world_state"})
    talk.put(tmp_path)
    assert keys(pull(Codex(tmp_path))) == before
