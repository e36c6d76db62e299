"""The doubles keep the contracts of what they stand for; the log's is in tests/contract."""

import pytest

from session_lattice.errors import SourceError
from session_lattice.events import Draft, PullStarted
from session_lattice.log.drainer import Delivery, Drainer
from session_lattice.sources.base import Source
from session_lattice.testing import MemoryEventLog, ScriptedSource


def draft(key: str) -> Draft:
    return Draft("pull/1", key, 1, PullStarted(pull="1", reason="tick"))


def pull(source: Source, log: MemoryEventLog, most: int = 99) -> int:
    """Bring up to `most` batches into the log, as the puller does; bytes that were pending."""
    drainer = Drainer(log)
    size = source.pending()
    for _, batch in zip(range(most), source.batches(), strict=False):
        drainer.submit(Delivery(source.name, batch.drafts, batch.checkpoints))
    drainer.close()
    return size


def test_a_failing_source_fails_until_it_is_mended() -> None:
    source = ScriptedSource("script", [[draft("1")]])
    source.failure = SourceError("cannot be read")
    with pytest.raises(SourceError):
        source.pending()
    assert source.status().state == "unreadable"
    source.failure = None
    assert source.pending() > 0
    assert source.status().state == "ok"


def test_a_source_left_half_consumed_is_read_on_from_its_checkpoint() -> None:
    log = MemoryEventLog()
    script = [[draft("1"), draft("2")], [draft("3")]]
    pull(ScriptedSource("script", script), log, most=1)
    assert len(log.read(0)) == 2
    resumed = ScriptedSource("script", script)
    resumed.load(log.checkpoints("script"))
    pull(resumed, log)
    assert [e.seq for e in log.read(0)] == [1, 2, 3]


def test_what_is_added_is_found_by_the_next_look_and_nothing_new_is_nothing_to_read() -> None:
    log = MemoryEventLog()
    source = ScriptedSource("script")
    assert pull(source, log) == 0
    source.add(draft("1"))
    assert pull(source, log) > 0
    assert pull(source, log) == 0
    assert len(log.read(0)) == 1
