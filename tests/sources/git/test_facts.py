"""What is told of repositories that mean no harm."""

from collections.abc import Callable
from pathlib import Path

import pytest

from session_lattice.sources.git.facts import Facts
from session_lattice.sources.git.refs import STALE_SECONDS, without_user
from tests.git import DAY, NOW, Repository, needs_git

pytestmark = needs_git
Read = Callable[[Path], Facts]


@pytest.fixture
def tide(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\ntwo\n", at=NOW - 2 * DAY, message="first\n\nwith a body")
    return repository


def test_a_directory_without_a_repository_is_none(tmp_path: Path, read: Read) -> None:
    facts = read(tmp_path)
    assert not facts.found
    assert facts.problems


def test_a_directory_below_a_repository_is_none_itself(tide: Repository, read: Read) -> None:
    (tide.path / "src").mkdir()
    assert not read(tide.path / "src").found


def test_a_repository_that_is_gone_is_a_problem_and_no_error(tmp_path: Path, read: Read) -> None:
    assert read(tmp_path / "gone").problems


def test_a_repository_without_a_commit_has_a_branch_and_no_more(tmp_path: Path, read: Read) -> None:
    facts = read(Repository(tmp_path / "empty").path)
    assert (facts.found, facts.head, facts.default_branch) == (True, "main", None)
    assert (facts.commits, facts.problems) == ([], [])


def test_a_bare_repository_has_commits_and_no_files(
    tmp_path: Path, tide: Repository, read: Read
) -> None:
    tide.run("clone", "-q", "--bare", str(tide.path), str(tmp_path / "bare.git"))
    facts = read(tmp_path / "bare.git")
    assert (facts.commits_30d, facts.untracked_files, facts.problems) == (1, 0, [])


def test_a_repository_in_its_bare_folder_is_found(
    tmp_path: Path, tide: Repository, read: Read
) -> None:
    tide.run("clone", "-q", "--bare", str(tide.path), str(tmp_path / "moon" / ".bare"))
    assert read(tmp_path / "moon").commits_30d == 1


def test_a_shallow_repository_says_so(tmp_path: Path, tide: Repository, read: Read) -> None:
    tide.commit("a.txt", "three\n")
    tide.run("clone", "-q", "--depth", "1", f"file://{tide.path}", str(tmp_path / "shallow"))
    facts = read(tmp_path / "shallow")
    assert (facts.shallow, facts.commits_30d, facts.problems) == (True, 1, [])


def test_a_commit_is_told_whole(tide: Repository, read: Read) -> None:
    first = tide.run("rev-parse", "HEAD")
    tide.run("branch", "other")
    second = tide.commit("b.txt", "x\n", message="second")
    newest, oldest = read(tide.path).commits
    assert (newest.sha, newest.parents, newest.refs) == (second, [first], ["main"])
    assert (oldest.subject, oldest.body, oldest.refs) == ("first", "with a body", ["other"])
    assert (oldest.author_name, oldest.author_email) == ("Sam Tide", "sam@example.org")
    assert (oldest.committer_name, oldest.committer_email) == ("Kim Moon", "kim@example.org")
    assert (oldest.committed_at, oldest.offset_minutes) == (NOW - 2 * DAY, 120)


def test_only_thirty_days_are_counted(tmp_path: Path, read: Read) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "1\n2\n3\n", at=NOW - 31 * DAY)
    repository.commit("a.txt", "1\n2\n4\n5\n", at=NOW - 29 * DAY)
    facts = read(repository.path)
    assert (facts.commits_30d, facts.changed_lines_30d, facts.authors_30d) == (1, 3, 1)
    assert len(facts.commits) == 2


def test_files_that_are_not_committed_are_counted_by_kind(tide: Repository, read: Read) -> None:
    (tide.path / ".gitignore").write_text("*.log\n")
    tide.run("add", "-A")
    (tide.path / "a.txt").write_text("changed\n")
    (tide.path / "noise.log").write_text("x")
    (tide.path / "folder").mkdir()
    for name in ("one", "two"):
        (tide.path / "folder" / name).write_text("x")
    facts = read(tide.path)
    assert (facts.modified_files, facts.untracked_files) == (2, 1)
    assert facts.changes == [
        (".gitignore", "added"),
        ("a.txt", "modified"),
        ("folder/", "untracked"),
    ]


def test_a_head_without_a_branch_is_detached(tide: Repository, read: Read) -> None:
    tide.run("checkout", "-q", "--detach")
    assert read(tide.path).head == "detached"


def test_an_operation_under_way_is_named(tide: Repository, read: Read) -> None:
    tide.run("checkout", "-q", "-b", "other")
    tide.commit("a.txt", "other\n")
    tide.run("checkout", "-q", "main")
    tide.commit("a.txt", "mine\n")
    assert read(tide.path).operation is None
    tide.run("merge", "other", check=False)
    facts = read(tide.path)
    assert facts.operation == "merge"
    assert ("a.txt", "conflicted") in facts.changes


def test_commits_are_counted_against_the_upstream_branch(
    tmp_path: Path, tide: Repository, read: Read
) -> None:
    tide.run("clone", "-q", str(tide.path), str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone")
    tide.commit("b.txt", "x\n")
    clone.run("fetch", "-q")
    clone.commit("c.txt", "x\n")
    clone.commit("d.txt", "x\n")
    facts = read(clone.path)
    assert (facts.ahead, facts.behind, facts.default_branch) == (2, 1, "main")
    assert facts.remote_url == str(tide.path)


def test_the_remotes_default_branch_counts(tmp_path: Path, tide: Repository, read: Read) -> None:
    tide.run("checkout", "-q", "-b", "trunk")
    tide.run("clone", "-q", str(tide.path), str(tmp_path / "clone"))
    assert read(tmp_path / "clone").default_branch == "trunk"


def test_stashes_are_counted(tide: Repository, read: Read) -> None:
    for content in ("x\n", "y\n"):
        (tide.path / "a.txt").write_text(content)
        tide.run("stash")
    assert read(tide.path).stashes == 2


def test_branches_without_a_commit_for_thirty_days_are_stale(tmp_path: Path, read: Read) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "1\n", at=NOW - STALE_SECONDS - 10)
    repository.run("branch", "old")
    repository.run("checkout", "-q", "-b", "young")
    repository.commit("a.txt", "2\n", at=NOW - STALE_SECONDS + 10)
    repository.run("checkout", "-q", "-b", "work")
    (branch,) = read(repository.path).stale_branches
    assert (branch.name, branch.tip_at) == ("old", NOW - STALE_SECONDS - 10)


def test_a_worktree_is_read_by_its_own_path_too(
    tmp_path: Path, tide: Repository, read: Read
) -> None:
    tide.run("worktree", "add", "-q", "-b", "moon", str(tmp_path / "moon"))
    (tmp_path / "moon" / "new.txt").write_text("x")
    facts = read(tmp_path / "moon")
    assert (facts.head, facts.untracked_files) == ("moon", 1)
    assert read(tide.path).untracked_files == 0


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://sam:token@host.example/o/r.git", "https://host.example/o/r.git"),
        ("https://token@host.example:8443/o/r?key=x#y", "https://host.example:8443/o/r"),
        ("ssh://git@host.example/o/r", "ssh://host.example/o/r"),
        ("git@host.example:o/r.git", "host.example:o/r.git"),
        ("/srv/git/r.git", "/srv/git/r.git"),
        ("../r@v2:x", "../r@v2:x"),
    ],
)
def test_an_address_is_told_without_who_calls(url: str, told: str) -> None:
    assert without_user(url) == told
