"""The cache of answers is bounded, and never older than its generation."""

from collections.abc import Iterator

import pytest

from session_lattice.home import Home
from session_lattice.reads.cache import (
    MAX_BYTES,
    MAX_ENTRIES,
    MAX_ENTRY_BYTES,
    AnswerCache,
    Body,
    Key,
)
from session_lattice.reads.snapshot import Served, Snapshot, Snapshots
from tests.reads.world import World


@pytest.fixture
def served(settled: Home) -> Iterator[Served]:
    snapshots = Snapshots(settled)
    yield snapshots.served()
    snapshots.close()


def key(number: int) -> Key:
    return Key(f"/views/{number}", b"", False)


def body(size: int, etag: bytes = b'W/"1"') -> Body:
    return Body(b"x" * size, b"", [], etag)


def make(_: Snapshot) -> Body:
    return body(1)


def kept(cache: AnswerCache, served: Served, count: int) -> list[int]:
    return [number for number in range(count) if cache.get(served, key(number))]


def test_the_least_recently_used_go_first(served: Served) -> None:
    cache = AnswerCache()
    for number in range(MAX_ENTRIES):
        cache.put(served, key(number), body(1), make)
    assert cache.get(served, key(0))
    for number in range(MAX_ENTRIES, MAX_ENTRIES + 2):
        cache.put(served, key(number), body(1), make)
    found = kept(cache, served, MAX_ENTRIES + 2)
    assert len(found) == MAX_ENTRIES
    assert 0 in found
    assert 1 not in found
    assert 2 not in found


def test_bytes_are_bounded_and_counted_anew_when_replaced(served: Served) -> None:
    cache = AnswerCache()
    places = MAX_BYTES // MAX_ENTRY_BYTES
    for _ in range(3):
        for number in range(places):
            cache.put(served, key(number), body(MAX_ENTRY_BYTES), make)
    assert kept(cache, served, places) == list(range(places))
    cache.put(served, key(places), body(1), make)
    assert len(kept(cache, served, places + 1)) == places


@pytest.mark.parametrize("refused", [body(MAX_ENTRY_BYTES + 1), body(1, etag=b"")])
def test_large_and_passing_answers_are_not_kept(served: Served, refused: Body) -> None:
    cache = AnswerCache()
    cache.put(served, key(1), refused, make)
    assert kept(cache, served, 2) == []


def test_a_newer_generation_drops_all_and_an_older_one_adds_nothing(world: World) -> None:
    cache = AnswerCache()
    snapshots = Snapshots(world.home)
    old = snapshots.served()
    cache.put(old, key(1), body(1), make)
    world.publish(refresh=False)
    new = snapshots.served()
    assert cache.get(new, key(1)) is None
    cache.put(new, key(2), body(1), make)
    cache.put(old, key(3), body(1), make)
    assert kept(cache, new, 4) == [2]
    assert kept(cache, old, 4) == []
    snapshots.close()
