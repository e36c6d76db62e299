"""What a fork, a spawned agent or a revert copies is not told again."""

from datetime import timedelta
from pathlib import Path

import pytest
import zstandard

from session_lattice.events import (
    MessageAssistant,
    MessageUser,
    SessionObserved,
    ToolCalled,
    UsageReported,
)
from session_lattice.sources.codex import Codex
from session_lattice.sources.codex_forks import GAP_LINES, made_at
from tests.sources.rollouts import (
    CHILD,
    EARLY_TURN,
    LATE_TURN,
    MINUTE,
    OLD,
    SEEDED,
    START,
    THREAD,
    Rollout,
    counts,
    fork,
    own,
    parent,
    session,
)
from tests.sources.samples import of, pull

BORN_OLD = "9cd28a74-0000-4000-8000-00000000000b"
"""A thread whose id does not tell when it was made."""

TIMELESS_TURN = "0c28a74f-0000-4000-8000-00000000000c"


def go_on(talk: Rollout, turn: str | None = None, *, tokens: int = 77) -> None:
    """The copy's own turn."""
    talk.now += MINUTE
    talk.turn(turn)
    talk.prompt("and the moon?")
    talk.say("It is full.")
    talk.count(tokens, 0, 0)


OWN = (["and the moon?"], [77])


def test_a_copy_of_a_parent_that_is_at_hand_is_dropped(tmp_path: Path) -> None:
    first = parent()
    first.put(tmp_path)
    copy = fork(first, cli_version=OLD)
    copy.reset()
    go_on(copy)
    copy.put(tmp_path)
    assert own(tmp_path) == OWN
    prompts, totals = own(tmp_path, THREAD)
    assert (len(prompts), totals) == (3, [1000, 1001, 1002])


def test_a_copy_says_nothing_at_all(tmp_path: Path) -> None:
    first = parent()
    first.put(tmp_path)
    fork(first, cli_version=OLD).put(tmp_path)
    drafts = [d for d in pull(Codex(tmp_path)) if d.stream.endswith(CHILD)]
    assert [type(draft.event) for draft in drafts] == [SessionObserved, SessionObserved]


def test_a_fork_names_the_thread_that_it_copies(tmp_path: Path) -> None:
    fork(parent()).put(tmp_path)
    observed = of(pull(Codex(tmp_path)), SessionObserved)
    assert [e.forked_from for e in observed if e.forked_from] == [THREAD]


@pytest.mark.parametrize("archived", [True, False])
def test_the_parent_is_found_in_the_archive_and_compressed(tmp_path: Path, archived: bool) -> None:
    first = parent()
    path = first.put(tmp_path, archived=archived)
    path.with_name(path.name + ".zst").write_bytes(zstandard.compress(path.read_bytes()))
    path.unlink()
    copy = fork(first, cli_version=SEEDED)
    go_on(copy)
    copy.put(tmp_path)
    assert own(tmp_path) == OWN


@pytest.mark.parametrize("kind", ["user_message", "message", "token_count", "function_call"])
def test_a_line_that_was_changed_does_not_end_a_copy(tmp_path: Path, kind: str) -> None:
    first = parent()
    first.put(tmp_path)
    copy = fork(first, cli_version=OLD)
    line = [line for line in copy.lines if line["payload"].get("type") == kind][1]
    line["payload"] = {
        **line["payload"],
        "message": "changed",
        "call_id": "call_x",
        "role": "assistant",
    }
    if kind == "token_count":
        line["payload"]["info"] = {
            "last_token_usage": counts(5, 0, 0),
            "total_token_usage": counts(9999, 0, 0),
        }
    copy.reset()
    go_on(copy)
    copy.put(tmp_path)
    drafts = [d for d in pull(Codex(tmp_path)) if d.stream.endswith(CHILD)]
    assert [m.text for m in of(drafts, MessageUser)] == ["and the moon?"]
    assert [m.text for m in of(drafts, MessageAssistant)] == ["It is full."]
    assert [usage.total for usage in of(drafts, UsageReported)] == [77]
    assert of(drafts, ToolCalled) == []


def test_a_fork_may_ask_again_what_its_parent_was_asked(tmp_path: Path) -> None:
    first = parent()
    first.put(tmp_path)
    copy = fork(first, cli_version=SEEDED)
    copy.turn()
    copy.event("user_message", message="show tide 0")
    copy.put(tmp_path)
    assert own(tmp_path)[0] == ["show tide 0"]


def test_a_turn_that_the_parent_does_not_have_ends_a_copy(tmp_path: Path) -> None:
    first = parent(TIMELESS_TURN)
    first.put(tmp_path)
    copy = fork(first)
    del copy.lines[-9:]
    copy.turn(TIMELESS_TURN.replace("c", "d"))
    copy.event("user_message", message="show tide 2")
    copy.put(tmp_path)
    assert own(tmp_path)[0] == ["show tide 2"]


def test_a_copy_without_some_of_the_lines_is_a_copy(tmp_path: Path) -> None:
    first = parent()
    first.put(tmp_path)
    copy = fork(first, cli_version=SEEDED)
    kept = [line for line in copy.lines if "call" not in str(line["payload"].get("type"))]
    copy.lines = kept
    go_on(copy)
    copy.put(tmp_path)
    assert own(tmp_path) == OWN


def test_a_fork_from_the_middle_may_ask_the_same_again(tmp_path: Path) -> None:
    first = parent(EARLY_TURN)
    first.put(tmp_path)
    copy = fork(first, forked_from_id=THREAD)
    del copy.lines[-9:]
    copy.now += MINUTE
    copy.turn(LATE_TURN)
    copy.prompt("show tide 2")
    copy.say("Still high.")
    copy.count(77, 0, 0)
    copy.put(tmp_path)
    assert own(tmp_path) == (["show tide 2"], [77])


