"""Another process reads what this one would have read."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from session_lattice.errors import PullCancelledError, SourceError
from session_lattice.log.base import Encoded
from session_lattice.log.drainer import Drainer, encode
from session_lattice.puller import bulk
from session_lattice.puller import ingest as ingest_module
from session_lattice.puller.bulk import BulkReader
from session_lattice.puller.discovery import Discovery
from session_lattice.puller.ingest import Ingest
from session_lattice.testing import MemoryEventLog
from tests.acceptance.history import copy_sample
from tests.acceptance.pair import until
from tests.puller.test_ingest import Told, wanted

WAIT_SECONDS = 30.0


@pytest.fixture
def roots(tmp_path: Path) -> list[Path]:
    for number in range(3):
        copy_sample(tmp_path, number)
    return [tmp_path / "claude", tmp_path / "codex"]


def read_here(roots: Sequence[Path]) -> list[Encoded]:
    events: list[Encoded] = []
    for source in Discovery(roots, sample=True).found():
        source.load({})
        source.pending()
        for batch in source.batches():
            events += encode(batch.drafts)
    return events


def nothing_yet(roots: Sequence[Path]) -> dict[str, dict[str, bytes]]:
    return {source.name: {} for source in Discovery(roots, sample=True).found()}


def readers() -> set[int]:
    """Processes that read for this one and still run."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split(None, 1) for line in listed.stdout.splitlines()]
    return {int(pid) for pid, command in lines if bulk.__name__ in command}


def test_it_reads_the_same_events_in_the_same_order(roots: list[Path]) -> None:
    portions = list(BulkReader(roots, sample=True).read(nothing_yet(roots)))
    assert [event for portion in portions for event in portion.events] == read_here(roots)


def test_it_goes_on_from_the_checkpoints(roots: list[Path]) -> None:
    reader = BulkReader(roots, sample=True)
    done = nothing_yet(roots)
    for portion in reader.read(nothing_yet(roots)):
        kept = {key: value for key, value in portion.checkpoints.items() if value is not None}
        done[portion.source].update(kept)
    assert [event for portion in reader.read(done) for event in portion.events] == []


def test_a_process_that_is_killed_is_an_error_that_says_so(roots: list[Path]) -> None:
    portions = BulkReader(roots, sample=True).read(nothing_yet(roots))
    next(portions)
    for child in readers():
        os.kill(child, signal.SIGKILL)
    with pytest.raises(SourceError, match="ended early"):
        for _ in portions:
            pass


def test_leaving_it_half_read_ends_the_process(roots: list[Path]) -> None:
    portions = BulkReader(roots, sample=True).read(nothing_yet(roots))
    next(portions)
    assert len(readers()) == 1
    portions.close()
    assert readers() == set()


def test_a_long_scan_through_it_leaves_nothing_to_read_and_doubles_nothing(
    roots: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_module, "BULK_BYTES", 1)
    log = MemoryEventLog()
    told = Told()
    ingest = Ingest(
        log,
        Drainer(log),
        Discovery(roots, sample=True),
        progress=told,
        on_error=lambda error: pytest.fail(str(error)),
        bulk=BulkReader(roots, sample=True),
    )
    read = ingest.scan(wanted).result(WAIT_SECONDS)
    ingest.scan(wanted).result(WAIT_SECONDS)
    assert read == told.scans[0][-1][1]
    expected = {event.key: event.data for event in reversed(read_here(roots))}
    assert sorted(e.data for e in log.read(0)) == sorted(expected.values())
    assert ingest.scan(wanted).result(WAIT_SECONDS) == 0
    ingest.close()


def test_a_long_scan_is_cancelled_between_two_portions(
    roots: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_module, "BULK_BYTES", 1)
    told = Told()
    log = MemoryEventLog()
    ingest = Ingest(
        log,
        Drainer(log),
        Discovery(roots, sample=True),
        progress=told,
        on_error=lambda error: pytest.fail(str(error)),
        bulk=BulkReader(roots, sample=True),
    )
    with pytest.raises(PullCancelledError):
        ingest.scan(told.step_made.is_set).result(WAIT_SECONDS)
    assert readers() == set()
    ingest.close()


def test_a_process_that_does_not_answer_any_more_is_ended(
    roots: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_module, "BULK_BYTES", 1)
    errors: list[Exception] = []
    log = MemoryEventLog()
    ingest = Ingest(
        log,
        Drainer(log),
        Discovery(roots, sample=True),
        progress=Told(),
        on_error=errors.append,
        bulk=BulkReader(roots, sample=True),
    )
    scan = ingest.scan(wanted)
    stopped = until("it runs", readers)
    for child in stopped:
        os.kill(child, signal.SIGSTOP)
    ingest.abandon()
    assert isinstance(scan.exception(WAIT_SECONDS), SourceError)
    assert readers() == set()
    ingest.close()
    assert len(errors) == 1
