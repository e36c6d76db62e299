"""A process that appends made-up events at a rate, one per transaction, each with its time.

    python -m tests.bench.streams.writer LOG --rate 50 --count 1000

LOG is a path or a redis:// address. Each event is due at random within its slot of 1/rate, so
that nothing falls into step with it. Ends with the last event or at SIGTERM, with one line of
JSON, times in seconds.
"""

import argparse
import random
import signal
import sys
import threading
import time

from tests.bench.streams.children import tell
from tests.bench.streams.made import SEED, Maker, opened


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.streams.writer")
    parser.add_argument("log")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--count", type=int, default=sys.maxsize)
    parser.add_argument("--text-bytes", type=int, default=400)
    parser.add_argument("--streams", type=int, default=1)
    given = parser.parse_args(arguments)
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    log, maker = opened(given.log), Maker(given.text_bytes, given.streams)
    dice, took, late = random.Random(SEED), [0.0], 0.0
    began = time.monotonic()
    for number in range(given.count):
        due = began + (number + dice.random()) / given.rate
        if done.wait(max(0.0, due - time.monotonic())):
            break
        start = time.monotonic()
        log.append([maker.event()], {})
        took.append(time.monotonic() - start)
        late = max(late, start - due)
    log.close()
    tell(appended=len(took) - 1, p50=sorted(took)[len(took) // 2], most=max(took), late=late)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
