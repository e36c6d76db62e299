"""The history of a repository, as its reader tells it."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from session_lattice.events import ChangedFile, HeadMoved, RefsObserved
from session_lattice.sources.git.portion import Portion
from session_lattice.sources.git.reader import GitReader
from session_lattice.sources.sketch import COMMIT_FILE_LINES, sketch
from tests.git import NOW, Repository, needs_git
from tests.sources.git.test_hostile import set_traps

pytestmark = needs_git

LINES = "".join(f"a line with number {number}\n" for number in range(20))


class Told:
    """All that an answer held."""

    def __init__(self, portions: Sequence[Portion | None]) -> None:
        self.whole = None not in portions
        self.portions = [portion for portion in portions if portion is not None]
        self.commits = [commit for one in self.portions for commit in one.commits]
        self.by_subject = {commit.subject: commit for commit in self.commits}
        self.moves: list[HeadMoved] = [move.event for one in self.portions for move in one.moves]
        self.tips = next((p.tips for p in reversed(self.portions) if p.tips is not None), [])
        self.marks = {top: mark for one in self.portions for top, mark in one.marks.items()}
        self.warnings = {kind for one in self.portions for kind in one.warnings}

    @property
    def standing(self) -> RefsObserved:
        (found,) = [one.standing for one in self.portions if one.standing]
        return found

    def changed(self, subject: str) -> dict[str, ChangedFile]:
        return {file.path: file for file in self.by_subject[subject].changes}


def ask(reader: GitReader, path: Path, told: Told | None = None) -> Told:
    marks = told.marks if told else {}
    return Told(list(reader.since(str(path), str(path), told.tips if told else [], marks)))


@pytest.fixture(scope="module")
def tide(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """One repository with something of everything."""
    repository = Repository(tmp_path_factory.mktemp("git") / "tide")
    repository.commit("src/a.py", LINES, message="first\n\nbody\n\nSession-Id: 1-2")
    repository.commit("src/a.py", LINES.replace("number 3\n", "name\n") + "last line there\n")
    repository.run("mv", "src/a.py", "src/b.py")
    repository.run("commit", "-qm", "renamed")
    (repository.path / "src/c.py").write_text(LINES.replace("number 9\n", "nine\n"))
    (repository.path / "src/b.py").write_text(LINES + "changed as well\n")
    (repository.path / "data.bin").write_bytes(b"\0\1\2" * 50)
    (repository.path / "link").symlink_to("src/b.py")
    repository.run("add", "-A")
    repository.run("commit", "-qm", "copied")
    (repository.path / "link").unlink()
    (repository.path / "link").write_text("a file from now on\n")
    (repository.path / "data.bin").unlink()
    repository.run("add", "-A")
    repository.run("commit", "-qm", "deleted (#12)")
    repository.run("tag", "-a", "v1", "-m", "one")
    repository.run("checkout", "-qb", "other")
    repository.commit("other.txt", "x\n", at=NOW + 10, message="other")
    repository.run("checkout", "-q", "main")
    repository.commit("mine.txt", "y\n", at=NOW + 20, message="mine")
    repository.run("merge", "-q", "--no-ff", "other", "-m", "merged", at=NOW + 30)
    repository.run("update-ref", "refs/remotes/origin/main", "HEAD~1")
    repository.run("config", "remote.origin.url", "https://sam:secret@host.example/o/tide.git")
    return repository


@pytest.fixture(scope="module")
def told(reader: GitReader, tide: Repository) -> Told:
    return ask(reader, tide.path)


def test_every_commit_comes_once_and_after_its_parents(told: Told, tide: Repository) -> None:
    shas = [commit.sha for commit in told.commits]
    assert sorted(shas) == sorted(tide.run("rev-list", "--all").split())
    for place, commit in enumerate(told.commits):
        assert all(parent in shas[:place] for parent in commit.parents)
    assert told.whole
    assert told.warnings == set()
    assert told.tips == [tide.run("rev-parse", "HEAD")]


def test_counts_and_states_of_files_are_those_of_git(told: Told, tide: Repository) -> None:
    for commit in told.commits:
        said = tide.run("show", "--numstat", "--format=", "-M", "-C", "--root", "-z", commit.sha)
        counts = [part.split("\t")[:2] for part in said.split("\0") if "\t" in part]
        plain = sorted((int(a.replace("-", "0")), int(d.replace("-", "0"))) for a, d in counts)
        if len(commit.parents) < 2:
            assert sorted((one.additions, one.deletions) for one in commit.changes) == plain
            assert commit.files_changed == len(plain)
            assert commit.additions == sum(added for added, _ in plain)


def test_a_rename_a_copy_a_link_and_binary_data_are_told_as_such(told: Told) -> None:
    (renamed,) = told.changed("renamed").values()
    assert (renamed.path, renamed.former_path, renamed.status) == (
        "src/b.py",
        "src/a.py",
        "renamed",
    )
    copied = told.changed("copied")
    assert (copied["src/c.py"].status, copied["src/c.py"].former_path) == ("copied", "src/b.py")
    assert copied["src/b.py"].status == "modified"
    assert (copied["data.bin"].status, copied["data.bin"].binary) == ("added", True)
    deleted = told.changed("deleted (#12)")
    assert (deleted["link"].status, deleted["data.bin"].status) == ("type_changed", "deleted")
    assert told.by_subject["merged"].changes == ()


def test_a_commit_has_a_sketch_of_the_lines_it_added(told: Told) -> None:
    assert told.changed("first")["src/a.py"].lines == sketch(LINES.splitlines(), COMMIT_FILE_LINES)
    changed = told.changed("change src/a.py")["src/a.py"]
    assert changed.lines == sketch(["a line with name", "last line there"], 10)
    assert told.changed("renamed")["src/b.py"].lines == ()


def test_who_when_trailers_and_references_are_told(told: Told, tide: Repository) -> None:
    first = told.by_subject["first"]
    assert (first.author_name, first.author_email) == ("Sam Tide", "sam@example.org")
    assert (first.committer_name, first.committed_at) == ("Kim Moon", NOW * 1_000_000)
    assert (first.body, first.trailers[0].key) == ("body\n\nSession-Id: 1-2", "Session-Id")
    assert told.by_subject["deleted (#12)"].references[0].kind == "pull_request"
    assert first.repo == str(tide.path)


def test_references_stand_where_they_stand_and_name_nobody(told: Told, tide: Repository) -> None:
    seen = told.standing
    assert {ref.name: ref.sha for ref in seen.refs} == {
        "refs/heads/main": tide.run("rev-parse", "main"),
        "refs/heads/other": tide.run("rev-parse", "other"),
        "refs/remotes/origin/main": tide.run("rev-parse", "main~1"),
        "refs/tags/v1": tide.run("rev-parse", "v1^{commit}"),
    }
    assert (seen.head, seen.default_branch, seen.bare, seen.shallow) == (
        *("main", "main"),
        *(False, False),
    )
    assert seen.remote_url == "https://host.example/o/tide.git"


def test_the_reflog_tells_what_was_checked_out(told: Told, tide: Repository) -> None:
    log = tide.run("reflog", "--format=%H").split()
    assert [move.sha for move in told.moves] == log[::-1]
    assert [move.number for move in told.moves] == list(range(len(log)))
    assert [move.branch for move in told.moves if move.action == "checkout"] == ["other", "main"]
    assert (told.moves[0].action, told.moves[0].former_sha) == ("commit", "")
    assert {move.worktree for move in told.moves} == {str(tide.path)}


def test_what_was_told_is_not_told_again(reader: GitReader, tide: Repository, told: Told) -> None:
    again = ask(reader, tide.path, told)
    assert (again.commits, again.moves) == ([], [])
    assert again.standing == told.standing


def test_a_rewritten_branch_a_worktree_and_a_detached_head_bring_what_is_new(
    tmp_path: Path, reader: GitReader
) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\n", message="one")
    repository.commit("a.txt", "two\n", message="two")
    before = ask(reader, repository.path)
    repository.run("commit", "-q", "--amend", "-m", "two again", at=NOW + 5)
    moon = tmp_path / "moon"
    repository.run("worktree", "add", "-q", "-b", "moon", str(moon))
    Repository(moon).commit("b.txt", "x\n", message="in the worktree")
    repository.run("checkout", "-q", "--detach")
    repository.commit("c.txt", "x\n", message="on no branch")
    repository.run("branch", "-D", "main")
    after = ask(reader, repository.path, before)
    assert set(after.by_subject) == {"two again", "in the worktree", "on no branch"}
    assert (after.standing.head, after.standing.default_branch) == ("detached", "")
    assert {ref.name for ref in after.standing.refs} == {"refs/heads/moon"}
    assert {move.worktree for move in after.moves} == {str(repository.path), str(moon)}
    assert before.moves[-1] not in after.moves
    assert ask(reader, repository.path, after).commits == []


def test_empty_bare_and_shallow_repositories_are_read_for_what_they_have(
    tmp_path: Path, reader: GitReader, tide: Repository, told: Told
) -> None:
    empty = ask(reader, Repository(tmp_path / "empty").path)
    assert (empty.commits, empty.standing.head, empty.warnings) == ([], "main", set())
    tide.run("clone", "-q", "--mirror", str(tide.path), str(tmp_path / "bare.git"))
    bare = ask(reader, tmp_path / "bare.git")
    assert (bare.standing.bare, len(bare.commits)) == (True, len(told.commits))
    shallow_at = tmp_path / "shallow"
    tide.run("clone", "-q", "--depth", "1", f"file://{tide.path}", str(shallow_at))
    shallow = ask(reader, shallow_at)
    assert (shallow.standing.shallow, [one.changes for one in shallow.commits]) == (True, [()])
    tide.run("clone", "-q", "--shared", str(tide.path), str(tmp_path / "shared"))
    assert len(ask(reader, tmp_path / "shared").commits) == len(told.commits)


def test_a_submodule_is_a_file_without_lines(tmp_path: Path, reader: GitReader) -> None:
    inner = Repository(tmp_path / "inner")
    inner.commit("a.txt", "one\n")
    outer = Repository(tmp_path / "outer")
    outer.run("submodule", "add", "-q", str(inner.path), "inner")
    outer.run("commit", "-qm", "added")
    file = ask(reader, outer.path).changed("added")["inner"]
    assert (file.status, file.additions, file.lines) == ("added", 0, ())
    assert len(ask(reader, outer.path / "inner").commits) == 1


def test_nothing_of_a_repository_is_run(tmp_path: Path, reader: GitReader) -> None:
    repository = Repository(tmp_path / "a 'strange\n$(touch x)")
    repository.commit(".gitattributes", "* filter=trap diff=trap merge=trap\n")
    repository.commit("a.txt", "one\n")
    repository.commit("a.txt", "two\n", message="hook")
    marker = tmp_path / "marker"
    set_traps(repository, marker)
    found = ask(reader, repository.path)
    assert (len(found.commits), found.whole, found.warnings) == (3, True, set())
    assert found.changed("hook")["a.txt"].additions == 1
    assert not marker.exists()


def test_missing_and_damaged_objects_cost_only_what_needs_them(
    tmp_path: Path, reader: GitReader
) -> None:
    repository = Repository(tmp_path / "tide")
    first = repository.commit("a.txt", "one\n", message="first")
    repository.commit("a.txt", "two\n", message="second")
    repository.commit("a.txt", "three\n", message="third")
    tree = repository.run("rev-parse", f"{first}^{{tree}}")
    objects = repository.path / ".git" / "objects"
    (objects / tree[:2] / tree[2:]).chmod(0o600)
    (objects / tree[:2] / tree[2:]).write_bytes(b"nonsense")
    found = ask(reader, repository.path)
    assert set(found.by_subject) == {"first", "second", "third"}
    assert (found.whole, found.warnings) == (True, {"unreadable_changes"})
    assert found.changed("third")["a.txt"].additions == 1
    (objects / first[:2] / first[2:]).unlink()
    found = ask(reader, repository.path)
    assert (set(found.by_subject), found.whole) == ({"second", "third"}, True)
    assert "missing_commits" in found.warnings


@pytest.mark.parametrize(
    "setting",
    ["extensions.objectFormat=sha256", "extensions.refStorage=reftable"],
)
def test_a_format_that_cannot_be_read_is_counted(
    tmp_path: Path, reader: GitReader, setting: str
) -> None:
    repository = Repository(tmp_path / "tide")
    name, _, value = setting.partition("=")
    repository.run("config", "core.repositoryFormatVersion", "1")
    repository.run("config", name, value)
    found = ask(reader, repository.path)
    assert (found.commits, found.warnings) == ([], {"unreadable_repository"})


@pytest.mark.parametrize("name", ["packed-refs", "logs/HEAD", "shallow", "refs/heads/held"])
def test_a_file_that_never_ends_holds_up_nobody_for_longer_than_a_portion(
    tmp_path: Path, name: str
) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\n")
    held = repository.path / ".git" / name
    held.unlink(missing_ok=True)
    os.mkfifo(held)
    reader = GitReader(portion_seconds=1.0)
    found = ask(reader, repository.path)
    assert not found.whole or len(found.commits) == 1
    other = Repository(tmp_path / "moon")
    other.commit("b.txt", "one\n")
    assert ask(reader, other.path).whole
    reader.close()
    reader.reap()


def test_names_and_times_that_are_none_are_told_as_text_and_time(
    tmp_path: Path, reader: GitReader
) -> None:
    repository = Repository(tmp_path / "tide")
    (repository.path / os.fsdecode(b"\xff\xfe.txt")).write_text("x\n")
    repository.run("add", "-A")
    repository.run("commit", "-qm", "odd")
    raw = repository.run("cat-file", "commit", "HEAD").replace(str(NOW), "99999999999999")
    (tmp_path / "raw").write_text(raw + "\n\nodd time\n")
    sha = repository.run("hash-object", "-t", "commit", "-w", "--literally", str(tmp_path / "raw"))
    repository.run("update-ref", "refs/heads/odd", sha)
    found = ask(reader, repository.path)
    assert found.whole
    assert all(0 <= one.committed_at < 2**62 for one in found.commits)
    assert found.changed("odd")["\ufffd\ufffd.txt"].additions == 1


def test_a_long_history_comes_in_portions_that_can_be_gone_on_from(
    tmp_path: Path, reader: GitReader
) -> None:
    repository = Repository(tmp_path / "tide", bare=True)
    stream = "".join(_commit(number) for number in range(2_100))
    repository.feed("fast-import", "--quiet", given=stream)
    portions = list(_portions(reader, repository.path))
    assert [len(portion.commits) for portion in portions if portion.commits] == [500] * 4 + [100]
    first = Told(portions[:1])
    rest = ask(reader, repository.path, first)
    assert [one.sha for one in rest.commits] == [
        commit.sha for portion in portions[1:] for commit in portion.commits
    ]
    assert rest.tips == Told(portions).tips


def _portions(reader: GitReader, path: Path) -> Iterator[Portion]:
    for portion in reader.since(str(path), str(path), [], {}):
        assert portion is not None
        yield portion


def _commit(number: int) -> str:
    branch = "main" if number % 3 else "side"
    who = f"committer Sam <sam@example.org> {NOW + number} +0000"
    text = f"line {number}\n"
    return (
        f"commit refs/heads/{branch}\n{who}\ndata 1\nx\n"
        f"M 644 inline f{number % 7}\ndata {len(text)}\n{text}\n"
    )
