"""The clients that people use, at the versions that they are promised to work with."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from session_lattice.home import Home
from tests.reads.conftest import Server, reads_server

PACKAGES = ("mcporter@0.12", "@modelcontextprotocol/inspector@2.12")
CACHE = Path(__file__).parents[2] / ".cache" / "mcp-clients"
"""Where the clients are installed once; git ignores it."""

INSTALL_SECONDS = 240
CALL_SECONDS = 60
TOOLS = ["orient", "list_views", "read_view", "list_sessions", "get_session", "search"]


@pytest.fixture(scope="module")
def programs() -> Path:
    """The directory of the clients' programs; skips where they cannot be installed."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    found = CACHE / "node_modules" / ".bin"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        # Tests that run beside these wait for the one that installs.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(npm, found)
    return found


def _install(npm: str, found: Path) -> None:
    if not all((found / name).exists() for name in ("mcporter", "mcp-inspector")):
        command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(CACHE), *PACKAGES]
        installed = subprocess.run(
            command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
        if installed.returncode:
            pytest.skip(f"npm cannot install the clients: {installed.stderr.strip()[-200:]}")


@pytest.fixture(scope="module")
def server(settled: Home) -> Iterator[Server]:
    with reads_server(settled.root) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, server: Server) -> Path:
    """A folder with the configuration that mcporter reads."""
    (tmp_path / "config").mkdir()
    servers = {"session-lattice-dev": {"baseUrl": f"{server.url}/mcp"}}
    config = tmp_path / "config" / "mcporter.json"
    config.write_text(json.dumps({"mcpServers": servers}), "utf-8")
    return tmp_path


def run(folder: Path, *command: str | Path) -> str:
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=CALL_SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_mcporter_lists_the_tools_with_their_schema(programs: Path, folder: Path) -> None:
    listed = run(folder, programs / "mcporter", "list", "session-lattice-dev", "--schema")
    for tool in TOOLS:
        assert f"function {tool}(" in listed


def test_mcporter_calls_a_tool(programs: Path, folder: Path) -> None:
    answer = json.loads(
        run(
            folder,
            programs / "mcporter",
            "call",
            "session-lattice-dev.read_view",
            "view=model_usage",
            "limit=1",
            "--output",
            "json",
        )
    )
    assert len(answer["rows"]) == 1
    assert answer["generation"] == 1


@pytest.mark.parametrize("era", ["legacy", "modern", "auto"])
def test_the_inspector_lists_and_calls_in_either_era(
    programs: Path, server: Server, tmp_path: Path, era: str
) -> None:
    inspector = (programs / "mcp-inspector", "--cli", f"{server.url}/mcp", "--protocol-era", era)
    listed = json.loads(run(tmp_path, *inspector, "--method", "tools/list"))
    assert [tool["name"] for tool in listed["tools"]] == TOOLS
    called: dict[str, Any] = json.loads(
        run(tmp_path, *inspector, "--method", "tools/call", "--tool-name", "orient")
    )
    assert called["structuredContent"]["sessions"] == 6
