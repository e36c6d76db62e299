"""What all views cost: made from nothing, and when one session went on; at two sizes of history."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.context import Context
from tests.bench.measure import MIB, BenchError, run
from tests.bench.program import ROOT
from tests.bench.report import Row, verdict

NAME = "lattice"
SESSIONS = 2_500
"""Of 200 messages each: 500,000 messages."""

TIMES = 10
"""How much longer the longer history is."""

TURNS = 9
REFRESH_SECONDS = 0.5
REFRESH_RATIO = 1.5
REBUILD_SECONDS = 20.0
REBUILD_BYTES = 1_000_000_000
SLOWEST = 5
"""Views that are named."""


def measure(context: Context) -> Iterator[Row]:
    """The shorter history, then the longer one, each in a process of its own."""
    short = _cost(context.work / "lattice-short", SESSIONS)
    yield _rebuild(short)
    yield _memory(short)
    yield _refresh(short)
    yield _slowest(short)
    long = _cost(context.work / "lattice-long", SESSIONS * TIMES)
    yield _independence(short, long)


def _cost(home: Path, sessions: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.lattices", str(home), str(sessions), str(TURNS)]
    spent = run(command, {**os.environ, "PYTHONPATH": str(ROOT)}, ROOT)
    found = json.loads(next(line for line in spent.output.splitlines() if line.startswith("{")))
    if found["wrong"]:
        raise BenchError("; ".join(found["wrong"]))
    return {**found, "sessions": sessions}


def _rebuild(short: Mapping[str, Any]) -> Row:
    seconds, views = short["rebuild_seconds"], len(short["rebuilds_ms"])
    return Row(
        NAME,
        f"{views} views made from nothing, 500,000 messages of history",
        f"{seconds:.1f} s",
        f"≤ {REBUILD_SECONDS:g} s",
        verdict(seconds <= REBUILD_SECONDS),
        {"seconds": seconds, "views": views},
    )


def _memory(short: Mapping[str, Any]) -> Row:
    peak = short["peak_bytes"]
    return Row(
        NAME,
        "peak memory of the process that does it",
        f"{peak / MIB:.0f} MiB",
        "≤ 1 GB",
        verdict(peak <= REBUILD_BYTES),
        {"peak_bytes": peak, "stored_bytes": short["stored_bytes"]},
    )


def _refresh(short: Mapping[str, Any]) -> Row:
    middle, most = median(short["refresh_seconds"]), max(short["refresh_seconds"])
    return Row(
        NAME,
        f"one session went on: refresh of all views, median of {TURNS}",
        f"{middle:.2f} s, {most:.2f} at most",
        f"≤ {REFRESH_SECONDS:g} s",
        verdict(middle <= REFRESH_SECONDS),
        {"seconds": middle, "most_seconds": most},
    )


def _slowest(short: Mapping[str, Any]) -> Row:
    views = sorted(short["refreshes_ms"].items(), key=lambda item: -item[1])[:SLOWEST]
    return Row(
        NAME, "of that the slowest views", ", ".join(f"{name} {ms:.0f} ms" for name, ms in views)
    )


def _independence(short: Mapping[str, Any], long: Mapping[str, Any]) -> Row:
    before, after = median(short["refresh_seconds"]), median(long["refresh_seconds"])
    return Row(
        NAME,
        f"the same with {TIMES} times the history",
        f"{after:.2f} s, {after / before:.2f}x",
        f"≤ {REFRESH_RATIO:g}x",
        verdict(after <= before * REFRESH_RATIO),
        {"seconds": after, "ratio": after / before, "rebuild_seconds": long["rebuild_seconds"]},
    )
