"""When the pair of scan_version and last_scan changes, and what outlives a process."""

import json
from pathlib import Path

import pytest

from session_lattice.recall.home import RecallHome
from session_lattice.recall.served import Served
from tests.git import Repository, needs_git
from tests.reads.world import World
from tests.recall.conftest import START, Scans, place


def again(home: RecallHome, clock: float = START) -> Served:
    """What a process that starts anew serves after its first scan."""
    scans = Scans(home)
    scans.clock = clock
    try:
        return scans.scan()
    finally:
        scans.close()


def test_without_a_generation_nothing_is_served(
    unpublished: World, scans: Scans, home: RecallHome
) -> None:
    served = scans.scan()
    assert served.stamp() == {"scan_version": 0, "last_scan": None}
    assert served.sessions == ""
    assert not home.scan.exists()


def test_the_first_scan_begins_at_the_time(world: World, scans: Scans) -> None:
    assert scans.scan().stamp() == {"scan_version": int(START), "last_scan": int(START)}


def test_scans_that_find_nothing_new_change_nothing(world: World, scans: Scans) -> None:
    first = scans.scan()
    assert all(scans.scan() is first for _ in range(5))


def test_another_generation_of_the_same_content_changes_nothing(world: World, scans: Scans) -> None:
    first = scans.scan()
    world.publish()
    assert scans.scan() is first


def test_more_sessions_raise_the_version_by_one(world: World, scans: Scans) -> None:
    first = scans.scan()
    world.add(1)
    world.publish()
    second = scans.scan()
    assert second.scan_version == first.scan_version + 1
    assert (second.last_scan or 0) > (first.last_scan or 0)


def test_a_process_that_starts_again_serves_at_once_what_was_served(
    world: World, scans: Scans, home: RecallHome
) -> None:
    first = scans.scan()
    resumed = Scans(home)
    before_any_scan = resumed.served
    resumed.close()
    assert before_any_scan.stamp() == first.stamp()
    assert bytes(before_any_scan.page) == bytes(first.page)
    assert again(home).stamp() == first.stamp()


def test_the_version_goes_on_over_restarts(world: World, scans: Scans, home: RecallHome) -> None:
    first = scans.scan()
    for number in range(1, 4):
        world.add(1)
        world.publish()
        assert again(home).scan_version == first.scan_version + number


@pytest.mark.parametrize("damage", ["lost", "torn"])
def test_without_its_file_the_version_begins_above_all_before(
    world: World, scans: Scans, home: RecallHome, damage: str
) -> None:
    first = scans.scan()
    if damage == "lost":
        home.scan.unlink()
    else:
        home.scan.write_bytes(home.scan.read_bytes()[:-9])
    second = again(home, START + 1)
    assert second.scan_version > first.scan_version
    assert (second.last_scan or 0) > (first.last_scan or 0)


def test_a_clock_that_goes_back_repeats_no_pair(
    world: World, scans: Scans, home: RecallHome
) -> None:
    first = scans.scan()
    world.add(1)
    world.publish()
    second = again(home, START - 1_000_000)
    assert second.stamp() == {
        "scan_version": first.scan_version + 1,
        "last_scan": int(START) + 1,
    }


def test_the_list_of_sessions_that_was_deleted_is_made_again(
    world: World, scans: Scans, home: RecallHome
) -> None:
    first = scans.scan()
    path = home.sessions(first.sessions)
    content = path.read_bytes()
    path.unlink()
    scans.scan()
    assert path.read_bytes() == content


def test_a_restart_without_the_list_of_sessions_changes_the_pair(
    world: World, scans: Scans, home: RecallHome
) -> None:
    first = scans.scan()
    home.sessions(first.sessions).unlink()
    assert again(home).scan_version == first.scan_version + 1


def test_lists_of_sessions_before_are_removed(world: World, scans: Scans, home: RecallHome) -> None:
    scans.scan()
    world.add(1)
    world.publish()
    second = scans.scan()
    assert list(home.root.glob("sessions*")) == [home.sessions(second.sessions)]


def test_a_generation_without_its_views_leaves_what_was_served(
    world: World, scans: Scans, capsys: pytest.CaptureFixture[str]
) -> None:
    first = scans.scan()
    world.database.run("DROP TABLE repo_sessions")
    world.publish(refresh=False)
    assert scans.scan() is first
    assert "scan_failed" in capsys.readouterr().out


def test_what_is_kept_is_for_its_owner_alone(world: World, scans: Scans, home: RecallHome) -> None:
    served = scans.scan()
    for path in (home.scan, home.sessions(served.sessions)):
        assert path.stat().st_mode & 0o777 == 0o600


@needs_git
def test_what_changes_in_a_repository_alone_raises_the_version(
    world: World, scans: Scans, tmp_path: Path
) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "x\n")
    place(world, repository.path)
    first = scans.scan()
    assert scans.scan() is first
    (repository.path / "new.txt").write_text("x")
    second = scans.scan()
    assert second.scan_version == first.scan_version + 1
    page = json.loads(bytes(second.page))
    assert [group["repo_path"] for group in page["uncommitted_groups"]] == [str(repository.path)]
    assert scans.scan() is second


@needs_git
def test_a_branch_that_ages_is_no_change(world: World, scans: Scans, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "x\n", at=1_600_000_000)
    repository.run("checkout", "-q", "-b", "other")
    repository.run("branch", "old")
    place(world, repository.path)
    first = scans.scan()
    (repo,) = [
        one for one in json.loads(bytes(first.page))["repos"] if one["path"] == str(repository.path)
    ]
    age = (first.last_scan or 0) - 1_600_000_000
    assert repo["stale_branches"] == [{"name": "old", "tip_age_secs": age}]
    scans.clock += 86_400
    assert scans.scan() is first


@needs_git
def test_a_secret_in_a_commit_is_not_told(world: World, scans: Scans, tmp_path: Path) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    repository = Repository(tmp_path / "tide")
    sha = repository.commit("a.txt", "x\n", message=f"use {secret} here")
    repository.run("remote", "add", "origin", f"https://sam:{secret}@host.example/r")
    place(world, repository.path)
    page = bytes(scans.scan().page)
    (commit,) = json.loads(page)["recent_commits"]
    assert secret.encode() not in page
    assert commit["commit"]["sha"] == sha
    assert commit["repo_remote_url"] == "https://host.example/r"
