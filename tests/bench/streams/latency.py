"""From append to receipt: a writer, serve-reads, one client, a process each."""

from collections.abc import Iterator
from pathlib import Path

from tests.bench.context import Context
from tests.bench.measure import SkipError, cpu_seconds
from tests.bench.report import Row, ms, verdict
from tests.bench.streams.children import child
from tests.bench.streams.made import begun
from tests.bench.streams.serving import Served, served

SQLITE = "append to receipt, one client, two processes, SQLite"
REDIS = "append to receipt, one client, two processes, Redis"
RATE = 40
COUNT = 600
TEXT_BYTES = 400
READY_SECONDS = 60.0
GRACE_SECONDS = 60.0
SQLITE_P50_SECONDS = 0.015
REDIS_P50_SECONDS = 0.010


def sqlite(context: Context, name: str) -> Iterator[Row]:
    program = served(context.folder(name) / "sqlite")
    yield _row(name, SQLITE, program, SQLITE_P50_SECONDS)


def redis(context: Context, name: str) -> Iterator[Row]:
    """Over a server of its own, which keeps nothing on disk."""
    from tests.redis_server import RedisServer, executable

    if executable() is None:
        raise SkipError("no redis-server on the PATH")
    folder: Path = context.folder(name)
    with RedisServer(folder / "redis-data") as server:
        program = served(folder / "redis", server.url)
        yield _row(name, REDIS, program, REDIS_P50_SECONDS)


def _row(name: str, what: str, program: Served, bar: float) -> Row:
    start = begun(program.log, 1, text_bytes=TEXT_BYTES)
    paced = ("--rate", RATE, "--count", COUNT, "--text-bytes", TEXT_BYTES)
    with program.serving() as pid:
        wanted = ("--after", start, "--count", COUNT)
        with child("listener", program.port, *wanted) as client:
            client.hear(READY_SECONDS)
            cpu = cpu_seconds(pid)
            with child("writer", program.log, *paced) as writer:
                said = client.hear(COUNT / RATE + GRACE_SECONDS)
                wrote = writer.hear(GRACE_SECONDS)
            share = (cpu_seconds(pid) - cpu) * RATE / COUNT
    figure = (
        f"p50 {ms(said['p50'])}, p99 {ms(said['p99'])} over {COUNT} events at {RATE}/s; of it the "
        f"append itself p50 {ms(wrote['p50'])}; server {share:.1%} of a core"
    )
    values = {f"{key}_seconds": said[key] for key in ("p50", "p90", "p99", "max")}
    met = verdict(said["p50"] <= bar)
    return Row(name, what, figure, f"p50 ≤ {bar * 1000:g} ms", met, values)
