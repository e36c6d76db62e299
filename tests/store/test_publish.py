"""A generation is whole or not there; readers keep what they hold."""

import errno
import os
import stat
from pathlib import Path

import duckdb
import pytest

from session_lattice.errors import GenerationError, StoreError
from session_lattice.events import ToolCalled
from session_lattice.store import clone, generations, publish
from session_lattice.store.store import Store
from tests.store.lab import Lab, envelopes

CALL = ToolCalled(agent="codex", session="s1", call="c", name="Bash")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path / "home")
    made.feed(envelopes([CALL]))
    made.store.refresh()
    return made


def release(lab: Lab, times: int = 1) -> generations.Generation:
    for _ in range(times):
        last = lab.store.publish("pull", "embedded", "0", False)
    return last


def inspect(generation: generations.Generation) -> None:
    """What a reader does before it trusts a file."""
    with generations.open_reader(generation) as reader:
        generations.check(generation, reader)


def test_a_generation_carries_its_stamp_and_the_pointer_names_it(lab: Lab) -> None:
    made = release(lab)
    assert generations.pointed_at(lab.home) == made
    with generations.open_reader(made) as reader:
        generations.check(made, reader)
        assert reader.execute(
            "SELECT generation, log_epoch, log_position, pull, rows, sample FROM stamp"
        ).fetchall() == [(1, "epoch1", 1, "pull", 2, False)]
    assert stat.S_IMODE(made.path.stat().st_mode) == publish.READ_ONLY_MODE


def test_numbers_rise_over_restarts_and_over_lost_files(lab: Lab) -> None:
    release(lab, 3)
    for old in generations.all_published(lab.home):
        old.path.unlink()
    lab.reopen()
    assert release(lab).number == 4


def test_a_reader_keeps_its_generation_while_others_are_published_and_pruned(lab: Lab) -> None:
    first = release(lab)
    with generations.open_reader(first) as reader:
        release(lab, publish.KEEP_IN_USE + 2)
        assert not first.path.exists()
        assert reader.execute("SELECT count(*) FROM tool_calls").fetchall() == [(1,)]
    assert len(generations.all_published(lab.home)) <= publish.KEEP_IN_USE


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_generations_in_use_by_another_process_outlive_the_recent_ones(lab: Lab) -> None:
    first = release(lab)
    read, write = os.pipe()
    held, told = os.pipe()
    child = os.fork()
    if child == 0:  # holds what a reader's handle holds: a shared POSIX lock
        import fcntl

        handle = os.open(first.path, os.O_RDONLY)
        fcntl.lockf(handle, fcntl.LOCK_SH)
        os.write(told, b"x")
        os.read(read, 1)
        os._exit(0)
    os.read(held, 1)
    release(lab, publish.KEEP_RECENT + 1)
    assert first.path.exists()
    os.write(write, b"x")
    os.waitpid(child, 0)
    release(lab)
    assert not first.path.exists()


@pytest.mark.parametrize("keep", [0, 100, 5000, 0.5])
def test_a_truncated_generation_is_told_from_a_whole_one(lab: Lab, keep: float) -> None:
    made = release(lab)
    size = made.path.stat().st_size
    made.path.chmod(0o600)
    os.truncate(made.path, int(keep if keep > 1 or keep == 0 else size * keep))
    with pytest.raises(GenerationError, match="generation 1 cannot be read"):
        inspect(made)


def test_a_database_under_another_number_is_not_taken_for_it(lab: Lab) -> None:
    made = release(lab)
    other = generations.Generation(9, made.path.with_name("9.duckdb"))
    made.path.rename(other.path)
    with pytest.raises(GenerationError, match="its stamp says"):
        inspect(other)


def test_a_lost_database_is_restored_from_the_newest_good_generation(lab: Lab) -> None:
    release(lab, 2)
    lab.store.close()
    lab.home.database.unlink()
    newest = generations.all_published(lab.home)[0]
    newest.path.chmod(0o600)
    os.truncate(newest.path, 100)
    lab.store = Store(lab.home, 60.0)
    assert lab.store.restored_from == 1
    assert lab.store.applied("epoch1") == 1
    lab.store.close()


def test_a_full_disk_while_publishing_leaves_the_last_generation_up(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = release(lab)

    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(publish, "clone", full)
    with pytest.raises(GenerationError, match="No space left"):
        release(lab)
    assert generations.pointed_at(lab.home) == first
    assert list(lab.home.generations.iterdir()) == [first.path]
    monkeypatch.undo()
    assert release(lab).number > first.number


def test_a_store_of_a_newer_version_is_refused(lab: Lab) -> None:
    lab.store._database.run("INSERT INTO schema_version VALUES (999)")
    lab.store.close()
    with pytest.raises(StoreError, match="schema 999"):
        Store(lab.home, 60.0)


def test_a_clone_has_the_same_bytes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(100_000))
    clone.clone(source, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == source.read_bytes()


def test_one_writer_or_many_readers_never_both(lab: Lab) -> None:
    """The fact on which publishing rests (design, section 3)."""
    import subprocess
    import sys

    script = "import duckdb, sys; duckdb.connect(sys.argv[1], read_only=True)"
    ran = subprocess.run(
        [sys.executable, "-c", script, str(lab.home.database)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "lock" in ran.stderr


def test_a_handle_opened_by_path_after_a_rename_serves_old_data(tmp_path: Path) -> None:
    """Why every generation has a file name of its own (design, section 3)."""
    for name, value in (("a", 1), ("b", 2)):
        with duckdb.connect(str(tmp_path / name)) as made:
            made.execute(f"CREATE TABLE t AS SELECT {value} AS v")
    with duckdb.connect(str(tmp_path / "a"), read_only=True):
        (tmp_path / "b").rename(tmp_path / "a")
        with duckdb.connect(str(tmp_path / "a"), read_only=True) as late:
            assert late.execute("FROM t").fetchall() == [(1,)]
