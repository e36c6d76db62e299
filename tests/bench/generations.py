"""Reads while a generation is published every second."""

import os
import signal
import time
from collections.abc import Iterator

from tests.bench.client import Answers, load
from tests.bench.context import Context
from tests.bench.http import VIEW
from tests.bench.live import LiveSession
from tests.bench.measure import interleave, middle
from tests.bench.report import Row, ms, verdict

NAME = "generations"
SECONDS = 8.0
PUBLISH_SECONDS = 1.0
PUBLISHED_AT_LEAST = 0.8
"""Generations per second, without which the bench has not measured what it says."""

P99_RATIO = 1.5
PACED_RATE = 400.0
"""Requests per second, over all connections, of the reader who does not ask all he can."""


def measure(context: Context) -> Iterator[Row]:
    """One puller; in turn it has nothing to do, and a line to publish each second by SIGHUP."""
    space = context.workspace(context.megabytes)
    with space.program.reads(), space.program.puller() as pid:
        yield _compare(context, pid, "16 connections, 400 requests/s", PACED_RATE)
        yield _compare(context, pid, "16 connections, as fast as they can", 0.0)


def _compare(context: Context, pid: int, how: str, rate: float) -> Row:
    space = context.workspace(context.megabytes)
    live = LiveSession(space.transcripts / "claude")
    errors, published = 0, []

    def ask() -> Answers:
        nonlocal errors
        folder = context.folder(NAME)
        found = load(space.program.port, [VIEW], folder, seconds=SECONDS, rate=rate)
        errors += found.errors
        return found

    def quiet() -> float:
        return ask().p99

    def publishing() -> float:
        before, began = space.program.generation(), time.monotonic()
        with live.growing(PUBLISH_SECONDS, lambda: os.kill(pid, signal.SIGHUP)):
            p99 = ask().p99
        published.append((space.program.generation() - before) / (time.monotonic() - began))
        return p99

    ask()
    p99 = {
        name: middle(found)
        for name, found in interleave(
            {"quiet": quiet, "publishing": publishing}, context.rounds
        ).items()
    }
    return _row(how, p99, errors, middle(published), rate)


def _row(how: str, p99: dict[str, float], errors: int, published: float, rate: float) -> Row:
    ratio = p99["publishing"] / p99["quiet"]
    figure = (
        f"{errors} errors, p99 {ratio:.2f}x ({ms(p99['publishing'])} with {published:.1f} "
        f"generations/s, {ms(p99['quiet'])} quiet)"
    )
    values = {
        "errors": errors,
        "quiet_p99_seconds": p99["quiet"],
        "publishing_p99_seconds": p99["publishing"],
        "generations_per_second": published,
    }
    met = verdict(errors == 0 and ratio <= P99_RATIO and published >= PUBLISHED_AT_LEAST)
    return Row(NAME, how, figure, "0 errors, p99 ≤ 1.5x quiet", met, values)
