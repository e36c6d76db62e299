"""The process that reads repositories: a request a line in, facts a line out, then an empty line.

A repository can hold libgit2 up for ever (a FIFO where a file should be, a history without end)
or break it. So it is done here and not in a daemon, and the kernel ends this process when one
repository has taken too long.
"""

import gc
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from session_lattice.sources.git.read import read
from session_lattice.sources.git.reader import NICENESS, Request, SinceRequest
from session_lattice.sources.git.repository import harden
from session_lattice.sources.git.since import since

MEMORY_BYTES = 1024 * 1024 * 1024
"""What reading may take, where the system can limit it."""

GC_OBJECTS = 50_000
"""Objects made between two looks for cycles: reading makes millions and none of them."""


def main() -> None:
    """Until standard input ends."""
    os.nice(NICENESS)
    # Not to be handled: Python would only do so once libgit2 returns.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    harden()
    gc.set_threshold(GC_OBJECTS)
    decoder = msgspec.json.Decoder(Request | SinceRequest)
    for line in sys.stdin.buffer:
        _answer(decoder.decode(line))


def _answer(request: Request | SinceRequest) -> None:
    _limit_time(request.seconds)
    for part in _parts(request):
        if isinstance(request, SinceRequest):
            # Each portion has its time, and whoever takes it may take theirs.
            _limit_time(0)
        _write(part)
        if isinstance(request, SinceRequest):
            _limit_time(request.seconds)
    _write(b"")
    _limit_time(0)


def _parts(request: Request | SinceRequest) -> Iterator[bytes]:
    if isinstance(request, SinceRequest):
        told, marks = list(request.told), dict(request.marks)
        return since(request.path, request.repo, told, marks, request.seconds)
    return map(msgspec.json.encode, read(request.path, request.now))


def _limit_time(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _limit_memory() -> None:
    with suppress(ValueError, OSError):  # macOS may refuse
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
