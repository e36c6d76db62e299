"""An upstream that restarted, so that an old ETag comes again with other content."""

import urllib.request
from collections.abc import Iterator

from tests.bench.context import Context
from tests.bench.measure import BenchError
from tests.bench.recalls.recalling import recalling
from tests.bench.report import Row, verdict
from tests.upstream.apart import Apart, apart
from tests.upstream.server import SESSIONS

WHAT = "an old ETag comes again with other content"
SESSION_COUNT = 500
SCANS = 7
CHANGED = 5


def measure(context: Context, name: str) -> Iterator[Row]:
    """Pulled at scan 7; changed; restarted; at scan 7 once more."""
    with apart(SESSION_COUNT) as server:
        server.restart(scans=SCANS)
        program = recalling(context.folder(name) / "restarted" / "home", server.url)
        with program.puller() as pid:
            before = _etag(server)
            server.change(CHANGED)
            if program.differences(server.world).wrong != CHANGED:
                raise BenchError("the first pull is not what the upstream told")
            server.restart(scans=SCANS)
            if _etag(server) != before:
                raise BenchError("the upstream does not come back with its old ETag")
            program.pull(pid)
            left = program.differences(server.world)
    seen = not left.any
    figure = f"{'seen' if seen else f'not seen: {left}'} ({CHANGED} sessions changed)"
    values = {"wrong": left.wrong, "lost": left.lost}
    yield Row(name, WHAT, figure, "the change is seen", verdict(seen), values)


def _etag(server: Apart) -> str:
    with urllib.request.urlopen(f"{server.url}{SESSIONS}", timeout=30) as answer:
        return str(answer.headers["ETag"])
