"""Batches, checkpoints and warnings of a source made of files."""

from pathlib import Path

import pytest

from session_lattice.events import MessageUser
from session_lattice.sources import base, tail
from tests.sources.notes import Desk
from tests.sources.samples import of, pull


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "root")


def test_batches_are_bounded_and_a_half_consumed_run_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "BATCH_BYTES", 300)
    texts = [str(number) * 100 for number in range(10)]
    desk.file("open/a.jsonl", *texts)
    desk.file("open/b.jsonl", "last")
    desk.source.pending()
    run = desk.source.batches()
    first, _ = next(run), next(run)
    assert [event.text for event in of(first.drafts, MessageUser)] == texts[:3]
    desk.keep(first)
    assert desk.pull()[0] == [*texts[3:], "last"]
    desk.restart()
    assert desk.pull() == ([], [])


def test_a_restart_in_the_middle_of_a_file_reads_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "BATCH_BYTES", 300)
    texts = [str(number) * 100 for number in range(10)]
    desk.file("open/a.jsonl", *texts)
    desk.source.pending()
    desk.keep(next(desk.source.batches()))
    desk.restart()
    assert desk.pull()[0] == texts[3:]


def test_kinds_of_warnings_are_bounded_and_counted_over_restarts(desk: Desk) -> None:
    path = desk.file("open/a.jsonl")
    path.write_bytes(b'garbage\n{"note":5}\n{"note":"x"}{"note":"y"}\n')
    desk.pull()
    desk.restart()
    desk.source.pending()
    expected = {"malformed_line": 1, "bad_field:note": 1, "glued_objects": 1}
    assert desk.source.status().warnings == expected
    counts: dict[str, int] = {}
    for number in range(100):
        base.count_warning(counts, f"unknown_type:{number}", 1)
    assert len(counts) == base.WARNING_KINDS + 1
    assert counts["other"] == 100 - base.WARNING_KINDS


def test_a_checkpoint_of_another_version_means_reading_anew(desk: Desk) -> None:
    path = desk.file("open/a.jsonl", "one")
    desk.log = {str(path): b'{"offset":"far"}'}
    desk.restart()
    assert desk.pull()[0] == ["one"]


def test_what_is_read_by_the_protocol_alone(desk: Desk) -> None:
    desk.file("open/a.jsonl", "one")
    assert [event.text for event in of(pull(desk.source), MessageUser)] == ["one"]
    assert desk.source.name == f"notes:{desk.root}"
    assert desk.source.roots == (desk.root / "open", desk.root / "shelf")
