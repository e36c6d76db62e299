"""Repositories as a source: what is told when, and what a checkpoint holds."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.events import CommitObserved, Draft, HeadMoved, RefsObserved
from session_lattice.log.drainer import Delivery, Drainer
from session_lattice.sources.git import source as source_module
from session_lattice.sources.git.reader import GitReader
from session_lattice.sources.git.source import GitSource
from session_lattice.testing import MemoryEventLog
from tests.git import NOW, Repository, needs_git

pytestmark = needs_git


class Reading:
    """A source over repositories, with the checkpoints that a log would hold."""

    def __init__(self, *repos: Path, source: GitSource | None = None) -> None:
        self.repos = [str(repo) for repo in repos]
        self.source = source or GitSource()
        self.checkpoints: dict[str, bytes] = {}

    def read(self, batches: int | None = None) -> list[Draft]:
        """What the source tells; with `batches` it is killed after so many, and another begins."""
        self.source.look_at(self.repos)
        self.source.pending()
        drafts: list[Draft] = []
        for number, batch in enumerate(self.source.batches()):
            drafts += batch.drafts
            self.checkpoints.update({k: v for k, v in batch.checkpoints.items() if v is not None})
            if batches is not None and number + 1 >= batches:
                self.source.close()
                self.source = GitSource()
                self.source.load(self.checkpoints)
                break
        return drafts


@pytest.fixture
def tide(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\n", message="one")
    return repository


@pytest.fixture
def reading(tide: Repository) -> Iterator[Reading]:
    made = Reading(tide.path)
    yield made
    made.source.close()


def of(drafts: list[Draft], kind: type) -> list[Draft]:
    return [draft for draft in drafts if isinstance(draft.event, kind)]


def test_a_repository_is_told_once_and_then_only_what_is_new(
    tide: Repository, reading: Reading
) -> None:
    first = reading.read()
    (commit,) = of(first, CommitObserved)
    assert commit.ts == NOW * 1_000_000
    assert len({draft.stream for draft in first}) == 1
    assert commit.key.startswith("commit/")
    assert reading.read() == []
    tide.commit("a.txt", "two\n", message="two")
    second = reading.read()
    assert [draft.event.subject for draft in of(second, CommitObserved)] == ["two"]  # type: ignore[attr-defined]
    assert (len(of(second, RefsObserved)), len(of(second, HeadMoved))) == (1, 1)


def test_one_that_did_not_change_needs_no_process(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading.read()
    fresh = GitSource()
    fresh.load(reading.checkpoints)
    monkeypatch.setattr(GitReader, "_started", lambda _: pytest.fail("a process was started"))
    assert Reading(*map(Path, reading.repos), source=fresh).read() == []


def test_a_source_that_is_killed_after_any_batch_loses_and_repeats_nothing(
    tide: Repository, reading: Reading
) -> None:
    for number in range(3):
        tide.commit("a.txt", f"{number}\n", message=f"commit {number}")
    whole = Reading(tide.path).read()
    pieces: list[Draft] = []
    for _ in range(5):
        pieces += reading.read(batches=1)
    assert reading.read() == []
    keys = [draft.key for draft in pieces]
    assert len(keys) == len(set(keys))
    assert set(keys) == {draft.key for draft in whole}


def test_a_second_delivery_is_a_silent_no_op(tide: Repository) -> None:
    log = MemoryEventLog()
    drainer = Drainer(log)
    for _ in range(2):
        drainer.submit(Delivery("git", Reading(tide.path).read(), {}))
        drainer.flush()
    assert [event.type for event in log.read(0)].count("commit.observed") == 1
    assert log.bounds().newest == 3
    drainer.close()


def test_references_that_come_back_to_where_they_were_are_news_again(
    tide: Repository, reading: Reading
) -> None:
    keys = [of(reading.read(), RefsObserved)[0].key]
    tide.run("branch", "x")
    keys.append(of(reading.read(), RefsObserved)[0].key)
    tide.run("branch", "-D", "x")
    keys.append(of(reading.read(), RefsObserved)[0].key)
    assert len(set(keys)) == 3


def test_a_repository_that_moves_away_keeps_what_was_told_and_is_counted(
    tide: Repository, reading: Reading
) -> None:
    reading.read()
    tide.path.rename(tide.path.with_name("elsewhere"))
    assert reading.read() == []
    status = reading.source.status()
    assert (status.repositories, dict(status.warnings)) == (0, {"missing_repository": 1})
    assert reading.repos[0] in reading.checkpoints
    tide.path.with_name("elsewhere").rename(tide.path)
    assert reading.read() == []
    assert reading.source.status().repositories == 1


def test_what_a_shallow_history_left_out_is_told_when_it_comes(
    tmp_path: Path, tide: Repository
) -> None:
    for number in range(3):
        tide.commit("a.txt", f"{number}\n")
    tide.run("clone", "-q", "--depth", "1", f"file://{tide.path}", str(tmp_path / "shallow"))
    reading = Reading(tmp_path / "shallow")
    assert len(of(reading.read(), CommitObserved)) == 1
    tide.run("-C", str(tmp_path / "shallow"), "fetch", "-q", "--unshallow")
    assert len(of(reading.read(), CommitObserved)) == 4
    reading.source.close()


def test_a_repository_that_breaks_its_reader_is_left_alone_for_a_while(
    tmp_path: Path, tide: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Repository(tmp_path / "broken")
    broken.commit("a.txt", "one\n")
    (broken.path / ".git" / "config").unlink()
    os.mkfifo(broken.path / ".git" / "config")
    source = GitSource(reader=GitReader(portion_seconds=1.0))
    reading = Reading(broken.path, tide.path, source=source)
    assert len(of(reading.read(), CommitObserved)) == 1
    assert source.status().warnings == {"reading_broke_off": 1}
    assert reading.read() == []
    monkeypatch.setattr(source_module, "RETRY_SECONDS", 0.0)
    (broken.path / ".git" / "config").unlink()
    assert len(of(reading.read(), CommitObserved)) == 1
    assert source.status().warnings == {}
    source.close()


def test_named_directories_are_repositories_or_hold_some(tmp_path: Path) -> None:
    deep = Repository(tmp_path / "code" / "team" / "tide")
    deep.commit("a.txt", "one\n")
    deep.run("worktree", "add", "-q", str(tmp_path / "code" / "team" / "moon"))
    Repository(tmp_path / "code" / "1" / "2" / "3" / "4").commit("a.txt", "too deep\n")
    bare = Repository(tmp_path / "bare.git", bare=True)
    source = GitSource([tmp_path / "code", bare.path, tmp_path / "nowhere"])
    reading = Reading(source=source)
    drafts = reading.read()
    assert [draft.event.repo for draft in of(drafts, CommitObserved)] == [str(deep.path)]  # type: ignore[attr-defined]
    assert source.status().repositories == 2
    source.close()


def test_hashes_names_and_paths_survive_redaction_and_secrets_do_not(tide: Repository) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    tide.commit("keys/token_list.py", "x = 1\n", message=f"Use {secret}\n\nKey: {secret}")
    log = MemoryEventLog()
    drainer = Drainer(log)
    drafts = Reading(tide.path).read()
    drainer.submit(Delivery("git", drafts, {}))
    drainer.flush()
    kept = [event.data.decode() for event in log.read(0)]
    assert not any(secret in data for data in kept)
    (data,) = [data for data in kept if "[redacted:" in data]
    for part in (tide.run("rev-parse", "HEAD"), "keys/token_list.py", "sam@example.org"):
        assert part in data
    for draft in of(drafts, RefsObserved) + of(drafts, HeadMoved):
        assert any(getattr(draft.event, "sha", "") in data for data in kept)
    drainer.close()
