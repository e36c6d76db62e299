"""The real program in real processes, with a home and agents' homes of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from session_lattice.home import Home
from session_lattice.store import generations

DEADLINE_SECONDS = 60.0
"""How long anything may take to come true before the test fails."""

POLL_SECONDS = 0.02
REPO = Path(__file__).parents[2]
BOOKKEEPING = ("applied", "catalog", "stamp", "schema_version")


def until(what: str, true: Callable[[], Any], seconds: float = DEADLINE_SECONDS) -> Any:
    """Wait for a truth that another process brings about; its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := true():
            return value
        select_nothing(POLL_SECONDS)
    raise AssertionError(f"after {seconds} s still not: {what}")


def select_nothing(seconds: float) -> None:
    """Give other processes the processor."""
    signal.sigtimedwait([], seconds)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Pair:
    """One home, its settings, and the processes that a test starts on it."""

    def __init__(self, root: Path, *, interval: float = 0.2, home: Path | None = None) -> None:
        self.root = root
        self.home = Home(home or root / "home")
        self.transcripts = root / "agents"
        self.port = free_port()
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith("SESSION_LATTICE_")
            },
            "HOME": str(root),
            "SESSION_LATTICE_PROFILE": "dev",
            "SESSION_LATTICE_HOME": str(self.home.root),
            "SESSION_LATTICE_TRANSCRIPTS": f"{self.transcripts}/claude:{self.transcripts}/codex",
            "SESSION_LATTICE_PORT": str(self.port),
            "SESSION_LATTICE_REFRESH_INTERVAL_SECONDS": str(interval),
            "PYTHONPATH": str(REPO),
        }

    def run(
        self, *words: str, seconds: float = DEADLINE_SECONDS
    ) -> "subprocess.CompletedProcess[str]":
        """A command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "session_lattice", *words],
            env=self.environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    @contextmanager
    def running(self, *words: str) -> Iterator["subprocess.Popen[str]"]:
        """A command in the background; ended with SIGKILL if it outlives the block."""
        log = self.root / f"{words[0]}.log"
        with log.open("a") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "session_lattice", *words],
                env=self.environment,
                cwd=self.root,
                stdout=output,
                stderr=output,
                text=True,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(DEADLINE_SECONDS)

    def get(self, path: str) -> Any:
        """A JSON answer of the reads server; problem documents too."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}{path}", timeout=10
            ) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)

    def serving(self) -> bool:
        try:
            return bool(self.get("/healthz"))
        except OSError:
            return False

    def newest(self) -> generations.Generation | None:
        return generations.pointed_at(self.home)

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every table of the newest generation by content, without log positions."""
        newest = self.newest()
        assert newest is not None, "nothing is published"
        with generations.open_reader(newest) as connection:
            return contents(connection)


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Table → its rows in an order of their own; bookkeeping and positions are left out."""
    names = [
        row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    ]
    return {name: _rows(connection, name) for name in names if name not in BOOKKEEPING}


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    columns = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
    kept = ", ".join(f'"{name}"' for name in columns if name != "changed")
    return connection.execute(f"SELECT {kept} FROM {table} ORDER BY ALL").fetchall()
