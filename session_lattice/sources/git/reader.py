"""Asks the process that reads repositories, and starts it again when one has ended it."""

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import msgspec

from session_lattice import child
from session_lattice.errors import SourceError
from session_lattice.sources.git.facts import Facts
from session_lattice.sources.git.portion import Portion

REPOSITORY_SECONDS = 10.0
"""What one repository may take, before what it did not answer is given up."""

PORTION_SECONDS = 60.0
"""What one portion of a history may take; with the first come all commits' hashes."""

NICENESS = 10
"""The reader yields to what answers people."""

BROKE_OFF = "it took too long or broke its reader; the rest is unknown"


class Request(msgspec.Struct, tag="facts"):
    """Which repository is to be read within so many seconds, and the time, unix seconds."""

    path: str
    now: int
    seconds: float


class SinceRequest(msgspec.Struct, tag="since"):
    """Of which repository the history is asked for; see `since`. `seconds` is for a portion."""

    path: str
    repo: str
    told: Sequence[str]
    marks: Mapping[str, str]
    seconds: float


class GitReader:
    """One process that reads one repository at a time; it starts with the first.

    `close` may come from another thread, and ends a `read` that is under way; `interrupt` too,
    after which there may be others.
    """

    def __init__(
        self, seconds: float = REPOSITORY_SECONDS, portion_seconds: float = PORTION_SECONDS
    ) -> None:
        self._seconds = seconds
        self._portion_seconds = portion_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._facts = msgspec.json.Decoder(Facts)
        self._portion = msgspec.json.Decoder(Portion)

    def read(self, path: str, now: int) -> Facts:
        """What could be learned, with `problems` for what could not. Raises SourceError."""
        facts = Facts(path=path)
        for line in self._answer(Request(path, now, self._seconds)):
            if line is None:
                facts.problems.append(BROKE_OFF)
            else:
                facts = self._facts.decode(line)
        return facts

    def since(
        self, path: str, repo: str, told: Sequence[str], marks: Mapping[str, str]
    ) -> Iterator[Portion | None]:
        """The history at `path`, called `repo`, since what was told; None where it broke off.

        An iterator that is left early ends the process. Raises SourceError.
        """
        request = SinceRequest(path, repo, told, marks, self._portion_seconds)
        whole = False
        try:
            for line in self._answer(request):
                yield None if line is None else self._portion.decode(line)
            whole = True
        finally:
            if not whole:
                self.reap()

    def _answer(self, request: Request | SinceRequest) -> Iterator[bytes | None]:
        """The lines of the answer, then None where the process ended before it was whole."""
        process = self._started()
        assert process.stdin
        assert process.stdout
        with suppress(BrokenPipeError):
            process.stdin.write(msgspec.json.encode(request) + b"\n")
            process.stdin.flush()
        for line in process.stdout:
            if line == b"\n":
                return
            if line.endswith(b"\n"):
                yield line
        self.reap()
        if self._closed:
            raise _closed()
        yield None

    def interrupt(self) -> None:
        """Break off what is read now, from another thread."""
        with self._lock:
            if self._process:
                self._process.kill()

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
