"""The store goes on with the log, whatever has become of it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.home import Home
from session_lattice.log.sqlite import SqliteEventLog
from session_lattice.puller.pull import now_us
from session_lattice.testing import MemoryEventLog, ScriptedSource
from tests.puller.rig import Rig
from tests.puller.test_ingest import note, wanted

HOUR_US = 3_600_000_000
WAIT_SECONDS = 10.0


@pytest.fixture
def rigs() -> Iterator[list[Rig]]:
    made: list[Rig] = []
    yield made
    for rig in made:
        close(rig)


def on_disk(root: Path, *texts: str) -> Rig:
    """A rig with the log of its home, and a source of so many batches."""
    source = ScriptedSource("1", [[note(text)] for text in texts])
    return Rig(root, source, log=SqliteEventLog(Home(root).log))


def close(rig: Rig) -> None:
    rig.close()
    rig.log.close()


def rows(rig: Rig) -> set[str]:
    """Messages that the store has."""
    return {row[0] for row in rig.store._database.rows("SELECT message FROM messages")}


def in_log(rig: Rig) -> list[str]:
    """Messages that the log has."""
    events = [event for event in rig.log.read(0) if event.type == "message.user"]
    return [event.data.decode().split('"text":"')[1][0] for event in events]


def test_a_log_deleted_under_a_pull_fails_that_one_and_the_next_reads_all_again(
    tmp_path: Path, rigs: list[Rig]
) -> None:
    Home(tmp_path).create()
    rig = on_disk(tmp_path, "a", "b")
    rigs.append(rig)
    rig.pull()
    before = rig.log.epoch
    for path in tmp_path.glob("log.sqlite*"):
        path.unlink()
    failed = rig.pull()
    assert failed.outcome == "failed"
    assert failed.error is not None
    assert "deleted" in failed.error.what
    assert b'"reason":"log"' in rig.log.read(0)[-1].data
    assert rig.pull().outcome == "finished"
    assert rig.log.epoch != before
    assert in_log(rig) == ["a", "b"]
    assert rows(rig) == {"a", "b"}
    assert rig.store.applied(rig.log.epoch) > 0
    assert rig.trimmed == 0


def test_a_log_put_back_from_a_backup_begins_another_epoch_and_nothing_stalls(
    tmp_path: Path, rigs: list[Rig]
) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    Home(home).create()
    first = on_disk(home, "a")
    first.pull()
    close(first)
    shutil.copy(Home(home).log, backup)
    second = on_disk(home, "a", "b")
    second.pull()
    before = second.log.epoch
    close(second)
    shutil.copy(backup, Home(home).log)
    third = on_disk(home, "a", "b", "c")
    rigs.append(third)
    assert third.log.epoch == before
    assert third.pull().outcome == "finished"
    assert third.log.epoch != before
    assert in_log(third) == ["a", "b", "c"]
    assert rows(third) == {"a", "b", "c"}
    assert third.trimmed == 0


def trimmed_log(rig: Rig, events: int) -> MemoryEventLog:
    """The rig's log, which took in three events and lost the oldest."""
    assert isinstance(rig.log, MemoryEventLog)
    for text in "abc":
        rig.source.add(note(text))
    rig.ingest.scan(wanted).result(WAIT_SECONDS)
    rig.log.trim(before=now_us(), up_to=events, limit=events)
    return rig.log


@pytest.mark.parametrize(("gone", "left"), [(2, {"c"}), (3, set())])
def test_events_trimmed_before_they_were_applied_are_counted_and_the_rest_goes_on(
    tmp_path: Path, rigs: list[Rig], gone: int, left: set[str]
) -> None:
    rig = Rig(tmp_path, log=MemoryEventLog(clock=lambda: now_us() - HOUR_US))
    rigs.append(rig)
    trimmed_log(rig, gone)
    assert rig.pull().outcome == "finished"
    assert rig.trimmed == gone
    assert rows(rig) == left
    rig.source.add(note("d"))
    assert rig.pull().outcome == "finished"
    assert rig.trimmed == gone
    assert rows(rig) == {*left, "d"}


def test_what_another_epoch_lacks_at_its_beginning_was_applied_in_the_one_before(
    tmp_path: Path, rigs: list[Rig]
) -> None:
    rig = Rig(tmp_path, log=MemoryEventLog(clock=lambda: now_us() - HOUR_US))
    rigs.append(rig)
    rig.source.add(note("a"))
    rig.pull()
    rig.log.trim(before=now_us(), up_to=2, limit=2)
    rig.store._database.run("UPDATE applied SET position = position + 100")
    assert rig.pull().outcome == "finished"
    assert rig.trimmed == 0
    assert rig.store.applied(rig.log.epoch) == rig.log.bounds().newest
