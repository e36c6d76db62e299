"""Homes with published generations, and reads servers on them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from session_lattice import config
from session_lattice.config import Settings
from session_lattice.home import Home
from session_lattice.reads.app import create_app
from tests.reads.world import World

BASE_URL = "http://127.0.0.1:7781"
END_SECONDS = 20


@pytest.fixture
def unpublished(tmp_path: Path) -> Iterator[World]:
    """A store with a few sessions and no generation."""
    world = World.create(tmp_path / "home", sessions=6)
    yield world
    world.close()


@pytest.fixture
def world(unpublished: World) -> World:
    """The same with one generation."""
    unpublished.publish()
    return unpublished


@pytest.fixture
def following(world: World, make_settings: Callable[..., Settings]) -> Iterator[TestClient]:
    """An HTTP client of an application on `world`, in this process."""
    with TestClient(create_app(make_settings()), base_url=BASE_URL) as client:
        yield client


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with one generation, for tests that only read."""
    world = World.create(tmp_path_factory.mktemp("settled") / "home", sessions=6)
    world.publish()
    world.close()
    return world.home


@pytest.fixture(scope="session")
def client(settled: Home) -> Iterator[TestClient]:
    """An HTTP client of an application on `settled`, in this process."""
    settings = config.load({"profile": "dev", "home": str(settled.root)}, {})
    with TestClient(create_app(settings), base_url=BASE_URL) as client:
        yield client


@dataclass
class Server:
    """A reads server in a process of its own."""

    process: subprocess.Popen[str]
    url: str

    @property
    def resident_bytes(self) -> int:
        pages = Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]
        return int(pages) * 4096


@contextmanager
def reads_server(home: Path, **environment: str) -> Iterator[Server]:
    """`serve-reads` on a free port; ended with the block."""
    program = [sys.executable, "-m", "session_lattice", "--profile", "dev", "--home", str(home)]
    process = subprocess.Popen(
        [*program, "serve-reads", "--port", "0"],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        yield Server(process, json.loads(said)["url"])
    finally:
        process.kill()
        process.communicate(timeout=END_SECONDS)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers that end with the test."""
    with ExitStack() as stack:
        yield lambda home: stack.enter_context(reads_server(home))
