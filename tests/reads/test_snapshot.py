"""Which generation is read: the pointed one, else the newest that is whole."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import duckdb
import pytest

from session_lattice.errors import NoGenerationError
from session_lattice.reads.reading import read
from session_lattice.reads.snapshot import Snapshot, Snapshots
from session_lattice.store.generations import Generation, Reader
from tests.reads.world import World, truncate

COUNT = "SELECT count(*) FROM sessions"


@pytest.fixture
def snapshots(unpublished: World) -> Iterator[Snapshots]:
    opened = Snapshots(unpublished.home)
    yield opened
    opened.close()


def count(snapshot: Snapshot) -> tuple[int, int]:
    """The generation, and how many sessions it has."""
    return snapshot.generation, snapshot.connection.execute(COUNT).fetchall()[0][0]


def said(snapshot: Snapshot) -> tuple[int, int]:
    """The generation, and how many messages it has, each of them read."""
    texts = snapshot.connection.execute("SELECT text FROM messages").fetchall()
    return snapshot.generation, len(texts)


def locked_by_us(path: Path) -> bool:
    """Whether this process has the file open, as another process sees it."""
    code = (
        "import sys; from pathlib import Path; from session_lattice.home import file_lock_holder;"
        "print(file_lock_holder(Path(sys.argv[1])))"
    )
    asked = subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=True)
    return int(asked.stdout) == os.getpid()


def test_before_the_first_generation_it_says_what_to_start(snapshots: Snapshots) -> None:
    with pytest.raises(NoGenerationError) as caught, snapshots.open():
        pass
    assert "nothing has been published" in caught.value.what
    assert "serve-puller" in caught.value.hint
    assert snapshots.trouble is None


def test_each_request_sees_what_is_published_by_then(
    unpublished: World, snapshots: Snapshots
) -> None:
    for sessions in (6, 7, 8):
        unpublished.add(sessions - unpublished.sessions)
        unpublished.publish(refresh=False)
        with snapshots.open() as snapshot:
            assert count(snapshot)[1] == sessions


def test_a_request_keeps_its_generation_to_the_end(world: World, snapshots: Snapshots) -> None:
    with snapshots.open() as snapshot:
        before = count(snapshot)
        for _ in range(4):
            world.add(1)
            world.publish(refresh=False)
            with snapshots.open() as newer:
                assert count(newer)[1] == world.sessions
        assert not Generation(1, world.home.generations / "1.duckdb").path.exists()
        assert count(snapshot) == before


def test_a_generation_that_nobody_reads_any_more_is_let_go(
    world: World, snapshots: Snapshots
) -> None:
    first = world.home.generations / "1.duckdb"
    with snapshots.open():
        assert locked_by_us(first)
    world.publish(refresh=False)
    with snapshots.open():
        assert not locked_by_us(first)


@pytest.mark.parametrize("size", [0, 10, 4096, 20_000, 300_000, 1_000_000])
def test_a_truncated_generation_is_passed_over(
    world: World, snapshots: Snapshots, size: int
) -> None:
    world.add(1)
    truncate(world.publish(refresh=False), size)
    with snapshots.open() as snapshot:
        assert count(snapshot) == (1, 6)
    assert snapshots.trouble is not None
    assert "generation 2 cannot be read" in snapshots.trouble.what
    assert "generation 1 is served instead" in snapshots.trouble.what


@pytest.mark.parametrize("opened_before", [False, True])
def test_a_deleted_generation_is_passed_over(
    world: World, snapshots: Snapshots, opened_before: bool
) -> None:
    second = world.publish(refresh=False)
    if opened_before:
        with snapshots.open() as snapshot:
            assert snapshot.generation == 2
    second.path.unlink()
    with snapshots.open() as snapshot:
        assert count(snapshot) == (1, 6)
    assert snapshots.trouble is not None
    assert "generation 2 cannot be read" in snapshots.trouble.what


def test_a_generation_truncated_while_it_is_served_is_passed_over(
    world: World, snapshots: Snapshots
) -> None:
    second = world.publish(refresh=False)
    with snapshots.open() as snapshot:
        assert snapshot.generation == 2
    truncate(second, second.path.stat().st_size // 2)
    assert read(snapshots, count) == (1, 6)


def test_damage_that_only_reading_shows_is_passed_over(world: World, snapshots: Snapshots) -> None:
    second = world.publish(refresh=False)
    with snapshots.open() as snapshot:
        assert snapshot.generation == 2
    stat = second.path.stat()
    second.path.chmod(0o600)
    with second.path.open("r+b") as file:
        file.seek(12_288)
        file.write(b"\xa5" * (stat.st_size - 12_288))
    os.utime(second.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert snapshots.look() is not None, "nothing shows from outside"
    assert read(snapshots, said) == (1, 19)
    assert snapshots.trouble is not None
    assert "generation 2 cannot be read" in snapshots.trouble.what


def test_when_no_generation_is_whole_any_more_it_says_so(
    world: World, snapshots: Snapshots
) -> None:
    assert read(snapshots, count) == (1, 6)
    truncate(Generation(1, world.home.generations / "1.duckdb"), 0)
    with pytest.raises(NoGenerationError, match="generation 1 cannot be read"):
        read(snapshots, count)
    assert snapshots.trouble is not None
    assert snapshots.look() is None, "nothing is served from memory instead"


def test_without_a_pointer_the_newest_is_served_and_said(
    world: World, snapshots: Snapshots
) -> None:
    world.publish(refresh=False)
    world.home.pointer.unlink()
    assert read(snapshots, count) == (2, 6)
    assert snapshots.trouble is not None
    assert "leads nowhere" in snapshots.trouble.what


def test_the_next_generation_heals(world: World, snapshots: Snapshots) -> None:
    truncate(world.publish(refresh=False), 0)
    read(snapshots, count)
    assert snapshots.trouble is not None
    world.publish(refresh=False)
    assert read(snapshots, count) == (3, 6)
    assert snapshots.trouble is None


def test_a_generation_pruned_before_it_is_opened_is_no_trouble(
    world: World, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach = Reader.attach

    def attach_late(reader: Reader, generation: Generation) -> str:
        if generation.number == 1:
            world.publish(refresh=False)
            generation.path.unlink()
        return attach(reader, generation)

    monkeypatch.setattr(Reader, "attach", attach_late)
    assert read(snapshots, count) == (2, 6)
    assert snapshots.trouble is None


def test_readers_beside_a_busy_publisher_see_whole_generations_in_order(
    world: World, snapshots: Snapshots
) -> None:
    expected = {1: 6}
    done = Event()

    def watch() -> list[tuple[int, int]]:
        seen = []
        while not done.is_set():
            seen.append(read(snapshots, count))
        return seen

    with ThreadPoolExecutor(4) as readers:
        watching = [readers.submit(watch) for _ in range(4)]
        for _ in range(10):
            world.add(1)
            expected[world.publish(refresh=False).number] = world.sessions
        done.set()
    for each in watching:
        seen = each.result()
        assert seen == sorted(seen)
        assert all(expected[generation] == sessions for generation, sessions in seen)
    assert read(snapshots, count) == max(expected.items())


def test_a_generation_of_an_earlier_version_is_served_until_the_next_one(tmp_path: Path) -> None:
    world = World.create(tmp_path / "home")
    generation = world.publish()
    generation.path.chmod(0o600)
    with duckdb.connect(str(generation.path)) as connection:
        for column in ("reads", "duration_ms", "costly", "refreshed_pass"):
            connection.execute(f"ALTER TABLE catalog DROP COLUMN {column}")
    generation.path.chmod(0o400)
    with closing(Snapshots(world.home)) as snapshots:
        view = snapshots.served().catalog["model_usage"]
    assert (view.reads, view.duration_ms, view.costly) == ([], 0, False)
    world.close()
