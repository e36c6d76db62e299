"""A pull is a bounded job that ends in exactly one way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.errors import SourceError
from session_lattice.events import Draft, MessageUser
from session_lattice.puller import pull as pull_module
from session_lattice.puller.pull import Ended
from session_lattice.puller.reserve import RESERVE_BYTES, Reserve
from session_lattice.sources.base import Batch
from session_lattice.store import generations
from session_lattice.store.store import Store
from session_lattice.testing import ScriptedSource
from tests.puller.rig import Rig
from tests.puller.test_ingest import Stuck, note, wanted

ENDLESS = """\
-- How long is a piece of string?
-- axis: time
-- grain: n
-- column n: count | never told
SELECT count(*) AS n FROM range(1000000000000) AS a, range(1000000000000) AS b
"""

DEADLINE_SECONDS = 0.3
"""Enough to begin what is then found to be stuck."""


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
    assert rig.pull() == Ended("finished")
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
    assert told[1] == "pull.progressed"
    assert set(told[2:-2]) == {"view.materialized"}
    assert rig.ends() == ["pull.finished"]


@pytest.mark.parametrize("reason", ["asked", "once"])
def test_a_pull_that_was_asked_for_leaves_a_trace_even_of_nothing(rig: Rig, reason: str) -> None:
    rig.pull()
    before = len(rig.told())
    ended = rig.pull(reason)
    assert ended.last is not None
    assert rig.told()[before:] == ["pull.started", "pull.finished"]
    assert b'"generation":null' in rig.log.read(0)[-1].data


def test_a_pull_fails_when_its_source_does_and_the_generation_stays(rig: Rig) -> None:
    rig.pull()
    up = generations.pointed_at(rig.home)
    rig.source.failure = SourceError("the share is not mounted", hint="mount it")
    ended = rig.pull()
    assert ended.last is not None
    assert (ended.last.outcome, ended.last.error) == ("failed", "the share is not mounted")
    assert rig.told()[-2:] == ["pull.started", "pull.failed"]
    assert generations.pointed_at(rig.home) == up


class Watched(ScriptedSource):
    """Counts its reads; after the first one `read_one` is true."""

    def __init__(self, *texts: str) -> None:
        super().__init__("watched", [[note(text)] for text in texts])
        self.reads: list[str] = []

    def batches(self) -> Iterator[Batch]:
        for batch in super().batches():
            self.reads.append(batch.drafts[0].key)
            yield batch

    def read_one(self) -> bool:
        return bool(self.reads)


def test_a_pull_cancelled_while_it_reads_is_gone_on_with_where_it_ended(tmp_path: Path) -> None:
    source = Watched("a", "b", "c")
    rig = Rig(tmp_path, source)
    cancelled = rig.pull("asked", over=source.read_one)
    assert (cancelled.outcome, cancelled.error) == ("cancelled", None)
    assert rig.told() == ["pull.started", "pull.cancelled"]
    assert generations.pointed_at(rig.home) is None
    assert rig.pull().outcome == "finished"
    assert source.reads == ["a", "b", "c"]
    assert generations.pointed_at(rig.home) is not None
    rig.close()


def test_a_pull_cancelled_before_it_publishes_publishes_nothing(rig: Rig) -> None:
    rig.source.add(note("a"))
    checks: list[str] = []

    def over() -> bool:
        checks.append(job.scope.doing)
        return "publishing" in checks

    job = rig.job(over=over)
    assert job.run(rig.work).outcome == "cancelled"
    assert "view.materialized" in rig.told()
    assert rig.told()[-1] == "pull.cancelled"
    assert generations.pointed_at(rig.home) is None
    assert rig.pull().outcome == "finished"
    assert rig.ends() == ["pull.cancelled", "pull.finished"]


def test_a_pull_cancelled_before_it_has_begun_leaves_no_trace(rig: Rig) -> None:
    assert rig.pull(over=lambda: True) == Ended("cancelled")
    assert rig.told() == []


def test_a_read_that_never_returns_fails_every_pull_until_it_does(tmp_path: Path) -> None:
    source = Stuck("a", "b", "c")
    rig = Rig(tmp_path, source)
    first = rig.pull(seconds=DEADLINE_SECONDS)
    assert source.waiting.is_set()
    second = rig.pull(seconds=DEADLINE_SECONDS)
    for ended in (first, second):
        assert ended.error is not None
        assert ended.error.what == "after 0.3 s the pull was still reading transcripts"
        assert "SESSION_LATTICE_PULL_SECONDS" in ended.error.hint
    assert rig.ends() == ["pull.failed", "pull.failed"]
    assert all(b'"reason":"timeout"' in e.data for e in rig.log.read(0) if e.terminal)
    source.let_go.set()
    assert rig.pull().outcome == "finished"
    assert source.reads == ["a", "b", "c"]
    rig.close()


def test_a_pull_that_takes_longer_than_a_moment_can_be_seen_before_anything_is_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_module, "PROGRESS_SECONDS", 0.0)
    source = Stuck("a", "b")
    rig = Rig(tmp_path, source)
    seen: list[str] = []

    def over() -> bool:
        seen[:] = rig.told()
        return "pull.progressed" in seen

    assert rig.pull(over=over).outcome == "cancelled"
    source.let_go.set()
    assert seen == ["pull.started", "pull.progressed"]
    progressed = next(e.data for e in rig.log.read(0) if e.type == "pull.progressed")
    assert b'"done_bytes":1000,"total_bytes":2000' in progressed
    rig.close()


def test_a_statement_that_never_ends_fails_the_pull_and_not_the_next_one(rig: Rig) -> None:
    view = rig.home.views / "endless.sql"
    view.write_text(ENDLESS)
    ended = rig.pull(seconds=DEADLINE_SECONDS)
    assert ended.error is not None
    assert ended.error.what == "after 0.3 s the pull was still refreshing views"
    assert b'"reason":"timeout"' in rig.log.read(0)[-1].data
    assert generations.pointed_at(rig.home) is None
    view.unlink()
    assert rig.pull(over=wanted).outcome == "finished"
    assert rig.store.view_errors == []


def test_what_a_crash_left_applied_but_unpublished_is_published_next(rig: Rig) -> None:
    rig.pull()
    event = MessageUser(agent="a", session="s", message="m", kind="prompt", text="t", text_bytes=1)
    rig.source.add(Draft("session/a/s", "k", 1, event))
    rig.ingest.scan(wanted).result(10)
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
