"""The program under measure, run as its users run it: the command line in real processes."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from session_lattice import heartbeat
from session_lattice.home import Home
from session_lattice.store import generations
from tests.bench.measure import STOP_SECONDS, BenchError, Spent, run, until

ROOT = Path(__file__).parents[2]
NEVER_SECONDS = "86400"
"""A refresh interval that no bench lives to see: pulls happen when SIGHUP asks."""

START_SECONDS = 120.0
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Program:
    """One home with the transcripts that it reads, and the commands that run on it."""

    root: Path
    transcripts: str
    port: int

    @classmethod
    def fresh(cls, root: Path, transcripts: str) -> "Program":
        """An empty home at `root`; what was there is deleted."""
        shutil.rmtree(root, ignore_errors=True)
        return cls(root, transcripts, free_port())

    @property
    def home(self) -> Home:
        return Home(self.root)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def environment(self, interval: str) -> Mapping[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root.parent),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "PYTHONPATH": str(ROOT),
            "SESSION_LATTICE_PROFILE": "dev",
            "SESSION_LATTICE_HOME": str(self.root),
            "SESSION_LATTICE_TRANSCRIPTS": self.transcripts,
            "SESSION_LATTICE_PORT": str(self.port),
            "SESSION_LATTICE_REFRESH_INTERVAL_SECONDS": interval,
            "SESSION_LATTICE_LOG_LEVEL": "warning",
        }

    def run(self, *arguments: str) -> Spent:
        """One command to its end."""
        command = [sys.executable, "-m", "session_lattice", *arguments]
        return run(command, self.environment(NEVER_SECONDS), ROOT)

    def pull_once(self) -> Spent:
        return self.run("serve-puller", "--once")

    @contextmanager
    def puller(self, interval: str = NEVER_SECONDS) -> Iterator[int]:
        """A living puller, its first pull done; its process id."""
        with self.spawned(interval, "serve-puller") as process:
            self.await_check(process.pid, START_SECONDS)
            yield process.pid

    @contextmanager
    def reads(self) -> Iterator[int]:
        """A living reads server that answers; its process id."""
        with self.spawned(NEVER_SECONDS, "serve-reads") as process:
            until(lambda: answers(f"{self.url}/readyz", process), "/readyz answers", START_SECONDS)
            yield process.pid

    @contextmanager
    def spawned(self, interval: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        """The command as a child that ends with the block; what it says goes to a file."""
        command = [sys.executable, "-m", "session_lattice", *arguments]
        with (self.root.parent / f"{arguments[0]}.log").open("ab") as said:
            process = subprocess.Popen(
                command, env=self.environment(interval), cwd=ROOT, stdout=said, stderr=said
            )
            try:
                yield process
            finally:
                stop(process)

    def await_check(self, pid: int, seconds: float = 60.0) -> float:
        """Seconds until process `pid` says that it has looked at everything once more."""
        before = self.checked_at(pid)
        return until(
            lambda: self.checked_at(pid) > before, "the puller has looked at everything", seconds
        )

    def checked_at(self, pid: int) -> int:
        """When process `pid` last found everything published; 0 before it has."""
        beat = heartbeat.read(self.home.heartbeat)
        return (
            beat.checked_at if beat and beat.pid == pid and beat.beat_at >= beat.checked_at else 0
        )

    def pull(self, pid: int, seconds: float = 60.0) -> float:
        """SIGHUP, and how long the pull took by the heartbeat."""
        before = self.checked_at(pid)
        os.kill(pid, signal.SIGHUP)
        return until(lambda: self.checked_at(pid) > before, "SIGHUP is answered", seconds)

    def generation(self) -> int:
        found = generations.pointed_at(self.home)
        return found.number if found else 0


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end, then make it."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return bytes(answer.read())


def answers(url: str, process: "subprocess.Popen[bytes]") -> bool:
    """Whether a server that is starting has come so far; BenchError when it has died."""
    if process.poll() is not None:
        raise BenchError(f"the server ended with {process.returncode}")
    try:
        fetch(url)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        time.sleep(0.02)
        return False
    return True
