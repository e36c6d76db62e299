"""What a process costs: wall time, CPU time, peak memory over its whole tree; disk; medians."""

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

RUN_TIMEOUT_SECONDS = 600.0
SAMPLE_SECONDS = 0.01
POLL_SECONDS = 0.001
STOP_SECONDS = 10.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGESIZE")
MIB = 1024 * 1024
PROC = Path("/proc")
LINUX = sys.platform == "linux"


class BenchError(Exception):
    """Something that is measured did not work; the bench ends, the others go on."""


class SkipError(Exception):
    """A bench cannot run here; the message says why."""


@dataclass(frozen=True, slots=True)
class Spent:
    """One finished process. `peak_bytes` is the sum over its tree, sampled every 10 ms."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    processes: int
    output: str


def run(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> Spent:
    """Run to the end; raises BenchError with what it said when it fails or hangs."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        with MemorySampler(process.pid) as memory:
            output, usage = _finish(process)
        wall = time.perf_counter() - began
    if process.returncode:
        raise BenchError(
            f"{' '.join(command[:4])} ended with {process.returncode}: {output[-800:]}"
        )
    return Spent(
        wall,
        usage.ru_utime + usage.ru_stime,
        memory.peak(usage.ru_maxrss),
        memory.processes,
        output,
    )


def _finish(process: "subprocess.Popen[bytes]") -> tuple[str, resource.struct_rusage]:
    """Output and resource usage, which only wait4 tells of one child."""
    stopper = threading.Timer(RUN_TIMEOUT_SECONDS, process.kill)
    stopper.start()
    try:
        assert process.stdout
        output = process.stdout.read().decode("utf-8", "replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return output, usage
    finally:
        stopper.cancel()


@dataclass(slots=True)
class MemorySampler:
    """Resident memory of a process and its descendants while the block runs."""

    pid: int
    processes: int = 0
    most_bytes: int = 0
    _high_water: dict[int, int] = field(default_factory=dict)
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "MemorySampler":
        if LINUX:
            self._thread = threading.Thread(target=self._sample, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread:
            self._thread.join()

    def _sample(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            pids = tree(self.pid)
            self.processes = max(self.processes, len(pids))
            self.most_bytes = max(self.most_bytes, sum(map(rss_bytes, pids)))
            for pid in pids:
                self._high_water[pid] = high_water_bytes(pid) or self._high_water.get(pid, 0)

    def peak(self, maxrss: int) -> int:
        """Bytes: the kernel's own mark for one process, the largest sample for several."""
        if self.processes == 1:
            return self._high_water[self.pid]
        return self.most_bytes if self.processes else maxrss * (1024 if LINUX else 1)


def tree(pid: int) -> list[int]:
    """The process and its living descendants."""
    found = [pid]
    for parent in found:
        for children in PROC.glob(f"{parent}/task/*/children"):
            found += map(int, _read(children).split())
    return found


def rss_bytes(pid: int) -> int:
    fields = _read(PROC / f"{pid}/statm").split()
    return int(fields[1]) * PAGE_BYTES if fields else 0


def high_water_bytes(pid: int) -> int:
    for line in _read(PROC / f"{pid}/status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def cpu_seconds(pid: int) -> float:
    """User and system time so far, of all its threads, to 1/100 s."""
    fields = _read(PROC / f"{pid}/stat").rpartition(")")[2].split()
    if not fields:
        raise BenchError(f"process {pid} has ended")
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def disk_bytes(*paths: Path) -> int:
    """What files and directories really take on the disk."""
    total = 0
    for path in paths:
        every = path.rglob("*") if path.is_dir() else (path,)
        total += sum(part.lstat().st_blocks * 512 for part in every if part.is_file())
    return total


def until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> float:
    """Seconds that it took `condition` to hold, looked at every millisecond."""
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > seconds:
            raise BenchError(f"{what}: not within {seconds:g} s")
        time.sleep(POLL_SECONDS)
    return time.perf_counter() - began


def interleave(pieces: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """A B A B …: so that a machine that slows down slows all of them."""
    figures: dict[str, list[float]] = {name: [] for name in pieces}
    for _ in range(rounds):
        for name, piece in pieces.items():
            figures[name].append(piece())
    return figures


def middle(figures: Sequence[float]) -> float:
    return float(median(figures))
