"""A bench's own processes: lines of JSON in both directions, and an end that is waited for."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.bench.measure import BenchError
from tests.bench.program import ROOT, stop

ERROR_CHARS = 600


class Child:
    """`python -m tests.bench.streams.<module>`; it prints a line of JSON when it has news."""

    def __init__(self, module: str, process: "subprocess.Popen[bytes]") -> None:
        self._module = module
        self.process = process

    def hear(self, seconds: float) -> dict[str, Any]:
        """The next line. Raises BenchError when it fails, or says nothing for so long."""
        assert self.process.stdout
        stopper = threading.Timer(seconds, self.process.kill)
        stopper.start()
        try:
            line = self.process.stdout.readline()
        finally:
            stopper.cancel()
        if not line:
            raise BenchError(self._failure(seconds))
        said: dict[str, Any] = json.loads(line)
        if error := said.get("error"):
            raise BenchError(f"{self._module}: {error}")
        return said

    def say(self, value: object) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(value).encode() + b"\n")
        self.process.stdin.flush()

    def _failure(self, seconds: float) -> str:
        assert self.process.stderr
        code = self.process.wait()
        said = self.process.stderr.read().decode("utf-8", "replace")[-ERROR_CHARS:]
        return f"{self._module} said nothing for {seconds:g} s, or ended ({code}): {said}"


@contextmanager
def child(module: str, *arguments: object) -> Iterator[Child]:
    """Runs beside the block, and is ended with it."""
    command = [sys.executable, "-m", f"tests.bench.streams.{module}", *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            yield Child(module, process)
        finally:
            stop(process)


def tell(**said: object) -> None:
    """What a child prints."""
    print(json.dumps(said), flush=True)
