"""Pulling from a recall service: large, without change, wedged, restarted, failing at random."""

from collections.abc import Callable, Iterator

from tests.bench.context import Context
from tests.bench.measure import LINUX, BenchError, SkipError
from tests.bench.recalls import failing, large, restarted, wedged
from tests.bench.report import Row

NAME = "recall"
PARTS: dict[str, Callable[[Context, str], Iterator[Row]]] = {
    large.WHAT: large.measure,
    wedged.WHAT: wedged.measure,
    restarted.WHAT: restarted.measure,
    failing.WHAT: failing.measure,
}


def measure(context: Context) -> Iterator[Row]:
    """Each part with an upstream in a process of its own; one that fails ends no other."""
    if not LINUX:
        raise SkipError("memory and CPU time of a living process are read from /proc")
    for what, part in PARTS.items():
        try:
            yield from part(context, NAME)
        except SkipError as skip:
            yield Row(NAME, what, f"skipped: {skip}", verdict="skipped")
        except BenchError as error:
            yield Row(NAME, what, f"could not be measured: {error}", verdict="missed")
