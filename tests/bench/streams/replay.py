"""A long replay to one client, beside what its rows cost through Pydantic."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from session_lattice.log.cursor import Cursor
from tests.bench.context import Context
from tests.bench.measure import cpu_seconds, high_water_bytes, interleave, middle
from tests.bench.report import Row, verdict
from tests.bench.streams.children import child
from tests.bench.streams.made import copied
from tests.bench.streams.serving import Served, mib, served

WHAT = "replay of 200,000 events to one client over HTTP"
EVENTS = 200_000
PER_SECOND = 30_000
RATIO = 3.0
SECONDS_AT_MOST = 120.0
PEER = (
    "each row read from the log in batches of 20,000, model_validate (data: Json[dict]), "
    'json.dumps(model_dump(mode="json")), no HTTP'
)


def measure(context: Context, name: str) -> Iterator[Row]:
    """Events that the puller took in from the made-up history, over and over."""
    program = served(context.folder(name) / "replay")
    source = context.workspace(context.megabytes).program.home.log
    start = copied(source, program.home.log, EVENTS)
    server_cpu: list[float] = []
    client_cpu: list[float] = []
    with program.serving() as pid:
        before = mib(pid)

        def ours() -> float:
            spent = cpu_seconds(pid)
            said = _replay(program, start)
            server_cpu.append(cpu_seconds(pid) - spent)
            client_cpu.append(said["cpu_seconds"])
            return float(said["seconds"])

        pieces = {"ours": ours, "peer": lambda: _peer(program.home.log)}
        took = {key: middle(found) for key, found in interleave(pieces, context.rounds).items()}
        peak = high_water_bytes(pid) / 2**20
    said = f"server {middle(server_cpu):.2f} s CPU, client {middle(client_cpu):.2f} s CPU"
    yield _row(name, took, said, before, peak)


def _replay(program: Served, start: Cursor) -> dict[str, Any]:
    with child("replayer", program.port, "--after", start, "--count", EVENTS) as replayer:
        return replayer.hear(SECONDS_AT_MOST)


def _peer(log: Path) -> float:
    with child("pydantic_peer", log) as peer:
        said = peer.hear(SECONDS_AT_MOST)
    assert said["events"] == EVENTS
    return float(said["seconds"])


def _row(name: str, took: dict[str, float], said: str, before: float, peak: float) -> Row:
    rate, ratio = EVENTS / took["ours"], took["peer"] / took["ours"]
    figure = (
        f"{rate:,.0f}/s, {ratio:.2f}x ({took['ours']:.2f} s, {said}; peer {took['peer']:.2f} s: "
        f"{PEER}); reads {before:.0f} MiB before, {peak:.0f} MiB at most"
    )
    values = {
        "ours_seconds": took["ours"],
        "peer_seconds": took["peer"],
        "before_mib": before,
        "peak_mib": peak,
    }
    met = verdict(rate >= PER_SECOND and ratio >= RATIO)
    return Row(name, WHAT, figure, "≥ 30,000/s and ≥ 3x Pydantic and json.dumps", met, values)
