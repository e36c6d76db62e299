"""Homes of the recall service with generations of the real store, and what scans them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.recall.home import FOLDER, RecallHome
from session_lattice.recall.scan import Scanner
from session_lattice.recall.served import Served
from tests.reads.world import World

NEVER_SECONDS = 3_600.0
"""A scan's interval that no test waits for."""


@pytest.fixture
def unpublished(tmp_path: Path) -> Iterator[World]:
    """A store with a few sessions and no generation."""
    world = World.create(tmp_path / "home" / FOLDER, sessions=6)
    yield world
    world.close()


@pytest.fixture
def world(unpublished: World) -> World:
    """The same with one generation."""
    unpublished.publish()
    return unpublished


@pytest.fixture
def home(tmp_path: Path) -> RecallHome:
    return RecallHome(tmp_path / "home")


START = 1_800_000_000.0
"""What the clock says first, unix seconds."""


def place(world: World, path: Path) -> None:
    """A third of the sessions worked in the repository at `path`; published."""
    for table in ("repo_sessions", "checkouts"):
        world.database.run(
            f"UPDATE {table} SET repo = $path WHERE repo = '/src/repo0'", {"path": str(path)}
        )
    world.publish(refresh=False)


class Scans:
    """A scanner in this process that scans when a test says so, with a clock of the test's."""

    def __init__(self, home: RecallHome) -> None:
        self.clock = START
        self.scanner = Scanner(home, NEVER_SECONDS, lambda: self.clock)

    @property
    def served(self) -> Served:
        return self.scanner.served

    def scan(self, *, now: bool = True) -> Served:
        """One scan; what is served then."""
        asyncio.run(self.scanner._scan_once(now=now))
        return self.served

    def close(self) -> None:
        self.scanner._repositories.close()
        self.scanner._close()


@pytest.fixture
def scans(home: RecallHome) -> Iterator[Scans]:
    scans = Scans(home)
    yield scans
    scans.close()
