"""Reads are few at a time, end in time, and share the memory that there is."""

import asyncio
from collections.abc import Iterator
from threading import Event

import anyio.lowlevel
import pytest

from session_lattice.errors import RequestError
from session_lattice.home import Home
from session_lattice.reads.pool import MAX_WAITING, THREADS, ReadPool
from session_lattice.reads.problems import OverloadedError, SlowQueryError
from session_lattice.reads.snapshot import Snapshot, Snapshots

ENDLESS = "SELECT count(*) FROM range(1000000000000) AS r (n) WHERE n % 7 = 3"
GREEDY = "SELECT count(*) FROM (SELECT DISTINCT md5(n::VARCHAR) FROM range({}) AS r (n))"
FITS_ALONE = 150_000
FITS_NEVER = 5_000_000


@pytest.fixture
def pool(settled: Home) -> Iterator[ReadPool]:
    pool = ReadPool(Snapshots(settled))
    yield pool
    pool.close()


def value(snapshot: Snapshot, sql: str) -> int:
    return int(snapshot.connection.execute(sql).fetchall()[0][0])


def test_a_read_that_takes_too_long_is_ended_and_the_next_one_runs(settled: Home) -> None:
    async def ask() -> int:
        pool = ReadPool(Snapshots(settled), query_seconds=0.3)
        with pytest.raises(SlowQueryError, match=r"more than 0\.3 s"):
            await pool.run(lambda snapshot: value(snapshot, ENDLESS))
        found = await pool.run(lambda snapshot: value(snapshot, "SELECT 7"))
        pool.close()
        return found

    assert asyncio.run(ask()) == 7


def test_an_endless_run_of_short_statements_is_ended_too(settled: Home) -> None:
    def dawdle(snapshot: Snapshot) -> None:
        while True:
            value(snapshot, "SELECT count(*) FROM range(100000)")

    async def ask() -> None:
        pool = ReadPool(Snapshots(settled), query_seconds=0.1)
        with pytest.raises(SlowQueryError):
            await pool.run(dawdle)
        pool.close()

    asyncio.run(ask())


def test_more_reads_than_can_wait_are_refused_at_once(pool: ReadPool) -> None:
    go_on = Event()

    async def ask() -> None:
        waiting = [asyncio.create_task(pool.call(go_on.wait)) for _ in range(MAX_WAITING)]
        await anyio.lowlevel.checkpoint()
        with pytest.raises(OverloadedError):
            await pool.call(go_on.wait)
        go_on.set()
        assert all(await asyncio.gather(*waiting))
        assert await pool.call(go_on.is_set)

    asyncio.run(ask())


def test_reads_that_fit_into_memory_one_by_one_all_succeed_side_by_side(pool: ReadPool) -> None:
    async def ask() -> list[int]:
        sql = GREEDY.format(FITS_ALONE)
        many = 4 * THREADS
        return await asyncio.gather(
            *(pool.run(lambda snapshot: value(snapshot, sql)) for _ in range(many))
        )

    assert set(asyncio.run(ask())) == {FITS_ALONE}


def test_a_read_that_never_fits_says_so(pool: ReadPool) -> None:
    sql = GREEDY.format(FITS_NEVER)
    with pytest.raises(RequestError, match="needs more than"):
        asyncio.run(pool.run(lambda snapshot: value(snapshot, sql)))
