"""Answers are shared among those who ask the same of the same generation, and of no other."""

import asyncio
from collections.abc import Iterator, Mapping
from threading import Event
from typing import Any

import pytest

from session_lattice.reads.answers import Answers
from session_lattice.reads.cache import Body, Key, Make
from session_lattice.reads.freshness import HeartbeatReader
from session_lattice.reads.pool import ReadPool
from session_lattice.reads.snapshot import Snapshot, Snapshots
from tests.acceptance.pair import DEADLINE_SECONDS
from tests.reads.world import World

SLOW, OTHER = Key("/slow", b"", False), Key("/other", b"", False)


@pytest.fixture
def pool(world: World) -> Iterator[ReadPool]:
    pool = ReadPool(Snapshots(world.home))
    yield pool
    pool.close()


def tells_generation(after: Event | None = None) -> Make:
    """An answer that takes until `after` is set."""

    def make(snapshot: Snapshot) -> Body:
        if after:
            after.wait(DEADLINE_SECONDS)
        return Body(b"%d" % snapshot.served.generation.number, None, [], b"")

    return make


async def when(event: Event) -> None:
    assert await asyncio.to_thread(event.wait, DEADLINE_SECONDS)


def test_who_has_seen_a_generation_is_not_given_what_was_begun_before_it(
    world: World, pool: ReadPool
) -> None:
    answers = Answers(pool, HeartbeatReader(world.home))
    opening, opened, begun, go_on = Event(), Event(), Event(), Event()

    def prepare(_: Snapshot) -> Mapping[Any, Any]:
        opening.set()
        opened.wait(DEADLINE_SECONDS)
        return {}

    def slow(snapshot: Snapshot) -> Body:
        begun.set()
        return tells_generation(go_on)(snapshot)

    async def ask() -> list[bytes]:
        first = await answers.made(OTHER, tells_generation())
        world.publish()
        pool.snapshots.prepare = prepare
        opener = asyncio.create_task(answers.made(OTHER, tells_generation()))
        await when(opening)
        before = asyncio.create_task(answers.made(SLOW, slow))
        await when(begun)
        opened.set()
        found = [first, await opener, await answers.made(SLOW, tells_generation())]
        go_on.set()
        return [body.head for _, body in (*found, await before)]

    assert asyncio.run(ask()) == [b"1", b"2", b"2", b"1"]


def test_the_same_read_is_made_once_for_all_who_ask_at_once(world: World, pool: ReadPool) -> None:
    answers = Answers(pool, HeartbeatReader(world.home))
    made: list[int] = []
    go_on = Event()

    def make(snapshot: Snapshot) -> Body:
        made.append(1)
        return tells_generation(go_on)(snapshot)

    async def ask() -> list[bytes]:
        await answers.made(OTHER, tells_generation())
        asked = [asyncio.create_task(answers.made(SLOW, make)) for _ in range(5)]
        await asyncio.sleep(0)
        go_on.set()
        return [body.head for _, body in await asyncio.gather(*asked)]

    assert asyncio.run(ask()) == [b"1"] * 5
    assert len(made) == 1
