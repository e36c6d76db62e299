"""Five hundred clients of one server: what they wait for and what they cost."""

import time
from collections.abc import Iterator
from typing import Any

from session_lattice.log.cursor import Cursor
from tests.bench.context import Context
from tests.bench.measure import cpu_seconds, rss_bytes
from tests.bench.report import Row, ms, verdict
from tests.bench.streams.children import child
from tests.bench.streams.made import begun
from tests.bench.streams.serving import Served, served

WHAT = "500 clients, 50 events/s, one process"
CLIENTS = 500
RATE = 50
SECONDS = 20
TEXT_BYTES = 400
FIRST_EVENTS = 2000
SETTLE_SECONDS = 3.0
"""Clients do nothing for so long before their memory is counted."""

READY_SECONDS = 60.0
GRACE_SECONDS = 60.0
P99_SECONDS = 0.250
CLIENT_BYTES = 100_000


def measure(context: Context, name: str) -> Iterator[Row]:
    """Connect, wait, count their memory; then events, each of which all must have."""
    program = served(context.folder(name) / "fanout")
    start = begun(program.log, FIRST_EVENTS, text_bytes=TEXT_BYTES)
    with program.serving() as pid:
        _warm(program, Cursor(start.epoch, 0))
        yield from _crowd(program, pid, start, name)


def _warm(program: Served, start: Cursor) -> None:
    """What the first client of all costs is not to be counted for each of the others."""
    with child("replayer", program.port, "--after", start, "--count", FIRST_EVENTS) as first:
        first.hear(READY_SECONDS)


def _crowd(program: Served, pid: int, start: Cursor, name: str) -> Iterator[Row]:
    count = RATE * SECONDS
    wanted = ("--after", start, "--count", count, "--clients", CLIENTS)
    before = rss_bytes(pid)
    with child("listener", program.port, *wanted) as crowd:
        crowd.hear(READY_SECONDS)
        time.sleep(SETTLE_SECONDS)
        idle = rss_bytes(pid)
        cpu = cpu_seconds(pid)
        with child("writer", program.log, "--rate", RATE, "--count", count) as writer:
            said = crowd.hear(SECONDS + GRACE_SECONDS)
            busy = (cpu_seconds(pid) - cpu) / SECONDS
            wrote = writer.hear(GRACE_SECONDS)
        after = rss_bytes(pid)
    yield _latency(name, said, wrote, busy)
    yield _memory(name, before, idle, after)


def _latency(name: str, said: dict[str, Any], wrote: dict[str, Any], busy: float) -> Row:
    want = RATE * SECONDS * CLIENTS
    figure = (
        f"{said['received']:,} of {want:,} received in order, p99 {ms(said['p99'])} from append "
        f"to receipt (p50 {ms(said['p50'])}, most {ms(said['max'])}; of it the append itself p50 "
        f"{ms(wrote['p50'])}); server {busy:.0%} of a core, client "
        f"{said['cpu_seconds'] / SECONDS:.0%}"
    )
    values = {f"{key}_seconds": said[key] for key in ("p50", "p99", "p999", "max")}
    met = verdict(said["received"] == want and said["p99"] <= P99_SECONDS)
    return Row(name, WHAT, figure, "all receive all, p99 ≤ 250 ms", met, values)


def _memory(name: str, before: int, idle: int, after: int) -> Row:
    each = (idle - before) / CLIENTS
    figure = (
        f"{each / 1000:.1f} kB ({before / 2**20:.0f} MiB before, {idle / 2**20:.0f} MiB with "
        f"{CLIENTS} idle, {after / 2**20:.0f} MiB after {RATE * SECONDS:,} events to each)"
    )
    values = {"each_bytes": each, "before_bytes": before, "idle_bytes": idle, "after_bytes": after}
    return Row(
        name, "memory per idle client", figure, "≤ 100 kB", verdict(each <= CLIENT_BYTES), values
    )
