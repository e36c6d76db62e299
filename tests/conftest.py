"""What every test relies on: nothing of the machine's own settings, homes or transcripts."""

import atexit
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from session_lattice import config
from session_lattice.config import Settings
from tests.redis_server import end_shared

ROOT = Path(__file__).parents[1]
AGENTS_VARIABLES = ("CLAUDE_CONFIG_DIR", "CODEX_HOME")
MAX_WORKERS = 8

# No timed assertions: how long an example takes is the machine's affair.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What `-n auto` means: one process more than there are cores, as tests wait a lot.

    None for a few chosen tests, which are over before a worker has started, and none for who
    wants to see what they print.
    """
    option = config.option
    few = option.keyword or option.markexpr or all(".py" in chosen for chosen in config.args)
    if few or option.capture == "no":
        return 0
    return min((os.cpu_count() or 1) + 1, MAX_WORKERS)


def pytest_configure(config: pytest.Config) -> None:
    """A worker ends as bin/test does, and for the same reason."""
    if hasattr(config, "workerinput"):
        atexit.register(os._exit, 0)


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Child processes inherit this as well."""
    for name in (*os.environ, *AGENTS_VARIABLES):
        if name.startswith(config.PREFIX) or name in AGENTS_VARIABLES:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of profile dev with a home below tmp_path; keyword arguments are flags."""

    def make(**flags: str) -> Settings:
        return config.load({"profile": "dev", "home": str(tmp_path / "home"), **flags}, {})

    return make


def pytest_sessionfinish() -> None:
    """Nothing that the tests started outlives them."""
    end_shared()
