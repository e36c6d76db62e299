"""First ingest: everything read, materialized and published, beside agent-session-analytics."""

from collections.abc import Iterator
from pathlib import Path

from tests.bench.context import CACHE, Context
from tests.bench.history import History
from tests.bench.measure import Spent, disk_bytes, middle
from tests.bench.peers import Analytics
from tests.bench.program import Program
from tests.bench.report import Row, mb, verdict

NAME = "ingest"
WALL_RATIO = 0.6
PEAK_BYTES = 400 * 1024 * 1024
OURS = "session-lattice"
THEIRS = "agent-session-analytics"


def measure(context: Context) -> Iterator[Row]:
    """Both from nothing, turn by turn, over the same files, which are in the page cache."""
    history = context.history
    peer = Analytics.installed(CACHE)
    _warm(history)
    work = context.folder(NAME)
    program = Program.fresh(work / "home", history.transcripts)
    spent: dict[str, list[Spent]] = {OURS: [], THEIRS: []}
    for _ in range(context.rounds):
        program = Program.fresh(work / "home", history.transcripts)
        spent[OURS].append(program.pull_once())
        spent[THEIRS].append(peer.ingest(history, work / "peer"))
    yield _wall(history, spent)
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
    what = f"wall time, {mb(history.bytes)} in {history.files:,} files"
    bar = f"≤ {WALL_RATIO}x {THEIRS} 0.2.1"
    return Row(NAME, what, figure, bar, verdict(ratio <= WALL_RATIO), values)


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
    total = log + work + generations
    figure = (
        f"{total / history.bytes:.2f}x ({mb(total)}: log {mb(log)}, work {mb(work)}, "
        f"generations {mb(generations)}; peer {mb(disk_bytes(peer))})"
    )
    values = {"log_bytes": log, "work_bytes": work, "generation_bytes": generations}
    return Row(
        NAME, "disk", figure, "≤ the transcripts' size", verdict(total <= history.bytes), values
    )


def _warm(history: History) -> None:
    for path in history.root.rglob("*.jsonl"):
        path.read_bytes()
