"""What becomes of the files of a root from one scan to the next."""

import os
import shutil
from pathlib import Path

import pytest
import zstandard

from session_lattice.sources import files, identity
from session_lattice.sources.lines import BLOCK_BYTES
from tests.sources.notes import Desk, lines


@pytest.fixture(params=[False, True], ids=["running", "restarted"])
def restarted(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "root")


def later(path: Path, seconds: int = 10) -> None:
    """Give a file a later time, as the clock's grain may be coarse."""
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + seconds * 10**9))


def test_a_root_that_is_missing_reports_nothing_as_deleted(desk: Desk) -> None:
    desk.file("open/a.jsonl", "one")
    desk.pull()
    away = desk.root.rename(desk.root.with_name("away"))
    assert desk.pull() == ([], [])
    assert desk.source.status().state == "missing"
    away.rename(desk.root)
    assert desk.pull() == ([], [])
    assert desk.source.status().state == "ok"


def test_an_unchanged_file_is_not_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        desk.file(f"open/{number}.jsonl", "one")
    assert len(desk.pull()[0]) == 50
    desk.restart()
    opened: list[str] = []
    monkeypatch.setattr(identity, "compare", lambda *args: opened.append(args[0]))
    assert desk.source.pending() == 0
    assert desk.pull() == ([], [])
    assert opened == []


def test_what_is_appended_is_read_once(desk: Desk, restarted: bool) -> None:
    path = desk.file("open/a.jsonl", "one")
    assert desk.pull() == (["one"], [])
    desk.add(path, "two", "three")
    if restarted:
        desk.restart()
    assert desk.source.pending() == len(lines("two", "three"))
    assert desk.pull() == (["two", "three"], [])
    assert desk.pull() == ([], [])


def test_files_are_read_oldest_first(desk: Desk) -> None:
    later(desk.file("open/a.jsonl", "new"))
    later(desk.file("shelf/b.jsonl", "old"), -10)
    assert desk.pull()[0] == ["old", "new"]


def test_a_rewritten_file_is_read_again_from_its_start(desk: Desk, restarted: bool) -> None:
    path = desk.file("open/a.jsonl", "one", "two")
    desk.pull()
    if restarted:
        desk.restart()
    path.write_bytes(lines("ONE", "two", "three"))
    assert desk.pull() == (["ONE", "two", "three"], [("a", "rewritten")])


def test_a_truncated_file_is_told(desk: Desk, restarted: bool) -> None:
    path = desk.file("open/a.jsonl", "one", "two")
    desk.pull()
    if restarted:
        desk.restart()
    path.write_bytes(lines("one"))
    assert desk.pull() == (["one"], [("a", "truncated")])


def test_another_file_in_a_files_place_is_told(desk: Desk) -> None:
    path = desk.file("open/a.jsonl", "one", "two")
    desk.pull()
    other = desk.file("open/private/b.jsonl", "other", "lines", "here")
    other.replace(path)
    assert desk.pull() == (["other", "lines", "here"], [("a", "replaced")])


def test_a_copy_put_in_a_files_place_goes_on_where_it_was(desk: Desk) -> None:
    path = desk.file("open/a.jsonl", "one", "two")
    desk.pull()
    copy = desk.file("open/private/b.jsonl", "one", "two", "three")
    copy.replace(path)
    assert desk.pull() == (["three"], [])


def test_a_moved_file_goes_on_where_it_was(desk: Desk, restarted: bool) -> None:
    path = desk.file("open/a.jsonl", "one")
    desk.pull()
    moved = desk.root / "open" / "deeper" / "a.jsonl"
    moved.parent.mkdir()
    path.rename(moved)
    desk.add(moved, "two")
    if restarted:
        desk.restart()
    assert desk.pull() == (["two"], [("a", "moved")])
    assert list(desk.log) == [str(moved)]


def test_a_file_moved_to_another_disk_is_known_by_its_content(desk: Desk) -> None:
    path = desk.file("open/a.jsonl", "one" * 5000)
    desk.pull()
    shutil.copy(path, desk.root / "shelf-a")
    path.unlink()
    (desk.root / "shelf").mkdir()
    shutil.move(desk.root / "shelf-a", desk.root / "shelf" / "a.jsonl")
    assert desk.pull() == ([], [("a", "archived")])


def test_a_copy_is_read_and_outlives_the_first_file(desk: Desk) -> None:
    path = desk.file("open/a.jsonl", "one")
    desk.pull()
    copy = desk.file("open/deeper/a.jsonl", "one")
    assert desk.pull() == (["one"], [])
    path.unlink()
    assert desk.pull() == ([], [("a", "moved")])
    assert list(desk.log) == [str(copy)]


