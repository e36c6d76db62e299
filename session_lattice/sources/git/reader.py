"""Asks the process that reads repositories, and starts it again when one has ended it."""

import os
import subprocess
import threading
from contextlib import suppress

import msgspec

from session_lattice import child
from session_lattice.errors import SourceError
from session_lattice.sources.git.facts import Facts

REPOSITORY_SECONDS = 10.0
"""What one repository may take, before what it did not answer is given up."""

NICENESS = 10
"""The reader yields to what answers people."""

BROKE_OFF = "it took too long or broke its reader; the rest is unknown"


class Request(msgspec.Struct):
    """Which repository is to be read within so many seconds, and the time, unix seconds."""

    path: str
    now: int
    seconds: float


class GitReader:
    """One process that reads one repository at a time; it starts with the first.

    `close` may come from another thread, and ends a `read` that is under way.
    """

    def __init__(self, seconds: float = REPOSITORY_SECONDS) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._decoder = msgspec.json.Decoder(Facts)

    def read(self, path: str, now: int) -> Facts:
        """What could be learned, with `problems` for what could not. Raises SourceError."""
        process = self._started()
        facts = Facts(path=path)
        assert process.stdin
        assert process.stdout
        with suppress(BrokenPipeError):
            process.stdin.write(msgspec.json.encode(Request(path, now, self._seconds)) + b"\n")
            process.stdin.flush()
        for line in process.stdout:
            if line == b"\n":
                return facts
            if line.endswith(b"\n"):
                facts = self._decoder.decode(line)
        self.reap()
        if self._closed:
            raise _closed()
        facts.problems.append(BROKE_OFF)
        return facts

    def close(self) -> None:
        """End the process; nothing is read from then on."""
        with self._lock:
            self._closed = True
            if self._process:
                self._process.kill()

    def reap(self) -> None:
        """Leave nothing of the process behind; no `read` may be under way."""
        with self._lock:
            process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe
                with suppress(BrokenPipeError):
                    pipe.close()

    def _started(self) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._closed:
                raise _closed()
            if self._process is None:
                self._process = _start()
            return self._process


def _closed() -> SourceError:
    return SourceError("repositories are no longer read")


def _start() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*child.PYTHON, "session_lattice.sources.git"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=child.environment({}, [name for name in os.environ if name.startswith("GIT_")]),
        process_group=0,
    )
