"""A pull is a bounded job that ends in exactly one way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.errors import SourceError
from session_lattice.events import Draft, MessageUser
from session_lattice.home import Home
from session_lattice.puller.ingest import Ingest
from session_lattice.puller.reserve import RESERVE_BYTES, Reserve
from session_lattice.puller.tick import Ended, Tick
from session_lattice.store import generations
from session_lattice.store.store import Store
from session_lattice.testing import MemoryEventLog, ScriptedSource
from tests.puller.test_ingest import Given, note


class Rig:
    """A puller's parts around a scripted source."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.create()
        self.log = MemoryEventLog()
        self.source = ScriptedSource("1")
        self.ingest = Ingest(
            self.log, Given(self.source), on_progress=lambda *_: None, on_error=lambda _: None
        )
        self.store = Store(self.home, 60.0)
        self.reserve = Reserve(self.home.reserve)

    def pull(self) -> Ended:
        tick = Tick(self.log, self.ingest, self.store, self.reserve, sample=False)
        return tick.run("tick")

    def told(self) -> list[str]:
        return [e.type for e in self.log.read(0) if e.stream.startswith("pull/")]

    def close(self) -> None:
        self.ingest.close()
        self.store.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


def test_the_first_pull_publishes_even_when_there_is_nothing(rig: Rig) -> None:
    ended = rig.pull()
    assert ended.last is not None
    assert generations.pointed_at(rig.home) is not None


def test_a_pull_that_finds_nothing_new_leaves_no_trace(rig: Rig) -> None:
    rig.pull()
    rig.pull()
    before = rig.log.bounds().newest
    published = generations.all_published(rig.home)
    assert rig.pull() == Ended(None)
    assert rig.log.bounds().newest == before
    assert generations.all_published(rig.home) == published


def test_a_pull_tells_its_steps_in_order_and_ends_once(rig: Rig) -> None:
    rig.source.add(note("a"))
    ended = rig.pull()
    assert ended.last is not None
    assert ended.last.outcome == "finished"
    told = rig.told()
    assert told[0] == "pull.started"
    assert told[-2:] == ["generation.published", "pull.finished"]
    assert set(told[1:-2]) == {"view.materialized"}
    ends = [e.type for e in rig.log.read(0) if e.terminal]
    assert ends == ["pull.finished"]


def test_a_pull_fails_when_its_source_does_and_the_generation_stays(rig: Rig) -> None:
    rig.pull()
    up = generations.pointed_at(rig.home)
    rig.source.failure = SourceError("the share is not mounted", hint="mount it")
    ended = rig.pull()
    assert ended.last is not None
    assert (ended.last.outcome, ended.last.error) == ("failed", "the share is not mounted")
    assert rig.told()[-2:] == ["pull.started", "pull.failed"]
    assert generations.pointed_at(rig.home) == up


def test_a_pull_that_is_told_to_stop_is_cancelled(rig: Rig) -> None:
    rig.pull()
    rig.source.add(note("a"))
    rig.ingest.cancel()
    assert rig.pull().error is None


def test_what_a_crash_left_applied_but_unpublished_is_published_next(rig: Rig) -> None:
    rig.pull()
    event = MessageUser(agent="a", session="s", message="m", kind="prompt", text="t", text_bytes=1)
    rig.source.add(Draft("session/a/s", "k", 1, event))
    rig.ingest.scan().result(10)
    applied = rig.store.applied(rig.log.epoch)
    rig.store.apply(rig.log.read(applied))
    rig.store.close()
    rig.store = Store(rig.home, 60.0)
    ended = rig.pull()
    assert ended.last is not None
    assert ended.last.outcome == "finished"


def test_the_reserve_is_given_up_and_taken_back(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve")
    reserve.restore()
    reserve.restore()
    assert (tmp_path / "reserve").stat().st_size == RESERVE_BYTES
    reserve.release()
    reserve.release()
    assert not (tmp_path / "reserve").exists()
