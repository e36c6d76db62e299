"""Memory of the reads server after many requests of every kind."""

import json
from collections.abc import Iterator
from urllib.parse import quote

from tests.bench.client import CONNECTIONS, load, without_errors
from tests.bench.context import Context
from tests.bench.live import LiveSession
from tests.bench.measure import LINUX, MIB, SkipError, rss_bytes
from tests.bench.program import Program, fetch
from tests.bench.report import Row, verdict

NAME = "memory"
REQUESTS = 10_000
STEPS = 10
"""In how many parts they are sent; a generation is published between two parts."""

SECONDS_AT_MOST = 120.0
RESIDENT_BYTES = 150 * MIB
GROWTH_SHARE = 0.03
SESSIONS = 60


def measure(context: Context) -> Iterator[Row]:
    """10,000 requests, then 10,000 more: the second time must not add anything."""
    if not LINUX:
        raise SkipError("memory of a living process is read from /proc")
    space = context.workspace(context.megabytes)
    live = LiveSession(space.transcripts / "claude")
    with space.program.puller() as puller, space.program.reads() as pid:
        paths = _paths(space.program)
        sizes = []
        for _ in range(2):
            for _ in range(STEPS):
                _ask(context, space.program, paths)
                live.append("one more generation")
                space.program.pull(puller)
            sizes.append(rss_bytes(pid))
    yield _row(sizes, len(paths))


def _ask(context: Context, program: Program, paths: list[str]) -> None:
    folder = context.folder(NAME)
    without_errors(
        load(
            program.port,
            paths,
            folder,
            connections=CONNECTIONS,
            seconds=SECONDS_AT_MOST,
            count=REQUESTS // STEPS,
        )
    )


def _paths(program: Program) -> list[str]:
    """Every view, pages of it as CSV and JSON, lists and single sessions, the status."""
    views = [view["name"] for view in json.loads(fetch(f"{program.url}/views"))["views"]]
    listed = json.loads(fetch(f"{program.url}/sessions?limit={SESSIONS}"))["rows"]
    sessions = [f"/sessions/{quote(row['session'], safe='/')}" for row in listed]
    pages = [f"/views/{view}?limit={limit}" for view in views for limit in (5, 100)]
    return [*pages, *sessions, "/views", "/sessions", "/status", "/healthz", "/readyz"]


def _row(sizes: list[int], paths: int) -> Row:
    first, second = sizes
    growth = second / first - 1
    figure = (
        f"{first / MIB:.0f} MiB after {REQUESTS:,} requests, {second / MIB:.0f} MiB after "
        f"{2 * REQUESTS:,}; {paths} different ones, {2 * STEPS} generations"
    )
    met = verdict(first <= RESIDENT_BYTES and growth <= GROWTH_SHARE)
    values = {"first_bytes": first, "second_bytes": second}
    return Row(NAME, "resident memory of reads", figure, "≤ 150 MiB, no growth", met, values)
