"""An upstream in a process of its own, whose processor time is not that of who uses it."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.upstream.server import EVERY_PATH
from tests.upstream.world import SEED, World

ROOT = Path(__file__).parents[2]
ANSWER_SECONDS = 120.0
END_SECONDS = 60.0


class Apart:
    """Calls go there; `world` here is the same as the one there, for its truth."""

    def __init__(self, process: "subprocess.Popen[bytes]", world: World) -> None:
        self._process = process
        self.world = world
        self.port = int(self._hear()["port"])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def change(self, count: int) -> list[str]:
        self._call("change", count)
        return self.world.change(count)

    def change_repos(self, count: int) -> list[str]:
        self._call("change_repos", count)
        return self.world.change_repos(count)

    def add(self, count: int) -> list[str]:
        self._call("add", count)
        return self.world.add(count)

    def renumber(self) -> None:
        self._call("renumber")
        self.world.renumber()

    def scan(self, times: int = 1) -> None:
        self._call("scan", times)

    def restart(self, *, scans: int = 0) -> None:
        self._call("restart", scans=scans)

    def refuse(self) -> None:
        self._call("refuse")

    def misbehave(self, name: str, path: str = EVERY_PATH, times: int | None = None) -> None:
        self._call("misbehave", name, path, times)

    def behave(self) -> None:
        self._call("behave")

    def count(self, path: str = EVERY_PATH) -> int:
        return int(self._call("count", path))

    def delivered(self) -> int:
        return int(self._call("delivered"))

    def prepare(self) -> int:
        return int(self._call("prepare"))

    def _call(self, name: str, *positional: object, **named: object) -> Any:
        assert self._process.stdin
        line = json.dumps([name, positional, named]) + "\n"
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()
        return self._hear()["result"]

    def _hear(self) -> dict[str, Any]:
        """The next line; an upstream that says nothing for ANSWER_SECONDS is ended."""
        assert self._process.stdout
        stopper = threading.Timer(ANSWER_SECONDS, self._process.kill)
        stopper.start()
        try:
            line = self._process.stdout.readline()
        finally:
            stopper.cancel()
        if not line:
            raise RuntimeError(f"the upstream ended with {self._process.wait(END_SECONDS)}")
        said: dict[str, Any] = json.loads(line)
        return said


@contextmanager
def apart(sessions: int, seed: int = SEED) -> Iterator[Apart]:
    """Runs beside the block, and ends with it."""
    command = [sys.executable, "-m", "tests.upstream.process", str(sessions), "--seed", str(seed)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe) as process:
        try:
            yield Apart(process, World(sessions, seed=seed))
        finally:
            assert process.stdin
            process.stdin.close()
            try:
                process.wait(END_SECONDS)
            finally:
                process.kill()
