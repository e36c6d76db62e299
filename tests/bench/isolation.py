"""Reads beside a puller that is stalled, crashing or busy, against none at all."""

import os
import random
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from tests.bench.client import CONNECTIONS, load, without_errors
from tests.bench.context import Context, Workspace
from tests.bench.history import SEED
from tests.bench.http import VIEW
from tests.bench.live import LiveSession
from tests.bench.measure import interleave, middle
from tests.bench.report import Row, ms, verdict

NAME = "isolation"
SECONDS = 5.0
RATE = 400.0
"""Requests per second over all connections: a reader who leaves some of the machine free."""

P99_RATIO = 1.2
NEWS_MEGABYTES = 60
"""What a busy puller gets to read while it is measured."""

LIVES_SECONDS = (0.3, 1.2)
"""How long a crashing puller lives each time."""

INTERVAL = "2"


def measure(context: Context) -> Iterator[Row]:
    """Each state for some seconds, turn by turn, at a steady rate of requests."""
    space = context.workspace(context.megabytes)
    seeds = iter(range(SEED + 1, SEED + 1 + context.rounds))
    states: dict[str, Callable[[], AbstractContextManager[object]]] = {
        "none": nullcontext,
        "stalled": lambda: _stalled(space),
        "crashing": lambda: _crashing(space),
        "busy": lambda: _busy(context, space, next(seeds)),
    }

    def under(state: Callable[[], AbstractContextManager[object]]) -> Callable[[], float]:
        return lambda: _p99(context, space, state)

    with space.program.reads():
        _p99(context, space, nullcontext)
        pieces = {name: under(state) for name, state in states.items()}
        found = interleave(pieces, context.rounds)
    p99 = {name: middle(figures) for name, figures in found.items()}
    for name in states:
        if name != "none":
            yield _row(name, p99)


def _p99(
    context: Context, space: Workspace, state: Callable[[], AbstractContextManager[object]]
) -> float:
    with state():
        found = load(
            space.program.port,
            [VIEW],
            context.folder(NAME),
            connections=CONNECTIONS,
            seconds=SECONDS,
            rate=RATE,
        )
    return without_errors(found).p99


@contextmanager
def _stalled(space: Workspace) -> Iterator[None]:
    """Stopped by SIGSTOP in the middle of a pull."""
    with space.program.puller() as pid:
        LiveSession(space.transcripts / "claude").append("something to pull")
        os.kill(pid, signal.SIGHUP)
        os.kill(pid, signal.SIGSTOP)
        yield


@contextmanager
def _crashing(space: Workspace) -> Iterator[None]:
    """Killed again and again, started anew each time, with a growing transcript to pull."""
    done, dice = threading.Event(), random.Random(SEED)

    def crash() -> None:
        while not done.is_set():
            with space.program.spawned(INTERVAL, "serve-puller") as process:
                done.wait(dice.uniform(*LIVES_SECONDS))
                process.kill()

    thread = threading.Thread(target=crash, daemon=True)
    with LiveSession(space.transcripts / "claude").growing(0.2):
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@contextmanager
def _busy(context: Context, space: Workspace, seed: int) -> Iterator[None]:
    """Another history arrives while the puller ticks every two seconds."""
    news = context.history_of(NEWS_MEGABYTES, seed)
    with space.program.puller(INTERVAL):
        for agent in (news.claude, news.codex):
            shutil.copytree(agent, space.transcripts / agent.name, dirs_exist_ok=True)
        yield


def _row(state: str, p99: dict[str, float]) -> Row:
    ratio = p99[state] / p99["none"]
    figure = f"p99 {ratio:.2f}x ({ms(p99[state])}; none at all {ms(p99['none'])})"
    values = {"p99_seconds": p99[state], "none_p99_seconds": p99["none"]}
    what = f"reads beside a {state} puller, {CONNECTIONS} connections, {RATE:g} requests/s"
    return Row(NAME, what, figure, "p99 ≤ 1.2x none", verdict(ratio <= P99_RATIO), values)
