"""The stream over HTTP: replay, many clients, a stuck one, latency, disconnects."""

from collections.abc import Callable, Iterator

from tests.bench.context import Context
from tests.bench.measure import LINUX, BenchError, SkipError
from tests.bench.report import Row
from tests.bench.streams import fanout, latency, replay, resumes, stuck

NAME = "stream"
PARTS: dict[str, Callable[[Context, str], Iterator[Row]]] = {
    replay.WHAT: replay.measure,
    fanout.WHAT: fanout.measure,
    stuck.WHAT: stuck.measure,
    latency.SQLITE: latency.sqlite,
    latency.REDIS: latency.redis,
    resumes.WHAT: resumes.measure,
}


def measure(context: Context) -> Iterator[Row]:
    """Each part on a home of its own; one that cannot be measured does not end the others."""
    if not LINUX:
        raise SkipError("memory and CPU time of a living process are read from /proc")
    for what, part in PARTS.items():
        try:
            yield from part(context, NAME)
        except SkipError as skip:
            yield Row(NAME, what, f"skipped: {skip}", verdict="skipped")
        except BenchError as error:
            yield Row(NAME, what, f"could not be measured: {error}", verdict="missed")
