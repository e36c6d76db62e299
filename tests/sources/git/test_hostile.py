"""Repositories that want to run something, to hold their reader up, or to break it."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from session_lattice.errors import SourceError
from session_lattice.sources.git import reader as reader_module
from session_lattice.sources.git.facts import Facts
from session_lattice.sources.git.reader import BROKE_OFF, GitReader
from tests.git import NOW, Repository, needs_git

pytestmark = needs_git
Read = Callable[[Path], Facts]

SHORT_SECONDS = 2.0
"""What a repository may take that takes for ever."""


def traps(marker: Path) -> dict[str, str]:
    """Settings that make git itself run a command."""
    command = f"touch {marker}"
    return {
        "core.fsmonitor": command,
        "core.hooksPath": str(marker.parent / "hooks"),
        "core.sshCommand": command,
        "core.pager": command,
        "core.editor": command,
        "core.gitProxy": command,
        "core.alternateRefsCommand": command,
        "credential.helper": f"!{command}",
        "diff.external": command,
        "diff.trap.textconv": command,
        "diff.trap.command": command,
        "filter.trap.clean": command,
        "filter.trap.smudge": command,
        "filter.trap.process": command,
        "filter.trap.required": "true",
        "merge.trap.driver": command,
        "gpg.program": command,
        "log.showSignature": "true",
        "uploadpack.packObjectsHook": command,
        "remote.origin.url": f"ext::sh -c {command}",
        "remote.origin.promisor": "true",
        "extensions.partialClone": "origin",
    }


def set_traps(repository: Repository, marker: Path) -> None:
    hooks = marker.parent / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (hooks / name).chmod(0o755)
    with (repository.path / ".git" / "config").open("a") as config:
        for key, value in traps(marker).items():
            section, _, name = key.rpartition(".")
            section, _, part = section.partition(".")
            heading = f'[{section} "{part}"]' if part else f"[{section}]"
            config.write(f'{heading}\n\t{name} = "{value}"\n')


@pytest.fixture
def trapped(tmp_path: Path) -> tuple[Repository, Path]:
    """A repository full of traps, with changes that git would look at through them."""
    repository = Repository(tmp_path / "tide")
    repository.commit(".gitattributes", "* filter=trap diff=trap merge=trap\n")
    repository.commit("a.txt", "one\n")
    marker = tmp_path / "marker"
    set_traps(repository, marker)
    (repository.path / "a.txt").write_text("two\n")
    (repository.path / "b.txt").write_text("new\n")
    return repository, marker


def test_nothing_of_a_repositorys_settings_is_run(
    trapped: tuple[Repository, Path], read: Read
) -> None:
    repository, marker = trapped
    facts = read(repository.path)
    assert not marker.exists()
    assert (facts.modified_files, facts.untracked_files) == (1, 1)
    assert (facts.commits_30d, facts.changed_lines_30d) == (2, 2)
    assert facts.problems == []


def test_the_traps_are_real_git_itself_runs_into_them(trapped: tuple[Repository, Path]) -> None:
    repository, marker = trapped
    repository.run("status", check=False)
    assert marker.exists()


def test_a_repository_of_somebody_else_is_read(tmp_path: Path, read: Read) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving a directory away needs root")
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\n")
    for path in [repository.path, *repository.path.rglob("*")]:
        os.chown(path, 12345, 12345)
    assert read(repository.path).commits_30d == 1


def test_settings_of_the_machine_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = tmp_path / "somebody"
    person.mkdir()
    (person / ".gitconfig").write_text('[remote "origin"]\n\turl = https://elsewhere.example/x\n')
    monkeypatch.setenv("HOME", str(person))
    repository = Repository(tmp_path / "tide")
    reader = GitReader()
    facts = reader.read(str(repository.path), NOW)
    reader.close()
    reader.reap()
    assert facts.found
    assert facts.remote_url is None


@pytest.mark.parametrize("name", [".gitignore", ".git/config", ".git/index", ".git/packed-refs"])
def test_a_file_that_never_ends_costs_its_time_and_no_more(tmp_path: Path, name: str) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\n")
    held = repository.path / name
    held.unlink(missing_ok=True)
    os.mkfifo(held)
    reader = GitReader(SHORT_SECONDS)
    stuck = reader.read(str(repository.path), NOW)
    other = Repository(tmp_path / "moon")
    other.commit("b.txt", "one\n")
    assert reader.read(str(other.path), NOW).commits_30d == 1
    reader.close()
    reader.reap()
    assert stuck.problems == [BROKE_OFF]


def test_what_was_learned_before_a_repository_holds_up_is_kept(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\n")
    os.mkfifo(repository.path / ".gitignore")
    reader = GitReader(SHORT_SECONDS)
    facts = reader.read(str(repository.path), NOW)
    reader.close()
    reader.reap()
    assert (facts.head, facts.commits_30d) == ("main", 1)
    assert facts.problems == [BROKE_OFF]


def test_a_reader_that_is_killed_is_started_again(tmp_path: Path, reader: GitReader) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\n")
    assert reader.read(str(repository.path), NOW).problems == []
    assert reader._process
    os.kill(reader._process.pid, signal.SIGKILL)
    assert reader.read(str(repository.path), NOW).problems == [BROKE_OFF]
    assert reader.read(str(repository.path), NOW).problems == []


def test_a_closed_reader_reads_no_more() -> None:
    reader = GitReader()
    reader.close()
    with pytest.raises(SourceError, match="no longer read"):
        reader.read("/nowhere", NOW)
    reader.reap()


def test_the_process_that_reads_ends_with_its_input() -> None:
    process = reader_module._start()
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_worktree_that_leads_elsewhere_is_not_looked_at(tmp_path: Path, read: Read) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\n")
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "secret.txt").write_text("x")
    repository.run("config", "core.worktree", str(tmp_path / "private"))
    facts = read(repository.path)
    assert (facts.untracked_files, facts.modified_files, facts.changes) == (0, 0, [])
    assert any("core.worktree" in problem for problem in facts.problems)
    assert facts.commits_30d == 1


def test_a_commit_in_an_encoding_that_is_none_is_told(tmp_path: Path, read: Read) -> None:
    repository = Repository(tmp_path / "tide")
    repository.run("config", "i18n.commitEncoding", "no-such-encoding")
    repository.commit("a.txt", "one\n", message="fine")
    facts = read(repository.path)
    assert [commit.subject for commit in facts.commits] == ["fine"]
    assert facts.problems == []


def test_names_that_are_no_text_are_told_as_text(tmp_path: Path, read: Read) -> None:
    repository = Repository(tmp_path / "a 'strange\n$(name)")
    repository.commit("a.txt", "one\n")
    Path(os.fsdecode(os.fsencode(repository.path) + b"/\xff\xfe.txt")).write_text("x")
    facts = read(repository.path)
    assert facts.untracked_files == 1
    assert facts.changes[0][1] == "untracked"


def test_missing_objects_leave_the_rest(tmp_path: Path, read: Read) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\n")
    newest = repository.commit("a.txt", "two\n")
    (repository.path / "c.txt").write_text("x")
    first = repository.run("rev-parse", f"{newest}~1")
    (repository.path / ".git" / "objects" / first[:2] / first[2:]).unlink()
    facts = read(repository.path)
    assert facts.head == "main"
    assert facts.untracked_files == 1
    assert any(problem.startswith("history: ") for problem in facts.problems)


@pytest.mark.parametrize("damage", ["HEAD", "config", "index"])
def test_a_damaged_file_is_a_problem_and_no_error(tmp_path: Path, read: Read, damage: str) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\n")
    (repository.path / ".git" / damage).write_bytes(b"\xff\x00 nonsense [")
    assert read(repository.path).problems


def test_a_format_that_libgit2_does_not_know_is_a_problem(tmp_path: Path, read: Read) -> None:
    repository = Repository(tmp_path / "tide")
    repository.run("config", "core.repositoryFormatVersion", "1")
    repository.run("config", "extensions.fromTheFuture", "true")
    facts = read(repository.path)
    assert not facts.found
    assert facts.problems[0].startswith("opening: ")


def test_git_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository(tmp_path / "tide")
    repository.commit("a.txt", "one\n")
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "git").write_text(f"#!/bin/sh\ntouch {tmp_path}/marker\n")
    (fake / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(fake))
    reader = GitReader()
    assert reader.read(str(repository.path), NOW).commits_30d == 1
    reader.close()
    reader.reap()
    subprocess.run(["git"], env={"PATH": f"{fake}:/usr/bin:/bin"}, check=True)
    assert (tmp_path / "marker").exists()
