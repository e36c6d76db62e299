"""Reads a long history in a process of its own.

Reading and encoding take most of a first pull's time and hold the interpreter's lock; in
another process they run beside the appending and applying instead of in turns with them.
The process is this module: it takes a pickled order on its standard input and answers with
portions on its standard output, each a pickle behind its length.
"""

import contextlib
import gc
import pickle
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from session_lattice.errors import SourceError
from session_lattice.log.base import Encoded
from session_lattice.log.drainer import encode
from session_lattice.puller.discovery import Discovery

BULK_BYTES = 32 * 1024 * 1024
"""A scan that would read at least this much is worth the start of a process."""

END_SECONDS = 10.0
"""How long the process may take to end once it is told to."""

GC_OBJECTS = 20_000
"""Objects made between two looks for cycles: reading makes millions and none of them."""

_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Portion:
    """A batch of `source`, redacted and encoded, with the checkpoints that hold after it."""

    source: str
    events: Sequence[Encoded]
    checkpoints: Mapping[str, bytes | None]
    read_bytes: int


class BulkReader:
    """Reads agents' homes elsewhere; `roots` and `sample` are those of the puller's sources."""

    def __init__(self, roots: Sequence[Path], sample: bool) -> None:
        self._roots = list(roots)
        self._sample = sample
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()

    def read(
        self, checkpoints: Mapping[str, Mapping[str, bytes]]
    ) -> Generator[Portion, None, None]:
        """Everything new after `checkpoints` of the sources named there, in bounded portions.

        Raises SourceError when a source fails or the process ends early; what came before
        holds. Leaving the iterator ends the process.
        """
        with self._starting:
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        assert process.stdin is not None
        assert process.stdout is not None
        with process, contextlib.ExitStack() as stack:
            stack.callback(process.kill)
            with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
                pickle.dump((self._roots, self._sample, checkpoints), stdin)
            yield from _portions(process.stdout)
            stack.pop_all()
            process.wait(END_SECONDS)

    def kill(self) -> None:
        """End the process, if there is one, from another thread: reading it then fails."""
        with self._starting:
            if self._process is not None:
                self._process.kill()


def _portions(stream: IO[bytes]) -> Iterator[Portion]:
    while (message := pickle.loads(_body(stream))) is not None:
        if isinstance(message, SourceError):
            raise message
        source, events, checkpoints, read_bytes = message
        yield Portion(source, [Encoded(*event) for event in events], checkpoints, read_bytes)


def _body(stream: IO[bytes]) -> bytes:
    header = stream.read(_LENGTH.size)
    size = _LENGTH.unpack(header)[0] if len(header) == _LENGTH.size else 0
    body = stream.read(size)
    if not size or len(body) < size:
        raise SourceError("the process that reads transcripts ended early")
    return body


def main() -> None:
    """The process: Ctrl-C at a terminal is the puller's to act on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(GC_OBJECTS)
    roots, sample, checkpoints = pickle.load(sys.stdin.buffer)
    with contextlib.suppress(BrokenPipeError):
        for message in _messages(Discovery(roots, sample=sample), checkpoints):
            body = pickle.dumps(message, protocol=5)
            sys.stdout.buffer.write(_LENGTH.pack(len(body)) + body)
        sys.stdout.buffer.flush()


def _messages(
    discovery: Discovery, checkpoints: Mapping[str, Mapping[str, bytes]]
) -> Iterator[Any]:
    """Portions as plain tuples, then None; a SourceError when one failed, after the others."""
    failure: SourceError | None = None
    for source in discovery.found():
        if source.name not in checkpoints:
            continue
        source.load(checkpoints[source.name])
        try:
            source.pending()
            for batch in source.batches():
                events = [_plain(event) for event in encode(batch.drafts)]
                yield source.name, events, batch.checkpoints, batch.read_bytes
        except SourceError as error:
            failure = failure or error
    yield failure


def _plain(event: Encoded) -> tuple[object, ...]:
    """Tuples are pickled several times faster than objects."""
    return event.stream, event.key, event.ts, event.type, event.terminal, event.data


if __name__ == "__main__":
    main()
