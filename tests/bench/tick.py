"""One line appended: until it is in the log, until a reader sees it; at two sizes of history."""

import os
import shutil
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec

from session_lattice.store import generations
from tests.bench.context import Context, Workspace
from tests.bench.live import LiveSession, LogWatch
from tests.bench.measure import middle, until
from tests.bench.report import Row, mb, ms, verdict

NAME = "tick"
LINES = 12
IN_LOG_SECONDS = 1.0
PUBLISHED_SECONDS = 0.7


def measure(context: Context) -> Iterator[Row]:
    """Large and small, one after the other: a puller each, the same lines appended."""
    large = _follow(context.workspace(context.megabytes))
    small = _follow(context.workspace(context.small_megabytes))
    yield _in_log(large, small)
    yield _published(large, small)


class Followed(msgspec.Struct, frozen=True):
    """Medians in seconds, over LINES lines; `clone_seconds` is a plain copy of the file."""

    megabytes: float
    in_log: float
    in_log_most: float
    published: float
    published_most: float
    clone_seconds: float
    generation_bytes: int


def _follow(space: Workspace) -> Followed:
    program, live = space.program, LiveSession(space.transcripts / "claude")
    logged, published = [], []
    with program.puller() as pid:
        live.append("the first line makes the file")
        program.pull(pid)
        log = LogWatch(program.home.log)
        for _ in range(LINES):
            marker = f"marker {uuid.uuid4()}"
            live.append(marker)
            logged.append(until(log.sees(marker), "the line is in the log"))
            published.append(_publish(space, pid, marker))
        log.close()
        generation = generations.pointed_at(program.home)
        assert generation
        clone = _clone_seconds(generation.path)
        size = generation.path.stat().st_size
    return Followed(
        space.history.bytes / 1e6,
        middle(logged),
        max(logged),
        middle(published),
        max(published),
        clone,
        size,
    )


def _publish(space: Workspace, pid: int, marker: str) -> float:
    """SIGHUP until the pointer names a generation that holds the line."""
    program = space.program
    before, checked = program.generation(), program.checked_at(pid)
    began = time.perf_counter()
    os.kill(pid, signal.SIGHUP)
    until(lambda: program.generation() > before, "a generation is published")
    took = time.perf_counter() - began
    _check(program.home.pointer.resolve(), marker)
    until(lambda: program.checked_at(pid) > checked, "the pull ends")
    return took


def _check(path: Path, marker: str) -> None:
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM messages WHERE text = ?", [marker]
        ).fetchone()
    assert row == (1,), f"the published generation has the line {row} times"


def _clone_seconds(path: Path) -> float:
    """Copying and syncing the generation's file, as a publish without reflinks must."""
    times = []
    target = path.parent.parent / "clone.probe"
    for _ in range(3):
        began = time.perf_counter()
        shutil.copyfile(path, target)
        with target.open("rb") as handle:
            os.fsync(handle.fileno())
        times.append(time.perf_counter() - began)
        target.unlink()
    return middle(times)


def _in_log(large: Followed, small: Followed) -> Row:
    figure = (
        f"{ms(large.in_log)} (worst {ms(large.in_log_most)}) with {large.megabytes:.0f} MB; "
        f"{ms(small.in_log)} with {small.megabytes:.0f} MB"
    )
    values = {"large_seconds": large.in_log, "small_seconds": small.in_log}
    met = verdict(large.in_log_most <= IN_LOG_SECONDS)
    return Row(
        NAME, "a line appended to a history, until it is in the log", figure, "≤ 1 s", met, values
    )


def _published(large: Followed, small: Followed) -> Row:
    figure = (
        f"{ms(large.published)} (worst {ms(large.published_most)}) with {large.megabytes:.0f} MB, "
        f"copying its {mb(large.generation_bytes)} generation alone {ms(large.clone_seconds)}; "
        f"{ms(small.published)} with {small.megabytes:.0f} MB, copying {ms(small.clone_seconds)}"
    )
    values = {
        "large_seconds": large.published,
        "small_seconds": small.published,
        "large_clone_seconds": large.clone_seconds,
        "small_clone_seconds": small.clone_seconds,
    }
    met = verdict(large.published <= PUBLISHED_SECONDS)
    return Row(NAME, "tick, until the line is published", figure, "≤ 0.7 s", met, values)
