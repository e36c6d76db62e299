"""One client that takes a replay as fast as it comes, and looks at every id.

    python -m tests.bench.streams.replayer PORT --after CURSOR --count 200000

Prints one line of JSON, times in seconds from before it connects.
"""

import argparse
import sys
import time

from tests.bench.streams.children import tell
from tests.bench.streams.wire import Numbers, Wire, WireError, connect

RECEIVE_BYTES = 1024 * 1024


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.streams.replayer")
    parser.add_argument("port", type=int)
    parser.add_argument("--after", required=True)
    parser.add_argument("--count", type=int, required=True)
    given = parser.parse_args(arguments)
    try:
        tell(**_replay(given.port, given.after, given.count))
    except (WireError, OSError) as error:
        tell(error=str(error))
        return 1
    return 0


def _replay(port: int, after: str, count: int) -> dict[str, float]:
    began, cpu, size = time.perf_counter(), time.process_time(), 0
    wire, numbers = Wire(), Numbers(after)
    last = numbers.last + count
    with connect(port, f"/events?after={after}") as sock:
        while numbers.last < last:
            piece = sock.recv(RECEIVE_BYTES)
            if not piece:
                raise WireError(f"the server closed the connection after {numbers.last}")
            size += len(piece)
            numbers.check(wire.frames(piece))
    return {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "bytes": size,
        "events": count,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
