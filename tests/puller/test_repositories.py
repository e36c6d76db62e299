"""Repositories are read after the transcripts that name them, in the same tick."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.errors import SourceError
from session_lattice.events import CheckoutObserved, Draft
from session_lattice.puller.discovery import Once
from session_lattice.puller.ingest import Ingest
from session_lattice.puller.progress import Unmeasured
from session_lattice.sources.git.source import GitSource
from tests.git import Repository, needs_git
from tests.puller.rig import Rig
from tests.puller.test_ingest import note

pytestmark = needs_git


class Failing(GitSource):
    """One that can be made to fail."""

    failure: SourceError | None = None

    def pending(self) -> int:
        if self.failure:
            raise self.failure
        return super().pending()


@pytest.fixture
def tide(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\n", message="one")
    return repository


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path / "home")
    source = Failing()
    lane = Ingest(
        *(made.log, made.drainer, Once(source)), progress=Unmeasured(), on_error=made.errors.append
    )
    made.follow(source, lane)
    yield made
    made.close()


def checkout(repo: Path, evidence: str = "git") -> Draft:
    place = str(repo)
    event = CheckoutObserved(cwd=place, repo=place, worktree=place, evidence=evidence)  # type: ignore[arg-type]
    return Draft("repo/x", f"checkout/{place}/{evidence}", 1, event)


def subjects(rig: Rig) -> list[str]:
    return [row for (row,) in rig.store._database.rows("SELECT subject FROM commits ORDER BY 1")]


def test_commits_come_with_the_pull_that_hears_of_the_repository(
    rig: Rig, tide: Repository, tmp_path: Path
) -> None:
    rig.source.add(checkout(tide.path), checkout(tmp_path / "layout", "layout"))
    ended = rig.pull("once")
    assert ended.outcome == "finished"
    assert subjects(rig) == ["one"]
    assert rig.told().count("generation.published") == 1
    newest = rig.log.bounds().newest
    rig.pull()
    assert rig.log.bounds().newest == newest
    tide.commit("a.txt", "two\n", message="two")
    rig.pull()
    assert subjects(rig) == ["one", "two"]


def test_repositories_that_cannot_be_read_fail_alone(rig: Rig, tide: Repository) -> None:
    git = rig.repositories
    assert isinstance(git, Failing)
    git.failure = SourceError("the disk is away")
    rig.source.add(note("a"), checkout(tide.path))
    ended = rig.pull()
    assert ended.error is not None
    assert ended.error.what == "the disk is away"
    assert rig.told()[-2:] == ["generation.published", "pull.failed"]
    assert subjects(rig) == []
    git.failure = None
    assert rig.pull().outcome == "finished"
    assert subjects(rig) == ["one"]


def test_transcripts_that_cannot_be_read_leave_repositories_to_be_read(
    rig: Rig, tide: Repository
) -> None:
    rig.source.add(checkout(tide.path))
    rig.pull()
    tide.commit("a.txt", "two\n", message="two")
    rig.source.failure = SourceError("no transcripts")
    ended = rig.pull()
    assert ended.error is not None
    assert ended.error.what == "no transcripts"
    assert subjects(rig) == ["one", "two"]


def test_the_stamp_says_nothing_of_repositories(rig: Rig, tide: Repository) -> None:
    rig.source.add(checkout(tide.path))
    rig.pull()
    assert rig.store._database.rows("SELECT upstream FROM stamp") == [("embedded",)]
    statuses = rig.lanes.statuses()
    assert [status.repositories for status in statuses] == [None, 1]
