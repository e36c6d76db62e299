"""How long `session-lattice status` takes, from the shell's call to its end."""

import os
from collections.abc import Callable, Iterator

from tests.bench.context import Context
from tests.bench.measure import interleave, middle, run
from tests.bench.program import ROOT, Program
from tests.bench.report import Row, ms, verdict

NAME = "status"
RUNS = 12
WALL_SECONDS = 0.35
SCRIPT_SECONDS = 0.05


def measure(context: Context) -> Iterator[Row]:
    """Both daemons are up. The checkout's script comes in when its environment is there."""
    program = context.workspace(context.megabytes).program
    pieces: dict[str, Callable[[], float]] = {"module": lambda: program.run("status").wall_seconds}
    if (ROOT / ".venv/bin/python").exists():
        pieces["script"] = lambda: _script(program)
    with program.puller(), program.reads():
        wall = {name: middle(took) for name, took in interleave(pieces, RUNS).items()}
    figure = f"{ms(wall['module'])}, median of {RUNS}"
    met = verdict(wall["module"] <= WALL_SECONDS)
    yield Row(NAME, "python -m session_lattice status", figure, "≤ 350 ms", met, _values(wall))
    if "script" in wall:
        yield _added(wall)


def _script(program: Program) -> float:
    env = {key: value for key, value in program.environment("60").items() if key != "PYTHONPATH"}
    command = [os.fspath(ROOT / "bin/session-lattice"), "status"]
    return run(command, env, ROOT).wall_seconds


def _added(wall: dict[str, float]) -> Row:
    added = wall["script"] - wall["module"]
    figure = f"{ms(wall['script'])}, {ms(added)} more than the module"
    met = verdict(added <= SCRIPT_SECONDS and wall["script"] <= WALL_SECONDS)
    return Row(
        NAME,
        "bin/session-lattice status",
        figure,
        "≤ 350 ms, start adds ≤ 50 ms",
        met,
        _values(wall),
    )


def _values(wall: dict[str, float]) -> dict[str, float]:
    return {f"{name}_seconds": seconds for name, seconds in wall.items()}
