"""The index file is whole or made anew, whatever becomes of it."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from session_lattice.errors import DamagedIndexError, NoSearchIndexError, SearchError
from session_lattice.search import file
from session_lattice.search.index import ALL, EARLIEST, Index
from tests.search.made import document, filled, found

WRITER = """
import sys, pathlib
from tests.search.made import document
from session_lattice.search.index import Index
index = Index(pathlib.Path(sys.argv[1]))
index.begin("epoch", 0, 10**9)
for batch in range(10**6):
    first = batch * 50
    texts = [(n, f"common number{n} " + "words " * 50) for n in range(first, first + 50)]
    index.add([document(*text) for text in texts], first)
    print(first, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "search.sqlite"


def check(path: Path) -> None:
    """SQLite finds no fault with it, and all its documents are found."""
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        (documents,) = connection.execute("SELECT count(*) FROM documents").fetchone()
        sql = "SELECT count(*) FROM words WHERE words MATCH 'common'"
        assert connection.execute(sql).fetchone() == (documents,)
    connection.close()


def test_a_writer_killed_in_mid_batch_leaves_whole_batches_and_its_place(path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as writer:
        assert writer.stdout
        for _ in range(12):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
    check(path)
    index = Index(path)
    state = index.state()
    assert state.walked >= 500
    assert found(path, f"number{state.walked + 49}") == [f"m{state.walked + 49}"]
    assert found(path, f"number{state.walked + 50}") == []
    again = [document(n, f"common number{n} " + "words " * 50) for n in range(state.walked + 60)]
    assert index.add(again) == 10
    index.close()
    check(path)


def damaged(path: Path, what: str) -> None:
    size = path.stat().st_size
    if what == "nothing of ours":
        path.write_bytes(b"no index\n" * 2000)
    elif what == "shorter":
        os.truncate(path, size // 2)
    else:
        with sqlite3.connect(path) as connection:
            connection.execute(what)
        connection.close()


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("nothing of ours", "not a database"),
        ("shorter", "lost its end|malformed"),
        ("PRAGMA user_version = 99", "schema 99"),
        ("PRAGMA application_id = 7", "no search index"),
    ],
)
def test_what_is_no_index_of_ours_is_told_and_can_be_made_anew(
    path: Path, what: str, says: str
) -> None:
    filled(path, *["alpha " * 500] * 20).close()
    damaged(path, what)
    with pytest.raises(DamagedIndexError, match=says) as caught:
        Index(path)
    assert caught.value.hint
    file.discard(path)
    index = filled(path, "alpha")
    assert found(path, "alpha") == ["m0"]
    index.close()


def test_a_reader_says_what_is_wrong(path: Path) -> None:
    with pytest.raises(NoSearchIndexError) as missing:
        found(path, "alpha")
    assert "puller" in missing.value.hint
    path.touch()
    with pytest.raises(NoSearchIndexError, match="still being made"):
        found(path, "alpha")
    damaged(path, "nothing of ours")
    with pytest.raises(DamagedIndexError) as broken:
        found(path, "alpha")
    assert "delete the file" in broken.value.hint


def test_a_text_that_was_damaged_is_told_of(path: Path) -> None:
    filled(path, "alpha " * 100).close()
    damaged(path, "UPDATE documents SET body = x'28b52ffd00'")
    with pytest.raises(SearchError):
        found(path, "alpha")


def test_a_full_disk_leaves_the_index_as_it_was_and_working_once_there_is_space(
    path: Path,
) -> None:
    index = filled(path, "alpha")
    index.begin("epoch", ALL, 7)
    pages = index._connection.execute("PRAGMA page_count").fetchone()[0]
    index._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    large = [document(n, f"beta {'x%d ' * 200 % (*range(n, n + 200),)}") for n in range(1, 60)]
    with pytest.raises(SearchError, match="full") as caught:
        index.add(large, 5)
    assert "disk space" in caught.value.hint
    assert found(path, "alpha OR beta") == ["m0"]
    assert index.state().walked == EARLIEST
    index._connection.execute("PRAGMA max_page_count = 1000000")
    assert index.add(large, 5) == 59
    assert len(found(path, "beta")) == 59
    index.close()


def test_a_second_delivery_is_a_no_op_and_another_reading_takes_the_first_ones_place(
    path: Path,
) -> None:
    index = filled(path, "alpha", "beta " * 100)
    assert index.add([document(0, "alpha"), document(1, "beta " * 100)]) == 0
    told = document(1, "gamma " * 100, tool="Bash", cwd="/src")
    assert index.add([document(1, "between"), told]) == 1
    assert found(path, "beta") == []
    assert found(path, "between") == []
    assert found(path, "gamma", tools=["Bash"]) == ["m1"]
    assert found(path, "gamma", tools=[""]) == []
    index.close()


def test_a_file_that_was_replaced_is_noticed(path: Path) -> None:
    index = filled(path, "alpha")
    assert not index.lost
    file.discard(path)
    assert index.lost
    index.close()


def test_two_readers_beside_the_writer_see_whole_batches_only(path: Path) -> None:
    index = filled(path, *["alpha"] * 10)
    stop, wrong = threading.Event(), list[int]()

    def read() -> None:
        while not stop.is_set():
            count = len(found(path, "alpha", 1000))
            if count % 10:
                wrong.append(count)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for first in range(10, 400, 10):
        index.add([document(number, "alpha") for number in range(first, first + 10)])
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert len(found(path, "alpha", 1000)) == 400
    index.close()


def test_a_text_is_kept_once_and_smaller(path: Path) -> None:
    text = "the same words over and over again " * 1000
    filled(path, *[f"{text} {number}" for number in range(50)]).close()
    assert path.stat().st_size < len(text) * 50 / 3
