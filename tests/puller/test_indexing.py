"""The index follows the store, whatever has become of either, and stops nothing."""

import os
import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_lattice import events
from session_lattice.events import Envelope, Event
from session_lattice.home import Home
from session_lattice.puller import indexing as indexing_module
from session_lattice.puller.indexing import Indexing
from session_lattice.search import file
from session_lattice.search.index import Index
from session_lattice.store.store import Store
from tests.search.made import found
from tests.store.drawn import EVENTS
from tests.store.lab import Lab, envelopes

FIXTURE = HealthCheck.function_scoped_fixture
PLACE: dict[str, Any] = {"agent": "codex", "session": "s1", "cwd": "/repo"}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def indexing(lab: Lab) -> Iterator[Indexing]:
    made = Indexing(lab.home)
    yield made
    made.close()


def note(id: str, text: str) -> Event:
    return events.MessageUser(**PLACE, message=id, kind="prompt", text=text, text_bytes=len(text))


def called(id: str, command: str) -> Event:
    given = f'{{"command": "{command}"}}'
    return events.ToolCalled(**PLACE, call=id, name="Bash", input=given, input_bytes=len(given))


def returned(id: str, output: str, *, ok: bool = False) -> Event:
    return events.ToolReturned(**PLACE, call=id, ok=ok, output=output, output_bytes=len(output))


def follow(indexing: Indexing, store: Store) -> None:
    """Steps until nothing is left to do, or something is wrong."""
    while indexing.step(store):
        pass


def contents(home: Home) -> set[tuple[Any, ...]]:
    """All that can be found and what it is found with, whatever the order in which it came."""
    sql = """
        SELECT s.name, k.name, c.name, t.name, d.ts, d.subagent, d.source, plain(d.body)
        FROM documents AS d
        JOIN names AS s ON s.id = d.session
        JOIN names AS k ON k.id = d.kind
        JOIN names AS c ON c.id = d.cwd
        JOIN names AS t ON t.id = d.tool
    """
    connection = file.open_for_reading(home.search)
    try:
        return set(connection.execute(sql))
    finally:
        connection.close()


def is_sound(home: Home) -> None:
    """The words are those of the texts: SQLite rebuilds an index and compares."""
    connection = file.open_for_writing(home.search)
    connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    connection.close()


HISTORY = envelopes(
    [
        note("m1", "please mend the pump"),
        called("c1", "make pump"),
        returned("c1", "no rule to make it"),
        called("c2", "make all"),
        returned("c2", "fine", ok=True),
        events.MessageAssistant(
            **PLACE, message="m2", text="it is mended", text_bytes=12, model="x"
        ),
        events.SessionObserved(**PLACE, title="pump", title_rank=1),
    ]
)


