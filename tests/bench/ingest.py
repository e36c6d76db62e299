"""First ingest: everything read, materialized and published, beside agent-session-analytics."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from session_lattice import heartbeat
from tests.bench.context import CACHE, Context
from tests.bench.history import History
from tests.bench.measure import BenchError, Spent, disk_bytes, middle
from tests.bench.peers import Analytics
from tests.bench.program import Program
from tests.bench.report import Row, mb, verdict

NAME = "ingest"
WALL_RATIO = 0.6
PEAK_BYTES = 400 * 1024 * 1024
OURS = "session-lattice"
THEIRS = "agent-session-analytics"


def measure(context: Context) -> Iterator[Row]:
    """Both from nothing, turn by turn, over the same files, which are in the page cache.

    Ours goes on after its views are published, until all can be searched: CPU and memory are of
    the whole, the wall time that is compared is until then.
    """
    history = context.history
    peer = Analytics.installed(CACHE)
    _warm(history)
    work = context.folder(NAME)
    program = Program.fresh(work / "home", history.transcripts)
    spent: dict[str, list[Spent]] = {OURS: [], THEIRS: []}
    searchable: list[float] = []
    for _ in range(context.rounds):
        program = Program.fresh(work / "home", history.transcripts)
        began = time.time()
        whole = program.pull_once()
        spent[OURS].append(replace(whole, wall_seconds=_published(program) - began))
        searchable.append(whole.wall_seconds)
        spent[THEIRS].append(peer.ingest(history, work / "peer"))
    yield _wall(history, spent)
    yield _searchable(spent, searchable)
    yield _memory(spent)
    yield _disk(program, history, work / "peer/peer.duckdb")


def _wall(history: History, spent: dict[str, list[Spent]]) -> Row:
    wall = {name: middle([run.wall_seconds for run in runs]) for name, runs in spent.items()}
    cpu = {name: middle([run.cpu_seconds for run in runs]) for name, runs in spent.items()}
    ratio = wall[OURS] / wall[THEIRS]
    figure = (
        f"{ratio:.2f}x ({wall[OURS]:.2f} s, {history.bytes / 1e6 / wall[OURS]:.0f} MB/s, "
        f"{cpu[OURS]:.2f} s CPU; peer {wall[THEIRS]:.2f} s, {cpu[THEIRS]:.2f} s CPU)"
    )
    values = {
        "ours_wall_seconds": wall[OURS],
        "peer_wall_seconds": wall[THEIRS],
        "ours_cpu_seconds": cpu[OURS],
        "peer_cpu_seconds": cpu[THEIRS],
        "bytes": history.bytes,
    }
    what = f"wall time until published, {mb(history.bytes)} in {history.files:,} files"
    bar = f"≤ {WALL_RATIO}x {THEIRS} 0.2.1"
    return Row(NAME, what, figure, bar, verdict(ratio <= WALL_RATIO), values)


def _published(program: Program) -> float:
    """When the pull had ended and its generation was there, in seconds since the epoch."""
    beat = heartbeat.read(program.home.heartbeat)
    if not (beat and beat.last_pull):
        raise BenchError("the pull left no heartbeat")
    return beat.last_pull.finished_at / 1e6


def _searchable(spent: Mapping[str, list[Spent]], searchable: list[float]) -> Row:
    whole, published = middle(searchable), middle([run.wall_seconds for run in spent[OURS]])
    figure = f"{whole:.2f} s, {whole - published:.2f} s after the views were published"
    values = {"wall_seconds": whole, "after_seconds": whole - published}
    return Row(NAME, "until all of it can be searched", figure, values=values)


def _memory(spent: dict[str, list[Spent]]) -> Row:
    peak = {name: max(run.peak_bytes for run in runs) for name, runs in spent.items()}
    processes = max(run.processes for run in spent[OURS])
    how = "VmHWM of its one process" if processes == 1 else f"sum over {processes} processes"
    figure = f"{peak[OURS] / 2**20:.0f} MiB ({how}); peer {peak[THEIRS] / 2**20:.0f} MiB"
    values = {"ours_peak_bytes": peak[OURS], "peer_peak_bytes": peak[THEIRS]}
    return Row(NAME, "peak memory", figure, "≤ 400 MiB", verdict(peak[OURS] <= PEAK_BYTES), values)


def _disk(program: Program, history: History, peer: Path) -> Row:
    home = program.home
    log = disk_bytes(*home.root.glob("log.sqlite*"))
    work, generations = disk_bytes(home.work), disk_bytes(home.generations)
    search = disk_bytes(*home.root.glob("search.sqlite*"))
    total = log + work + generations + search
    figure = (
        f"{total / history.bytes:.2f}x ({mb(total)}: log {mb(log)}, work {mb(work)}, "
        f"generations {mb(generations)}, search {mb(search)}; peer {mb(disk_bytes(peer))})"
    )
    values = {"log_bytes": log, "work_bytes": work, "generation_bytes": generations}
    values["search_bytes"] = search
    return Row(
        NAME, "disk", figure, "≤ the transcripts' size", verdict(total <= history.bytes), values
    )


def _warm(history: History) -> None:
    for path in history.root.rglob("*.jsonl"):
        path.read_bytes()
