"""Searching 500,000 messages and as many calls: the index made, then asked over HTTP."""

import time
from collections.abc import Iterator, Sequence

import duckdb

from session_lattice.home import Home
from session_lattice.puller.indexing import Indexing
from session_lattice.store import generations
from session_lattice.store.store import Store
from tests.bench.client import load, without_errors
from tests.bench.context import Context
from tests.bench.measure import LINUX, BenchError, disk_bytes, middle, rss_bytes
from tests.bench.program import Program
from tests.bench.report import Row, mb, ms, verdict
from tests.bench.searches.asked import Query, queries
from tests.bench.searches.made import fill

NAME = "search"
MESSAGES_PER_MB = 2_000
"""Of the size that was asked for: 500,000 for the usual 250 MB."""

P50_SECONDS = 0.010
SECONDS = 3.0
PEER_QUERIES = 3
"""Of each class that the peer is asked, each of which takes it long."""

PEER = "DuckDB's ILIKE over the generation's messages and calls, newest first, two threads"
TABLES = {"messages": ("text", "ts"), "tool_calls": ("input", "called_at")}


def measure(context: Context) -> Iterator[Row]:
    program = Program.fresh(context.folder(NAME) / "home", "/nowhere")
    messages = context.megabytes * MESSAGES_PER_MB
    size = fill(program.home, messages)
    yield _made(program.home, messages, size)
    asked = queries()
    with program.reads() as pid:
        before = rss_bytes(pid) if LINUX else 0
        took = {name: _ask(context, program, many) for name, many in asked.items()}
        yield _mix(context, program, asked, messages)
        for name, (p50, p90, most) in took.items():
            figure = f"p50 {ms(p50)}, p90 {ms(p90)}, most {ms(most)}"
            yield Row(NAME, name, figure, values={"p50_seconds": p50, "p90_seconds": p90})
        if LINUX:
            yield _memory(before, rss_bytes(pid))
    yield _peer(program.home, asked, took)


def _made(home: Home, messages: int, size: int) -> Row:
    """Through the puller's own steps, from nothing."""
    store, indexing = Store(home, 60.0), Indexing(home)
    began, cpu = time.perf_counter(), time.process_time()
    try:
        while indexing.step(store):
            pass
        if indexing.problem:
            raise BenchError(str(indexing.problem))
    finally:
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        indexing.close()
        store.close()
    disk = disk_bytes(*home.root.glob("search.sqlite*"))
    figure = (
        f"{wall:.1f} s, {cpu:.1f} s CPU: {1000 * wall / (2 * messages / 1000):,.0f} ms for 1,000"
        f" of {2 * messages:,} messages and calls; {mb(disk)} on disk, {disk / size:.2f}x the"
        f" {mb(size)} of their texts"
    )
    values = {"wall_seconds": wall, "cpu_seconds": cpu, "disk_bytes": disk, "text_bytes": size}
    return Row(NAME, "the index made from nothing", figure, values=values)


def _ask(context: Context, program: Program, asked: Sequence[Query]) -> tuple[float, float, float]:
    """Over one connection, after each was asked once."""
    folder, paths = context.folder(NAME), [query.path for query in asked]
    without_errors(load(program.port, paths, folder, connections=1, count=len(paths)))
    found = without_errors(load(program.port, paths, folder, connections=1, seconds=SECONDS))
    return found.p50, found.p90, found.max


def _mix(context: Context, program: Program, asked: dict[str, list[Query]], messages: int) -> Row:
    every = [query for many in zip(*asked.values(), strict=True) for query in many]
    rounds = [_ask(context, program, every) for _ in range(context.rounds)]
    p50, p90, most = (middle([figures[place] for figures in rounds]) for place in range(3))
    figure = (
        f"p50 {ms(p50)}, p90 {ms(p90)}, most {ms(most)}; {len(every)} queries of"
        f" {len(asked)} classes in turn, 20 hits each, one connection"
    )
    met = verdict(p50 <= P50_SECONDS)
    values = {"p50_seconds": p50, "p90_seconds": p90, "most_seconds": most}
    return Row(NAME, f"a search in {messages:,} messages and as many calls", figure,
               "p50 ≤ 10 ms", met, values)  # fmt: skip


def _memory(before: int, after: int) -> Row:
    figure = f"{after / 2**20:.0f} MiB after all of it, {before / 2**20:.0f} MiB before"
    values = {"before_bytes": before, "after_bytes": after}
    return Row(NAME, "memory of reads", figure, values=values)


def _peer(
    home: Home,
    asked: dict[str, list[Query]],
    took: dict[str, tuple[float, float, float]],
) -> Row:
    """Classes that it can be asked: those without filters."""
    newest = generations.pointed_at(home)
    assert newest
    theirs, ours = [], []
    with duckdb.connect(str(newest.path), read_only=True, config={"threads": 2}) as connection:
        for name, many in asked.items():
            if not any(query.filters for query in many):
                ours.append(took[name][0])
                theirs += [_scan(connection, query) for query in many[:PEER_QUERIES]]
    ratio = middle(theirs) / middle(ours)
    figure = f"{ratio:,.0f}x faster ({ms(middle(ours))}; peer {ms(middle(theirs))}: {PEER})"
    values = {"peer_seconds": middle(theirs), "ours_seconds": middle(ours)}
    return Row(NAME, "beside a scan, p50", figure, values=values)


def _scan(connection: duckdb.DuckDBPyConnection, query: Query) -> float:
    texts = [" ".join(query.words)] if query.phrase else list(query.words)
    parts = [
        f"SELECT session, {ts} AS ts, {column} AS text FROM {table} WHERE "
        + " AND ".join(f"{column} ILIKE ?" for _ in texts)
        for table, (column, ts) in TABLES.items()
    ]
    sql = f"{' UNION ALL '.join(parts)} ORDER BY ts DESC LIMIT 20"
    began = time.perf_counter()
    connection.execute(sql, [f"%{text}%" for text in texts] * len(parts)).fetchall()
    return time.perf_counter() - began
