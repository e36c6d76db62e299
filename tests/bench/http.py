"""A hot view over HTTP beside a bare FastAPI route that returns the same bytes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.client import CONNECTIONS, Answers, load, without_errors
from tests.bench.context import Context
from tests.bench.measure import interleave, middle, until
from tests.bench.program import LOOPBACK, ROOT, answers, fetch, free_port, stop
from tests.bench.report import Row, ms, verdict

NAME = "http"
VIEW = "/views/daily_usage"
SECONDS = 3.0
P50_SECONDS = 0.002
SHARE = 0.60


def measure(context: Context) -> Iterator[Row]:
    """The same client, connections and bytes for both, turn by turn."""
    program, folder = context.workspace(context.megabytes).program, context.folder(NAME)
    with program.reads():
        body = fetch(f"{program.url}{VIEW}")
        with bare(folder, body) as port:
            yield _latency(context, program.port, port, folder, len(body))
            yield _throughput(context, program.port, port, folder)


@contextmanager
def bare(folder: Path, body: bytes) -> Iterator[int]:
    """The bare route in a process of its own; its port."""
    file, port = folder / "body.json", free_port()
    file.write_bytes(body)
    command = [sys.executable, "-m", "tests.bench.bare", str(port), str(file)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        until(lambda: answers(f"http://{LOOPBACK}:{port}/", process), "the bare route answers")
        yield port
    finally:
        stop(process)


def _ask(port: int, path: str, folder: Path, connections: int) -> Answers:
    load(port, [path], folder, connections=connections)
    return without_errors(load(port, [path], folder, connections=connections, seconds=SECONDS))


def _latency(context: Context, ours: int, theirs: int, folder: Path, size: int) -> Row:
    pieces = {
        "ours": lambda: _ask(ours, VIEW, folder, 1).p50,
        "bare": lambda: _ask(theirs, "/", folder, 1).p50,
    }
    p50 = {name: middle(found) for name, found in interleave(pieces, context.rounds).items()}
    figure = f"p50 {ms(p50['ours'])}, one connection, {size:,} bytes; bare route {ms(p50['bare'])}"
    values = {"p50_seconds": p50["ours"], "bare_p50_seconds": p50["bare"]}
    met = verdict(p50["ours"] <= P50_SECONDS)
    return Row(NAME, f"hot view {VIEW}", figure, "p50 ≤ 2 ms", met, values)


def _throughput(context: Context, ours: int, theirs: int, folder: Path) -> Row:
    pieces = {
        "ours": lambda: _ask(ours, VIEW, folder, CONNECTIONS).per_second,
        "bare": lambda: _ask(theirs, "/", folder, CONNECTIONS).per_second,
    }
    rate = {name: middle(found) for name, found in interleave(pieces, context.rounds).items()}
    share = rate["ours"] / rate["bare"]
    figure = f"{share:.0%} ({rate['ours']:,.0f}/s; bare route {rate['bare']:,.0f}/s)"
    values = {"per_second": rate["ours"], "bare_per_second": rate["bare"]}
    what = f"throughput at {CONNECTIONS} connections"
    return Row(
        NAME, what, figure, "≥ 60 % of a bare FastAPI route", verdict(share >= SHARE), values
    )
