"""`bin/bench`: measures what docs/benchmarks.md states.

    bin/bench [NAME…] [--megabytes 250] [--rounds 3] [--seconds 60] [--pulls 1000]
              [--json FILE] [--markdown FILE]

Without names every bench runs. Exit code: 0 when no bar is missed, 1 when one is, or a bench
could not be measured.
"""

import argparse
import os
import platform
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import (
    ccusage,
    generations,
    git,
    history,
    http,
    idle,
    ingest,
    isolation,
    lattice,
    memory,
    recall,
    search,
    status,
    stream,
    tick,
    totals,
)
from tests.bench.context import Context, context
from tests.bench.measure import BenchError, SkipError
from tests.bench.report import Row, as_json, markdown, text

ROUNDS = 3
SECONDS = 60.0
PULLS = 1000
BUSY_LOAD = 0.7
"""A load average, before anything is measured, that makes figures doubtful."""

Bench = Callable[[Context], Iterator[Row]]
BENCHES: dict[str, Bench] = {
    module.NAME: module.measure
    for module in (
        *(totals, ccusage, ingest, idle, tick, http, generations, isolation, status, memory),
        *(stream, git),
        recall,
        lattice,
        search,
    )
}


def main(arguments: list[str]) -> int:
    given = _arguments(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    _introduce()
    rows: list[Row] = []
    with context(given.megabytes, given.rounds, given.seconds, given.pulls) as shared:
        for name in given.names or BENCHES:
            for row in _rows(name, shared):
                print(text(row), flush=True)
                rows.append(row)
    if given.json:
        given.json.write_text(as_json(rows) + "\n", "utf-8")
    if given.markdown:
        given.markdown.write_text(markdown(rows) + "\n", "utf-8")
    return 1 if any(row.verdict == "missed" for row in rows) else 0


def _rows(name: str, shared: Context) -> Iterator[Row]:
    try:
        yield from BENCHES[name](shared)
    except SkipError as skip:
        yield Row(name, name, f"skipped: {skip}", verdict="skipped")
    except BenchError as error:
        yield Row(name, name, f"could not be measured: {error}", verdict="missed")


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHES)}")
    parser.add_argument(
        "--megabytes", type=int, default=history.MEGABYTES, help="of made-up history"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of interleaved pieces")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="for which an upstream never answers"
    )
    parser.add_argument("--pulls", type=int, default=PULLS, help="from an upstream that fails")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there too")
    given = parser.parse_args(arguments)
    if unknown := sorted({*given.names} - {*BENCHES}):
        parser.error(f"no bench is called {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    return given


def _introduce() -> None:
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    print(
        f"{cores} cores, {platform.system()}, Python {platform.python_version()}, load {load:.1f}"
    )
    if load > BUSY_LOAD:
        print("the machine is busy with something else: expect worse figures", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
