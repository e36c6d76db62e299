"""Pull after pull from an upstream that fails at random in every way there is."""

from collections import Counter
from collections.abc import Iterator

from tests.bench.context import Context
from tests.bench.measure import BenchError, cpu_seconds
from tests.bench.recalls.recalling import Recalling, recalling, repeated
from tests.bench.report import Row, verdict
from tests.upstream.apart import Apart, apart
from tests.upstream.chaos import WAYS, Chaos

WHAT = "pulls from an upstream that fails at random"
SESSION_COUNT = 300
SEED = 20_261_128
LAST_PULLS = 20
"""That a sound upstream may take until all is right; the circuit may be open at first."""

PULL_SECONDS = 120.0
LIMITS = {"connect": "1", "read": "0.2", "write": "1", "pool": "1", "body": "1"}


def measure(context: Context, name: str) -> Iterator[Row]:
    """A turn of bad luck, a pull, and so on; then a sound upstream, and the truth."""
    with apart(SESSION_COUNT) as server:
        program = recalling(context.folder(name) / "failing" / "home", server.url, **LIMITS)
        chaos = Chaos(server, SEED)
        met: Counter[str] = Counter()
        with program.puller() as pid:
            for _ in range(context.pulls):
                met[chaos.turn()] += 1
                program.pull_somehow(pid, PULL_SECONDS)
            chaos.end()
            needed = _pulls_until_right(program, pid, server)
            cpu = cpu_seconds(pid)
        yield _row(name, context.pulls, needed, program, server, len(met.keys() & {*WAYS}), cpu)


def _pulls_until_right(program: Recalling, pid: int, server: Apart) -> int:
    for number in range(1, LAST_PULLS + 1):
        program.pull_somehow(pid, PULL_SECONDS)
        if not program.differences(server.world).any:
            return number
    return 0


def _row(
    name: str, pulls: int, needed: int, program: Recalling, server: Apart, ways: int, cpu: float
) -> Row:
    if not server.delivered():
        raise BenchError("nothing ever went wrong")
    left, twice = program.differences(server.world), repeated(program.events())
    figure = (
        f"{left.duplicates} duplicate rows, {left.lost} sessions lost, {left.wrong} differ, "
        f"{left.others} other rows missing, {twice} events repeated; {ways} ways to fail, "
        f"{server.delivered():,} requests failed of {server.count():,}; right after "
        f"{needed or 'more than ' + str(LAST_PULLS)} pulls of a sound one; puller {cpu:.0f} s CPU"
    )
    values = {
        "duplicates": left.duplicates,
        "lost": left.lost,
        "wrong": left.wrong,
        "others": left.others,
        "repeated": twice,
        "failed_requests": server.delivered(),
        "pulls_until_right": needed,
    }
    met = verdict(not left.any and not twice and bool(needed))
    what = f"{pulls:,} {WHAT}"
    return Row(name, what, figure, "the truth, 0 duplicates, 0 lost", met, values)
