"""Sources come into the log in order, each failing for itself."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from session_lattice.errors import LogError, PullCancelledError, SourceError
from session_lattice.events import Draft, MessageUser
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


class Bench:
    """An ingest over a log in memory, with all that it reports."""

    def __init__(self, *sources: Source) -> None:
        self.log = MemoryEventLog()
        self.finder = Given(*sources)
        self.steps: list[tuple[int, int]] = []
        self.errors: list[Exception] = []
        self.ingest = Ingest(
            self.log,
            self.finder,
            on_progress=lambda done, total: self.steps.append((done, total)),
            on_error=self.errors.append,
        )

    def scan(self) -> int:
        return self.ingest.scan().result(WAIT_SECONDS)

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
    assert bench.steps == [(1000, 3000), (2000, 3000), (3000, 3000)]


def test_a_hint_brings_in_what_changed_without_a_pull(benches: list[Bench]) -> None:
    source = ScriptedSource("1")
    bench = Bench(source)
    benches.append(bench)
    bench.scan()
    source.add(note("a"))
    arrived = threading.Event()
    bench.ingest._on_progress = lambda done, total: arrived.set()
    bench.ingest.hint()
    assert arrived.wait(WAIT_SECONDS)


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


def test_a_scan_is_cancelled_between_two_batches(benches: list[Bench]) -> None:
    began = threading.Event()
    bench = Bench(Endless(began))
    scan: Future[int] = bench.ingest.scan()
    assert began.wait(WAIT_SECONDS)
    bench.ingest.cancel()
    with pytest.raises(PullCancelledError):
        scan.result(WAIT_SECONDS)
    bench.ingest.close()
    assert bench.errors == []
    with pytest.raises(PullCancelledError):
        bench.ingest.scan().result(WAIT_SECONDS)


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
    ingest = Ingest(log, Given(source), on_progress=lambda *_: None, on_error=bench.errors.append)
    with pytest.raises(LogError, match="full"):
        ingest.scan().result(WAIT_SECONDS)
    assert len(bench.errors) == 1
    log.full = False
    ingest.scan().result(WAIT_SECONDS)
    assert [envelope.seq for envelope in log.read(0)] == [1, 2]
    ingest.close()
