"""A change on disk is told within moments, whatever else changes beside it."""

import threading
from pathlib import Path

from session_lattice.puller.watch import Watcher

WAIT_SECONDS = 20.0


def write_until_told(path: Path, told: threading.Event) -> bool:
    """A watcher takes a moment to begin; a file that grows is a change at any time."""
    for _ in range(100):
        with path.open("a") as file:
            file.write("{}\n")
        if told.wait(WAIT_SECONDS / 100):
            return True
    return False


def test_a_transcript_that_grows_is_told_and_another_root_is_taken_in(tmp_path: Path) -> None:
    told = threading.Event()
    watcher = Watcher(told.set, lambda error: None)
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    watcher.watch([first, second])
    assert write_until_told(first / "a.jsonl", told)
    second.mkdir()
    watcher.watch([first, second])
    told.clear()
    assert write_until_told(second / "b.jsonl.zst", told)
    watcher.close()


def test_nothing_to_watch_is_no_error(tmp_path: Path) -> None:
    watcher = Watcher(lambda: None, lambda error: None)
    watcher.watch([tmp_path / "nowhere"])
    watcher.close()
