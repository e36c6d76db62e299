"""An upstream that accepts and never answers: what reads and processor notice, and its end."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from session_lattice.config import RECALL_LIMITS
from tests.bench.client import CONNECTIONS, load, without_errors
from tests.bench.context import Context
from tests.bench.measure import cpu_seconds, interleave, middle, until
from tests.bench.recalls.recalling import Recalling, recalling
from tests.bench.report import Row, ms, verdict
from tests.upstream.apart import Apart, apart
from tests.upstream.server import SCAN_VERSION

WHAT = "an upstream that accepts and never answers"
SESSION_COUNT = 2000
PATH = "/sessions?limit=100"
RATE = 400.0
"""Requests per second over all connections, as in the bench `isolation`."""

P99_RATIO = 1.2
CORE_SHARE = 0.005
INTERVAL = "5"
"""Seconds between two ticks: twelve times as often as by default."""

ASKS = 2
"""Until a change lands: the tick's own, and one that finds out that somebody answers."""

LAND_SECONDS = float(INTERVAL) + RECALL_LIMITS["repo_recall_read_seconds"] + 5.0
"""A tick, a request that still waits, and what the pull itself takes."""


@dataclass(frozen=True, slots=True)
class Wedged:
    """One turn: the puller's processor time, and what followed when the upstream answered again."""

    cpu_seconds: float
    wall_seconds: float
    landed_seconds: float
    asks: int


def measure(context: Context, name: str) -> Iterator[Row]:
    """Turns of an upstream that answers and of one that does not, as long as asked in all."""
    seconds = context.seconds / context.rounds
    turns: list[Wedged] = []
    with apart(SESSION_COUNT) as server:
        program = recalling(context.folder(name) / "wedged" / "home", server.url)
        with program.puller(INTERVAL) as pid, program.reads():
            _p99(context, program, 1.0)

            def wedged() -> float:
                p99, turn = _wedged(context, program, server, pid, seconds)
                turns.append(turn)
                return p99

            pieces = {"answers": lambda: _p99(context, program, seconds), "wedged": wedged}
            found = interleave(pieces, context.rounds)
        right = not program.differences(server.world).any
    p99 = {key: middle(figures) for key, figures in found.items()}
    yield _reads(name, p99, seconds, context.rounds)
    yield _cpu(name, turns)
    yield _end(name, turns, right)


def _p99(context: Context, program: Recalling, seconds: float) -> float:
    folder = context.folder("recall-load")
    asked = load(program.port, [PATH], folder, connections=CONNECTIONS, seconds=seconds, rate=RATE)
    return without_errors(asked).p99


def _wedged(
    context: Context, program: Recalling, server: Apart, pid: int, seconds: float
) -> tuple[float, Wedged]:
    """A session changes while nothing is answered; how it lands afterwards."""
    server.misbehave("silence")
    server.change(1)
    spent, began = cpu_seconds(pid), time.perf_counter()
    p99 = _p99(context, program, seconds)
    spent, wall = cpu_seconds(pid) - spent, time.perf_counter() - began
    generation, asked = program.generation(), server.count(SCAN_VERSION)
    server.behave()
    landed = until(lambda: program.generation() > generation, "the change lands", 2 * LAND_SECONDS)
    return p99, Wedged(spent, wall, landed, server.count(SCAN_VERSION) - asked)


def _reads(name: str, p99: dict[str, float], seconds: float, rounds: int) -> Row:
    ratio = p99["wedged"] / p99["answers"]
    figure = (
        f"p99 {ratio:.2f}x ({ms(p99['wedged'])}; beside one that answers {ms(p99['answers'])}), "
        f"{rounds} turns of {seconds:.0f} s each"
    )
    values = {"p99_seconds": p99["wedged"], "answers_p99_seconds": p99["answers"]}
    what = f"reads beside {WHAT}, {CONNECTIONS} connections, {RATE:g} requests/s"
    return Row(name, what, figure, "p99 ≤ 1.2x", verdict(ratio <= P99_RATIO), values)


def _cpu(name: str, turns: list[Wedged]) -> Row:
    wall = sum(turn.wall_seconds for turn in turns)
    share = sum(turn.cpu_seconds for turn in turns) / wall
    figure = f"{share:.2%} of a core over {wall:.0f} s, a tick every {INTERVAL} s"
    met = verdict(share <= CORE_SHARE)
    return Row(name, f"puller beside {WHAT}", figure, "≤ 0.5 % of a core", met, {"share": share})


def _end(name: str, turns: list[Wedged], right: bool) -> Row:
    most = max(turn.landed_seconds for turn in turns)
    asks = max(turn.asks for turn in turns)
    figure = (
        f"{middle([turn.landed_seconds for turn in turns]):.1f} s (most {most:.1f} s), with at "
        f"most {asks} asks for the scan version; a tick every {INTERVAL} s; the tables are "
        f"{'right' if right else 'wrong'}"
    )
    values = {"most_seconds": most, "most_asks": asks}
    met = verdict(right and most <= LAND_SECONDS and asks <= ASKS)
    what = "it answers again, until what changed is published"
    return Row(name, what, figure, "on the next tick", met, values)
