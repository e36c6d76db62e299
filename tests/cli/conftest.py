"""Runs command lines, on a home that has something to read."""

import sys
from pathlib import Path

import pytest

from session_lattice import __main__
from session_lattice.home import Home
from tests.cli.running import Ended, Run
from tests.reads.world import World


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with one generation, for commands that only read."""
    world = World.create(tmp_path_factory.mktemp("settled") / "home", sessions=6)
    world.publish()
    world.close()
    return world.home


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process."""

    def run(home: Path, *words: str) -> Ended:
        line = ["session-lattice", "--profile", "dev", "--home", str(home), *words]
        monkeypatch.setattr(sys, "argv", line)
        try:
            code = __main__.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run
