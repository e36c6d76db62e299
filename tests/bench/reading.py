"""Reads a repository into a log as the puller does, and tells in JSON what it took, in seconds.

python -m tests.bench.reading REPOSITORY DIRECTORY
"""

import json
import sys
import time
from pathlib import Path

from session_lattice.log.drainer import Delivery, Drainer
from session_lattice.log.sqlite import SqliteEventLog
from session_lattice.sources.git.source import GitSource

LOOKS = 5


def main(repository: str, directory: str) -> None:
    log = SqliteEventLog(Path(directory, "log.sqlite"), origin="bench")
    drainer = Drainer(log)
    source = GitSource()
    source.look_at([repository])
    began = time.perf_counter()
    _read(source, drainer)
    first = time.perf_counter() - began
    unchanged = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        _read(source, drainer)
        unchanged.append(time.perf_counter() - began)
    events = log.bounds().newest
    drainer.close()
    log.close()
    source.close()
    print(json.dumps({"first": first, "unchanged": max(unchanged), "events": events}))


def _read(source: GitSource, drainer: Drainer) -> None:
    source.pending()
    for batch in source.batches():
        drainer.submit(Delivery(source.name, batch.drafts, batch.checkpoints))
    drainer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