@pytest.mark.parametrize("what", ["nothing of ours", "shorter", "gone"])
def test_an_index_that_is_damaged_or_gone_is_made_anew_from_the_store(
    lab: Lab, indexing: Indexing, what: str
) -> None:
    lab.feed(HISTORY)
    follow(indexing, lab.store)
    before = contents(lab.home)
    if what != "gone":
        indexing.close()
    if what == "shorter":
        os.truncate(lab.home.search, lab.home.search.stat().st_size // 2)
    elif what == "gone":
        lab.home.search.unlink()
    else:
        lab.home.search.write_bytes(b"no index\n" * 5000)
    assert indexing.step(lab.store)
    told = indexing.problem
    assert (told is None) is (what == "gone")
    if told:
        assert "made anew" in told.what
        assert told.hint
    follow(indexing, lab.store)
    assert indexing.problem is None
    assert contents(lab.home) == before
    assert set(found(lab.home.search, "pump")) == {"m1", "c1"}


def test_damage_that_shows_while_it_writes_is_told_of_and_mended_at_the_next_step(
    lab: Lab, indexing: Indexing
) -> None:
    lab.feed(HISTORY)
    follow(indexing, lab.store)
    with sqlite3.connect(lab.home.search) as connection:
        connection.execute("UPDATE words_data SET block = x'00' WHERE id >= 1")
    connection.close()
    lab.feed(envelopes([note("m3", "once more the pump")], first=100))
    follow(indexing, lab.store)
    assert indexing.problem is not None
    assert "made anew" in indexing.problem.what
    follow(indexing, lab.store)
    assert indexing.problem is None
    assert set(found(lab.home.search, "pump")) == {"m1", "c1", "m3"}


def test_a_full_disk_is_told_of_and_what_is_missing_comes_once_there_is_space(
    lab: Lab, indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open = file.open_for_writing
    limit = [12]

    def open_for_writing(path: Path) -> sqlite3.Connection:
        connection = really_open(path)
        connection.execute(f"PRAGMA max_page_count = {limit[0]}")
        return connection

    monkeypatch.setattr(file, "open_for_writing", open_for_writing)
    lab.feed([*HISTORY, *envelopes([note("large", "z".join(map(str, range(9999))))], first=100)])
    follow(indexing, lab.store)
    assert indexing.problem is not None
    assert "full" in indexing.problem.what
    assert "disk space" in indexing.problem.hint
    limit[0] = 1_000_000
    follow(indexing, lab.store)
    assert indexing.problem is None
    assert set(found(lab.home.search, "pump")) == {"m1", "c1"}


def test_a_home_that_it_may_not_write_in_is_told_of(lab: Lab) -> None:
    lab.home.search.mkdir()
    indexing = Indexing(lab.home)
    assert not indexing.step(lab.store)
    assert indexing.problem is not None
    assert indexing.problem.hint


def test_what_is_said_run_and_what_failed_is_found_with_its_names(
    lab: Lab, indexing: Indexing
) -> None:
    lab.feed(HISTORY)
    follow(indexing, lab.store)
    path = lab.home.search
    assert found(path, "rule", kinds=["error"], tools=["Bash"], cwds=["/repo"]) == ["c1"]
    assert found(path, "make", kinds=["call"]) == ["c2", "c1"]
    assert found(path, "mended", kinds=["reply"], agents=["codex"]) == ["m2"]
    assert found(path, "fine") == []
    assert found(path, "title") == []
    assert (len(contents(lab.home)), indexing.step(lab.store)) == (5, False)


def test_after_an_interruption_it_goes_on_where_it_was(
    lab: Lab, indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing_module, "STEP_TEXTS", 1)
    lab.feed(HISTORY)
    assert indexing.step(lab.store)
    assert indexing.step(lab.store)
    indexing.close()
    assert len(contents(lab.home)) == 3
    lab.feed(envelopes([returned("c2", "late failure"), note("m0", "newest")], first=50, step_us=1))
    again = Indexing(lab.home)
    follow(again, lab.store)
    again.close()
    assert len(contents(lab.home)) == 6
    assert found(lab.home.search, "newest") == ["m0"]


def test_another_epoch_of_the_log_changes_nothing_and_is_followed(
    lab: Lab, indexing: Indexing
) -> None:
    lab.feed(HISTORY)
    follow(indexing, lab.store)
    before = contents(lab.home)
    lab.feed(HISTORY[:3], epoch="epoch2")
    lab.feed(envelopes([note("m9", "after that")], first=4), epoch="epoch2")
    follow(indexing, lab.store)
    assert before < contents(lab.home)
    assert found(lab.home.search, "after that") == ["m9"]
    index = Index(lab.home.search)
    assert (index.state().epoch, index.state().position) == ("epoch2", 4)
    index.close()


TEXTS = st.sampled_from(["alpha", "beta gamma", "x" * 300, "{}", '{"command": "make"}', ""])
CALL: dict[str, Any] = {
    "agent": st.just("codex"),
    "session": st.sampled_from(["s1", "s2"]),
    "cwd": st.sampled_from(["", "/b"]),
    "call": st.sampled_from(["c1", "c2"]),
}
HAPPENED = st.one_of(
    st.builds(events.ToolCalled, **CALL, name=st.sampled_from(["Bash", "Read"]), input=TEXTS),
    st.builds(events.ToolReturned, **CALL, ok=st.sampled_from([None, False]), output=TEXTS),
    st.builds(note, st.sampled_from(["m1", "m2"]), TEXTS),
    EVENTS,
)
"""Calls and results in any order, messages, and whatever else happens."""


@given(
    happened=st.lists(HAPPENED, min_size=1, max_size=12).map(envelopes),
    cuts=st.sets(st.integers(0, 12), max_size=3),
    step=st.sampled_from([1, 3, 1000]),
)
@settings(max_examples=8, deadline=None, suppress_health_check=[FIXTURE])
def test_an_index_that_followed_is_the_one_that_is_made_from_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    happened: list[Envelope],
    cuts: set[int],
    step: int,
) -> None:
    monkeypatch.setattr(indexing_module, "STEP_TEXTS", step)
    lab = Lab(tmp_path_factory.mktemp("lab"))
    indexing = Indexing(lab.home)
    edges = sorted({0, *(cut for cut in cuts if cut < len(happened)), len(happened)})
    for start, end in pairwise(edges):
        lab.feed(happened[start:end])
        follow(indexing, lab.store)
        assert indexing.problem is None
    indexing.close()
    followed = contents(lab.home)
    is_sound(lab.home)
    file.discard(lab.home.search)
    follow(indexing, lab.store)
    indexing.close()
    lab.store.close()
    assert contents(lab.home) == followed
