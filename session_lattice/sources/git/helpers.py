"""Spreads work over processes that are forked for it, and takes it together in order."""

import os
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from typing import IO

HELPERS = 2
"""Processes, where the machine has as many processors."""

_SIZE = struct.Struct("<I")

Work = Callable[[int], Iterator[bytes]]
"""Gives the parts of one block; of no part the size is 0."""


def spread(work: Work, blocks: int, seconds: float) -> Iterator[bytes]:
    """The parts of all blocks in order; each may take so many seconds.

    A helper is at most one part ahead of what is taken. Only for a process without threads. One
    whose helper breaks ends itself, as it would have without.
    """
    count = min(HELPERS, os.cpu_count() or 1)
    pipes: list[IO[bytes]] = []
    pids: list[int] = []
    try:
        for first in range(count):
            pid, pipe = _start(work, range(first, blocks, count), seconds, pipes)
            pids.append(pid)
            pipes.append(pipe)
        for block in range(blocks):
            yield from _parts(pipes[block % count])
    finally:
        for pipe in pipes:
            pipe.close()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _start(
    work: Work, blocks: range, seconds: float, others: list[IO[bytes]]
) -> tuple[int, IO[bytes]]:
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, os.fdopen(read, "rb")
    try:
        # Whoever waits for the end of these must not wait for this process.
        for handle in (read, *(other.fileno() for other in others)):
            os.close(handle)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1):
            os.dup2(null, standard)
        _help(work, blocks, write, seconds)
    finally:
        # Nothing of what the other process has in its buffers may be written twice.
        os._exit(1)


def _help(work: Work, blocks: range, write: int, seconds: float) -> None:
    with os.fdopen(write, "wb") as pipe:
        for block in blocks:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            for part in work(block):
                signal.setitimer(signal.ITIMER_REAL, 0)
                pipe.write(_SIZE.pack(len(part)) + part)
                pipe.flush()
                signal.setitimer(signal.ITIMER_REAL, seconds)
            signal.setitimer(signal.ITIMER_REAL, 0)
            pipe.write(_SIZE.pack(0))
            pipe.flush()


def _parts(pipe: IO[bytes]) -> Iterator[bytes]:
    while size := _SIZE.unpack(_whole(pipe, _SIZE.size))[0]:
        yield _whole(pipe, size)


def _whole(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        sys.exit(1)
    return data