def test_what_a_fork_says_later_may_repeat_the_parent(tmp_path: Path) -> None:
    first = parent()
    first.put(tmp_path)
    copy = fork(first, cli_version=SEEDED)
    del copy.lines[-9:]
    for number in range(GAP_LINES):
        copy.message("assistant", f"The moon is {number} days old.")
    copy.prompt("and the moon?")
    copy.prompt("show tide 2")
    copy.put(tmp_path)
    assert own(tmp_path)[0] == ["and the moon?", "show tide 2"]


def test_a_copy_is_known_by_its_turns_when_the_parent_is_gone(tmp_path: Path) -> None:
    copy = fork(parent(EARLY_TURN), cli_version="0.120.0")
    copy.step = timedelta(seconds=9)
    go_on(copy, LATE_TURN)
    copy.put(tmp_path)
    assert own(tmp_path) == OWN


def test_a_copy_is_known_by_its_burst_when_the_parent_is_gone(tmp_path: Path) -> None:
    copy = fork(parent(), BORN_OLD, cli_version=SEEDED)
    go_on(copy)
    copy.put(tmp_path)
    assert own(tmp_path, BORN_OLD) == OWN


def test_counts_wait_for_the_fall_of_the_total_when_the_parent_is_gone(tmp_path: Path) -> None:
    first = parent()
    copy = Rollout(BORN_OLD, start=first.now + MINUTE)
    copy.meta(cli_version=OLD)
    copy.copy(first, step=timedelta(seconds=30))
    copy.reset()
    go_on(copy)
    copy.count(88, 0, 0)
    copy.put(tmp_path)
    assert own(tmp_path, BORN_OLD)[1] == [77, 88]


def test_a_copy_ends_at_the_ordinal_that_the_file_names(tmp_path: Path) -> None:
    first = parent()
    copy = Rollout(CHILD, start=first.now + MINUTE)
    copy.meta(forked_from_id=THREAD, subagent_history_start_ordinal=len(first.lines) + 1)
    copy.copy(first)
    go_on(copy)
    for ordinal, line in enumerate(copy.lines):
        line["ordinal"] = ordinal
    copy.put(tmp_path)
    assert own(tmp_path) == OWN


def test_a_fork_by_reference_copies_nothing(tmp_path: Path) -> None:
    session().put(tmp_path)
    copy = Rollout(CHILD)
    copy.meta(forked_from_id=THREAD, history_base={"thread_id": THREAD, "end_ordinal_exclusive": 5})
    copy.turn()
    copy.prompt("show tide 0")
    copy.say("Low.")
    copy.count(77, 0, 0)
    copy.put(tmp_path)
    assert own(tmp_path) == (["show tide 0"], [77])


def test_the_count_that_a_fork_starts_with_is_its_parents(tmp_path: Path) -> None:
    copy = Rollout(CHILD)
    copy.meta(forked_from_id=THREAD, history_base={"thread_id": THREAD, "end_ordinal_exclusive": 5})
    copy.count(90_000, 0, 0)
    copy.turn()
    copy.count(again=True)
    copy.prompt("and the moon?")
    copy.item("reasoning", summary=[])
    copy.count(77, 0, 0)
    copy.put(tmp_path)
    assert own(tmp_path) == OWN


def test_another_threads_meta_in_the_middle_begins_no_copy(tmp_path: Path) -> None:
    talk = session()
    talk.meta(CHILD)
    talk.prompt("and the moon?")
    talk.say("It is full.")
    talk.count(77, 0, 0)
    talk.put(tmp_path)
    prompts, totals = own(tmp_path, THREAD)
    assert (prompts, totals) == (["show tide 0", "and the moon?"], [1050, 77])


def test_a_copy_in_pieces_is_dropped_as_well(tmp_path: Path) -> None:
    first = parent()
    first.put(tmp_path)
    copy = fork(first, cli_version=OLD)
    copy.reset()
    go_on(copy)
    path = copy.put(tmp_path)
    source = Codex(tmp_path)
    drafts = []
    lines = path.read_bytes().splitlines(keepends=True)
    for end in range(1, len(lines) + 1):
        path.write_bytes(b"".join(lines[:end]))
        drafts += pull(source)
    child = [draft for draft in drafts if draft.stream.endswith(CHILD)]
    assert [m.text for m in of(child, MessageUser)] == ["and the moon?"]
    assert [m.text for m in of(child, MessageAssistant)] == ["It is full."]
    assert [usage.total for usage in of(child, UsageReported)] == [77]
    assert of(child, ToolCalled) == []


def test_the_end_of_a_short_fork_is_not_held_back(tmp_path: Path) -> None:
    first = parent()
    first.put(tmp_path)
    copy = fork(first, cli_version=SEEDED)
    copy.prompt("and the moon?")
    copy.put(tmp_path)
    assert own(tmp_path)[0] == ["and the moon?"]


@pytest.mark.parametrize(
    ("identity", "made"),
    [
        ("019e4a00-1000-7000-8000-00000000000a", 0x019E4A001000),
        ("9cd28a74-0000-4000-8000-00000000000b", None),
        ("019e4a00-1000-7000-8000-00000000000", None),
        ("zzzzzzzz-zzzz-7zzz-8000-00000000000a", None),
        ("", None),
    ],
)
def test_only_some_ids_tell_when_they_were_made(identity: str, made: int | None) -> None:
    assert made_at(identity) == made


def test_the_start_of_these_tests_lies_behind_their_threads() -> None:
    assert (made_at(CHILD) or 0) < START.timestamp() * 1000
