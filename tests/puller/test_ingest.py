"""Sources come into the log in order, each failing for itself."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from session_lattice.errors import LatticeError, LogError, PullCancelledError, SourceError
from session_lattice.events import Draft, MessageUser
from session_lattice.log.drainer import Drainer
from session_lattice.puller import ingest as ingest_module
from session_lattice.puller.ingest import Ingest
from session_lattice.sources.base import Batch, Source
from session_lattice.testing import MemoryEventLog, ScriptedSource

WAIT_SECONDS = 10.0


class Given:
    """A finder that is handed its sources."""

    def __init__(self, *sources: Source) -> None:
        self.waiting = list(sources)

    def found(self) -> list[Source]:
        found, self.waiting = self.waiting, []
        return found


class Told:
    """What an ingest tells of its scans: the steps of each."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int]] = []
        self.scans: list[list[tuple[int, int]]] = []
        self.step_made = threading.Event()

    def step(self, done: int, total: int) -> None:
        self.steps.append((done, total))
        self.step_made.set()

    def clear(self) -> None:
        self.scans.append(self.steps)
        self.steps = []


def wanted() -> bool:
    """A scan that is never given up."""
    return False


class Bench:
    """An ingest over a log in memory, with all that it reports."""

    def __init__(self, *sources: Source) -> None:
        self.log = MemoryEventLog()
        self.finder = Given(*sources)
        self.told = Told()
        self.errors: list[Exception] = []
        self.drainer = Drainer(self.log)
        self.ingest = Ingest(
            self.log, self.drainer, self.finder, progress=self.told, on_error=self.errors.append
        )

    def scan(self) -> int:
        return self.ingest.scan(wanted).result(WAIT_SECONDS)

    def texts(self) -> list[str]:
        return [envelope.data.decode().split('"text":"')[1][0] for envelope in self.log.read(0)]


@pytest.fixture
def benches() -> Iterator[list[Bench]]:
    made: list[Bench] = []
    yield made
    for bench in made:
        bench.ingest.close()


def note(text: str) -> Draft:
    event = MessageUser(
        agent="a", session="s", message=text, kind="prompt", text=text, text_bytes=1
    )
    return Draft("session/a/s", text, 1, event)


def test_a_source_that_fails_stops_only_itself_and_the_scan_says_so(benches: list[Bench]) -> None:
    bad, good = ScriptedSource("bad", [[note("x")]]), ScriptedSource("good", [[note("a")]])
    bad.failure = SourceError("the disk is gone")
    bench = Bench(bad, good)
    benches.append(bench)
    with pytest.raises(SourceError, match="the disk is gone"):
        bench.scan()
    assert bench.texts() == ["a"]
    bad.failure = None
    bench.scan()
    assert bench.texts() == ["a", "x"]


def test_after_a_failure_all_begin_again_from_what_the_log_has(benches: list[Bench]) -> None:
    first, second = ScriptedSource("1", [[note("a")], [note("b")]]), ScriptedSource("2")
    second.failure = SourceError("no")
    bench = Bench(first, second)
    benches.append(bench)
    with pytest.raises(SourceError):
        bench.scan()
    second.failure = None
    first.add(note("c"))
    assert bench.scan() > 0
    assert bench.texts() == ["a", "b", "c"]


def test_a_source_goes_on_from_its_checkpoint_after_a_restart(benches: list[Bench]) -> None:
    script = [[note("a")], [note("b")]]
    bench = Bench(ScriptedSource("1", script))
    bench.scan()
    bench.ingest.close()
    again = Bench()
    benches.append(again)
    again.log = bench.log
    resumed = ScriptedSource("1", script)
    resumed.load(bench.log.checkpoints("1"))
    assert resumed.pending() == 0


def test_a_source_that_appears_later_is_taken_in(benches: list[Bench]) -> None:
    bench = Bench()
    benches.append(bench)
    assert bench.scan() == 0
    bench.finder.waiting.append(ScriptedSource("late", [[note("a")]]))
    bench.scan()
    assert bench.texts() == ["a"]


def test_progress_covers_all_sources_together(benches: list[Bench]) -> None:
    bench = Bench(
        ScriptedSource("1", [[note("a")], [note("b")]]), ScriptedSource("2", [[note("c")]])
    )
    benches.append(bench)
    bench.scan()
    bench.scan()
    assert bench.told.scans[0] == [(1000, 3000), (2000, 3000), (3000, 3000)]


