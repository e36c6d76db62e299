"""serve-reads on a home that has nothing but a log."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import rss_bytes, until
from tests.bench.program import NEVER_SECONDS, Program, answers, free_port

START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Served(Program):
    """A program whose log is elsewhere when `log_url` says so."""

    log_url: str = ""

    @property
    def log(self) -> str:
        """Where events are appended."""
        return self.log_url or os.fspath(self.home.log)

    def environment(self, interval: str) -> Mapping[str, str]:
        given = Program.environment(self, interval)
        return {**given, "SESSION_LATTICE_LOG_URL": self.log_url} if self.log_url else given

    @contextmanager
    def serving(self) -> Iterator[int]:
        """A living reads server, which has no generation to answer from; its process id."""
        with self.spawned(NEVER_SECONDS, "serve-reads") as process:
            until(
                lambda: answers(f"{self.url}/healthz", process), "/healthz answers", START_SECONDS
            )
            yield process.pid


def served(root: Path, log_url: str = "") -> Served:
    """An empty home at `root`."""
    made = Served(root, os.fspath(root / "no-transcripts"), free_port(), log_url)
    made.home.create()
    return made


def mib(pid: int) -> float:
    """Resident memory."""
    return rss_bytes(pid) / 2**20
