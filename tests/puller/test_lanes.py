"""Sources in lanes: what one waits for, or fails at, costs the others nothing."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.errors import SourceError
from session_lattice.log.drainer import Drainer
from session_lattice.puller.ingest import Ingest
from session_lattice.puller.lanes import Lanes
from session_lattice.puller.progress import Unmeasured
from session_lattice.sources.base import SourceStatus
from session_lattice.store import generations
from session_lattice.testing import MemoryEventLog, ScriptedSource
from tests.puller.rig import Rig
from tests.puller.test_ingest import Given, Stuck, note, wanted

WAIT_SECONDS = 10.0
SHORT_SECONDS = 0.05
"""An interval that is over while a source is still awaited."""


class Looked(ScriptedSource):
    """Counts how often it was asked, and says so; on disk, as far as `roots` tell."""

    def __init__(self, name: str, *roots: Path) -> None:
        super().__init__(name)
        self._roots = roots
        self.times = 0
        self.looked = threading.Event()

    @property
    def roots(self) -> tuple[Path, ...]:
        return self._roots

    def pending(self) -> int:
        self.times += 1
        self.looked.set()
        return super().pending()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path, interval_seconds=SHORT_SECONDS)
    yield made
    made.close()


def beside(rig: Rig, source: ScriptedSource) -> None:
    """A second lane with this source."""
    lane = Ingest(
        rig.log,
        rig.drainer,
        Given(source),
        progress=Unmeasured(),
        on_error=rig.errors.append,
        doing="asking the recall service",
    )
    rig.add_lane(lane)


def test_what_others_told_is_published_while_one_is_awaited(rig: Rig) -> None:
    stuck = Stuck("x", "y")
    beside(rig, stuck)
    rig.source.add(note("a"))

    def published_and_stuck() -> bool:
        return stuck.waiting.is_set() and generations.pointed_at(rig.home) is not None

    ended = rig.pull(over=published_and_stuck)
    assert ended.outcome == "cancelled"
    generation = generations.pointed_at(rig.home)
    assert generation is not None
    with generations.open_reader(generation) as reader:
        assert ("a",) in reader.execute("SELECT text FROM messages").fetchall()
    stuck.let_go.set()
    assert rig.pull().outcome == "finished"


def test_what_others_told_is_indexed_once_it_is_published_while_one_is_awaited(rig: Rig) -> None:
    stuck = Stuck("x", "y")
    beside(rig, stuck)
    rig.source.add(note("a"))
    indexed: list[bool] = []

    def index() -> bool:
        indexed.append(generations.pointed_at(rig.home) is not None and not rig.store.unpublished)
        return False

    rig.index = index
    assert rig.pull(over=lambda: bool(indexed)).outcome == "cancelled"
    stuck.let_go.set()
    assert indexed
    assert all(indexed)


def test_a_pull_that_is_late_says_whom_it_still_waits_for(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    stuck = Stuck("x", "y")
    beside(rig, stuck)
    ended = rig.pull(seconds=0.3)
    assert ended.error is not None
    assert ended.error.what == "after 0.3 s the pull was still asking the recall service"
    stuck.let_go.set()
    rig.close()


def test_a_source_that_fails_fails_the_pull_after_what_others_told_is_published(rig: Rig) -> None:
    failing = ScriptedSource("2")
    failing.failure = SourceError("it does not answer")
    beside(rig, failing)
    rig.source.add(note("a"))
    ended = rig.pull()
    assert ended.error is not None
    assert ended.error.what == "it does not answer"
    assert generations.pointed_at(rig.home) is not None
    assert rig.told()[-2:] == ["generation.published", "pull.failed"]
    assert rig.ends() == ["pull.failed"]
    failing.failure = None
    assert rig.pull().outcome == "finished"


def test_changes_on_disk_are_no_reason_to_ask_an_upstream() -> None:
    log = MemoryEventLog()
    drainer = Drainer(log)
    on_disk, upstream = Looked("disk", Path("/somewhere")), Looked("upstream")
    lanes = Lanes(
        *(
            Ingest(log, drainer, Given(source), progress=Unmeasured(), on_error=lambda _: None)
            for source in (on_disk, upstream)
        )
    )
    scans = lanes.scan(wanted)
    while not scans.done:
        scans.wait(WAIT_SECONDS)
    on_disk.looked.clear()
    lanes.hint()
    assert on_disk.looked.wait(WAIT_SECONDS)
    assert upstream.times == 1
    lanes.close()
    drainer.close()


def test_the_stamp_names_where_the_data_comes_from(rig: Rig) -> None:
    class Service(ScriptedSource):
        def status(self) -> SourceStatus:
            return SourceStatus(
                "recall:http://there", "ok", "http://there", sessions=3, version="scan 7"
            )

    beside(rig, Service("service"))
    rig.pull()
    stamp = rig.store._database.rows("SELECT upstream, upstream_version FROM stamp")
    assert stamp == [("embedded and http://there", "scan 7")]
