"""What a long history costs to read first, and what when nothing came to it."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

from tests.bench.context import CACHE, Context
from tests.bench.measure import Spent, middle, run
from tests.bench.program import ROOT
from tests.bench.report import Row, mb, ms, verdict
from tests.bench.repository import long_repository

NAME = "git"
COMMITS = 50_000
FIRST_SECONDS = 15.0
UNCHANGED_SECONDS = 0.050
PEER = "git log --numstat -M --all"


def measure(context: Context) -> Iterator[Row]:
    """Ours and git's own in turns; ours ends with all commits in a log."""
    repository = long_repository(CACHE, COMMITS)
    ours: list[Spent] = []
    peers: list[Spent] = []
    for _ in range(context.rounds):
        ours.append(_ours(repository, context.work))
        peers.append(_peer(repository, context.work))
    told = [json.loads(spent.output) for spent in ours]
    yield _first(told[0]["events"], [one["first"] for one in told], ours, peers)
    unchanged = middle([one["unchanged"] for one in told])
    met = verdict(unchanged <= UNCHANGED_SECONDS)
    what = f"a repository of {COMMITS:,} commits, nothing new"
    yield Row(NAME, what, ms(unchanged), "≤ 50 ms", met, {"unchanged_seconds": unchanged})


def _first(events: int, seconds: list[float], ours: list[Spent], peers: list[Spent]) -> Row:
    first, peer = middle(seconds), middle([one.wall_seconds for one in peers])
    cpu = middle([one.cpu_seconds for one in ours])
    peer_cpu = middle([one.cpu_seconds for one in peers])
    peak, peer_peak = (middle([one.peak_bytes for one in many]) for many in (ours, peers))
    figure = (
        f"{first:.1f} s, {events:,} events, {cpu:.1f} s CPU, {mb(peak)} "
        f"(`{PEER}`: {peer:.1f} s, {peer_cpu:.1f} s CPU, {mb(peer_peak)})"
    )
    values = {"first_seconds": first, "peer_seconds": peer, "cpu_seconds": cpu, "peak_bytes": peak}
    what = f"a repository of {COMMITS:,} commits, first reading into the log"
    return Row(NAME, what, figure, "≤ 15 s", verdict(first <= FIRST_SECONDS), values)


def _ours(repository: Path, work: Path) -> Spent:
    command = [sys.executable, "-m", "tests.bench.reading", str(repository)]
    return run([*command, mkdtemp(prefix="git-", dir=work)], dict(os.environ), ROOT)


def _peer(repository: Path, work: Path) -> Spent:
    command = f"git -C '{repository}' --no-pager {PEER.removeprefix('git ')} > '{work}/numstat'"
    return run(["sh", "-c", command], dict(os.environ), ROOT)