def test_a_hint_brings_in_what_changed_without_a_pull(benches: list[Bench]) -> None:
    source = ScriptedSource("1")
    bench = Bench(source)
    benches.append(bench)
    bench.scan()
    source.add(note("a"))
    bench.ingest.hint()
    assert bench.told.step_made.wait(WAIT_SECONDS)


class Endless(ScriptedSource):
    """Has one more batch whenever one is taken."""

    def __init__(self, began: threading.Event) -> None:
        super().__init__("endless", [[note("a")]])
        self._began = began

    def pending(self) -> int:
        self._found = 1_000_000_000
        return 1000

    def batches(self) -> Iterator[Batch]:
        for batch in super().batches():
            self._began.set()
            self.add(note("a"))
            yield batch


def test_a_scan_that_nobody_wants_any_more_ends_between_two_batches(
    benches: list[Bench],
) -> None:
    began, given_up = threading.Event(), threading.Event()
    bench = Bench(Endless(began))
    benches.append(bench)
    scan: Future[int] = bench.ingest.scan(given_up.is_set)
    assert began.wait(WAIT_SECONDS)
    given_up.set()
    with pytest.raises(PullCancelledError):
        scan.result(WAIT_SECONDS)
    assert bench.errors == []
    bench.drainer.flush()
    assert bench.log.checkpoints("endless") != {}


def test_a_scan_given_up_before_its_turn_is_not_begun(benches: list[Bench]) -> None:
    source = ScriptedSource("1", [[note("a")]])
    bench = Bench(source)
    benches.append(bench)
    with pytest.raises(PullCancelledError):
        bench.ingest.scan(lambda: True).result(WAIT_SECONDS)
    assert bench.texts() == []
    bench.scan()
    assert bench.texts() == ["a"]


def test_closing_ends_the_scan_under_way_and_refuses_another(benches: list[Bench]) -> None:
    began = threading.Event()
    bench = Bench(Endless(began))
    scan = bench.ingest.scan(wanted)
    assert began.wait(WAIT_SECONDS)
    bench.ingest.close()
    for refused in (scan, bench.ingest.scan(wanted)):
        with pytest.raises(PullCancelledError):
            refused.result(WAIT_SECONDS)


class Stuck(ScriptedSource):
    """Reads one batch, then waits in the next read until it is let go."""

    def __init__(self, *texts: str) -> None:
        super().__init__("stuck", [[note(text)] for text in texts])
        self.reads: list[str] = []
        self.waiting = threading.Event()
        self.let_go = threading.Event()

    def batches(self) -> Iterator[Batch]:
        for batch in super().batches():
            self.reads.append(batch.drafts[0].key)
            if len(self.reads) == 2:
                self.waiting.set()
                self.let_go.wait(WAIT_SECONDS)
            yield batch


def test_closing_waits_for_a_read_that_never_returns_only_so_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ingest_module, "CLOSE_SECONDS", 0.05)
    source = Stuck("a", "b")
    bench = Bench(source)
    scan = bench.ingest.scan(wanted)
    assert source.waiting.wait(WAIT_SECONDS)
    bench.ingest.close()
    bench.drainer.close()
    assert not scan.done()
    source.let_go.set()
    assert isinstance(scan.exception(WAIT_SECONDS), LatticeError)
    assert bench.texts() == ["a"]


def test_in_another_epoch_of_the_log_all_is_read_again(benches: list[Bench]) -> None:
    """What a log that was put back from a backup lacks is still upstream."""
    source = ScriptedSource("1", [[note("a")]])
    bench = Bench(source)
    benches.append(bench)
    bench.scan()
    bench.log.append([], {"1": {"batches": b"0"}})
    assert bench.scan() == 0
    bench.log.renew()
    assert bench.scan() > 0
    assert bench.texts() == ["a"]


class Full(MemoryEventLog):
    """A log whose disk is full until it is not."""

    full = True

    def append(self, *args: object) -> int:
        if self.full:
            raise LogError("the disk is full")
        return super().append(*args)  # type: ignore[arg-type]


def test_what_a_full_log_refused_is_read_again(benches: list[Bench]) -> None:
    bench = Bench()
    bench.ingest.close()
    log = Full()
    source = ScriptedSource("1", [[note("a")], [note("b")]])
    ingest = Ingest(log, Drainer(log), Given(source), progress=Told(), on_error=bench.errors.append)
    with pytest.raises(LogError, match="full"):
        ingest.scan(wanted).result(WAIT_SECONDS)
    assert len(bench.errors) == 1
    log.full = False
    ingest.scan(wanted).result(WAIT_SECONDS)
    assert [envelope.seq for envelope in log.read(0)] == [1, 2]
    ingest.close()
