"""What a puller costs that has nothing to do."""

import time
from collections.abc import Callable, Iterator

from tests.bench.context import Context
from tests.bench.measure import LINUX, SkipError, cpu_seconds
from tests.bench.report import Row, ms, verdict

NAME = "idle"
TICKS = 40
TICK_CPU_SECONDS = 0.030
DEFAULT_INTERVAL = "60"
SPAN_SECONDS = 60.0
"""With the default interval exactly one tick falls into it."""

CORE_SHARE = 0.005


def measure(context: Context) -> Iterator[Row]:
    """CPU time by /proc, which counts in 10 ms: many ticks, then a minute of none but one."""
    if not LINUX:
        raise SkipError("CPU time of a living process is read from /proc")
    space = context.workspace(context.megabytes)
    with space.program.puller() as pid:
        yield _tick(space.program.pull, pid, space.history.files)
    with space.program.puller(DEFAULT_INTERVAL) as pid:
        yield _span(pid)


def _tick(pull: Callable[[int], float], pid: int, files: int) -> Row:
    pull(pid)
    before = cpu_seconds(pid)
    walls = [pull(pid) for _ in range(TICKS)]
    spent = (cpu_seconds(pid) - before) / TICKS
    figure = f"{ms(spent)} CPU, {ms(sum(walls) / TICKS)} wall (mean of {TICKS}, by SIGHUP)"
    what = f"idle tick, {files:,} files, nothing new"
    met = verdict(spent <= TICK_CPU_SECONDS)
    return Row(NAME, what, figure, "≤ 30 ms CPU", met, {"cpu_seconds": spent})


def _span(pid: int) -> Row:
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(SPAN_SECONDS)
    share = (cpu_seconds(pid) - before) / (time.monotonic() - began)
    figure = f"{share:.2%} of a core over {SPAN_SECONDS:g} s, a tick every {DEFAULT_INTERVAL} s"
    met = verdict(share <= CORE_SHARE)
    return Row(NAME, "idle puller", figure, "≤ 0.5 % of a core", met, {"share": share})