def test_a_deleted_file_is_told_once_and_again_when_it_is_back(desk: Desk, restarted: bool) -> None:
    path = desk.file("open/a.jsonl", "one")
    desk.file("open/b.jsonl", "other")
    desk.pull()
    hidden = path.rename(desk.root / "hidden")
    keys: set[str] = set()
    for _ in range(2):
        assert desk.pull() == ([], [("a", "deleted")])
        if restarted:
            desk.restart()
        assert desk.pull() == ([], [])
        hidden.rename(path)
        desk.source.pending()
        batches = list(desk.source.batches())
        keys.update(draft.key for batch in batches for draft in batch.drafts)
        for batch in batches:
            desk.keep(batch)
        path.rename(hidden)
    assert len(keys) == 2


def test_a_deleted_file_that_returns_longer_is_read_on(desk: Desk) -> None:
    path = desk.file("open/a.jsonl", "one")
    desk.pull()
    path.unlink()
    assert desk.pull()[1] == [("a", "deleted")]
    desk.file("open/a.jsonl", "one", "two")
    assert desk.pull() == (["two"], [("a", "present")])


def test_deleted_files_are_forgotten_beyond_a_limit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "DELETED_LIMIT", 2)
    paths = [desk.file(f"open/{number}.jsonl", str(number)) for number in range(5)]
    desk.pull()
    for path in paths:
        path.unlink()
    desk.pull()
    desk.file("open/x.jsonl", "x")
    desk.pull()
    (desk.root / "open" / "x.jsonl").unlink()
    desk.pull()
    assert len(desk.log) == 3


def test_a_file_that_may_not_be_read_stops_only_itself(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.file("open/a.jsonl", "one")
    desk.file("open/b.jsonl", "two")
    with monkeypatch.context() as patch:
        refuse(patch, path)
        assert desk.pull() == (["two"], [("a", "unreadable")])
        assert desk.pull() == ([], [])
        assert desk.source.pending() == 0
        assert desk.source.status().warnings == {"unreadable_file": 1}
    assert desk.pull() == (["one"], [("a", "present")])


def refuse(patch: pytest.MonkeyPatch, path: Path) -> None:
    """Forbid opening `path`: its mode would not stop a test that runs as root."""
    if os.geteuid():
        path.chmod(0)
        return
    real = open

    def guarded(name: str, *args: object, **more: object) -> object:
        if name == str(path):
            raise PermissionError(13, "Permission denied", name)
        return real(name, *args, **more)  # type: ignore[call-overload]

    patch.setattr("builtins.open", guarded)


def test_files_below_a_directory_that_may_not_be_listed_are_not_deleted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.file("open/deep/a.jsonl", "one")
    desk.pull()
    scandir = os.scandir

    def guarded(name: str) -> object:
        if name == str(path.parent):
            raise PermissionError(13, "Permission denied", name)
        return scandir(name)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", guarded)
        assert desk.pull() == ([], [])
        assert desk.source.status().warnings == {"unreadable_path": 1}
    assert desk.pull() == ([], [])


def test_directories_that_hold_no_transcripts_are_not_entered(desk: Desk) -> None:
    desk.file("open/private/a.jsonl", "secret")
    desk.file("open/a.txt", "text")
    assert desk.pull() == ([], [])
    assert desk.source.status().files == 0


def test_a_link_to_a_directory_is_followed_once_and_a_loop_not_at_all(desk: Desk) -> None:
    desk.file("elsewhere/a.jsonl", "one")
    (desk.root / "open").mkdir()
    (desk.root / "open" / "link").symlink_to(desk.root / "elsewhere")
    (desk.root / "open" / "again").symlink_to(desk.root / "elsewhere")
    (desk.root / "open" / "loop").symlink_to(desk.root / "open")
    (desk.root / "open" / "up").symlink_to(desk.root)
    (desk.root / "open" / "top").symlink_to("/")
    assert desk.pull()[0] == ["one"]


def test_a_name_that_is_not_utf8_is_kept_readable(desk: Desk) -> None:
    path = os.fsencode(desk.file("open/x.jsonl", "one"))
    os.rename(path, path.replace(b"x.jsonl", b"\xff.jsonl"))  # noqa: PTH104
    assert desk.pull() == (["one"], [])
    assert next(iter(desk.log)).endswith("\\xff.jsonl")
    desk.restart()
    assert desk.pull() == ([], [])


def test_a_compressed_file_takes_over_from_the_plain_one(desk: Desk) -> None:
    path = desk.file("open/a.jsonl", "one", "two")
    desk.pull()
    packed = path.with_name("a.jsonl.zst")
    packed.write_bytes(zstandard.compress(lines("one", "two", "three")))
    assert desk.pull() == ([], [])
    path.unlink()
    texts, states = desk.pull()
    assert texts == ["one", "two", "three"]
    assert states == [("a", "moved")]
    desk.restart()
    assert desk.pull() == ([], [])


def test_a_damaged_compressed_file_is_read_as_far_as_it_goes(desk: Desk) -> None:
    path = desk.file("open/a.jsonl.zst")
    path.write_bytes(zstandard.compress(lines("one", "x" * BLOCK_BYTES)) + b"garbage" * 8)
    assert desk.pull()[0] == ["one"]
    assert desk.source.status().warnings == {"damaged_compression": 1}
    assert desk.pull() == ([], [])
