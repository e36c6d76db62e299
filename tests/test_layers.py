"""Who may import whom (docs/architecture.md has the table), and what starting up may cost."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import session_lattice

PACKAGE = Path(session_lattice.__file__).parent
NAME = "session_lattice"

BASE = {"child", "errors", "events", "config", "home", "heartbeat", "telemetry"}
MAY_IMPORT = {
    **dict.fromkeys(BASE, BASE),
    "sources": BASE | {"sources"},
    "log": BASE | {"log"},
    "store": BASE | {"store"},
    "search": BASE | {"search"},
    "puller": BASE | {"sources", "log", "store", "search", "puller"},
    "reads": BASE | {"log", "store.generations", "search", "reads"},
    "recall": BASE | {"sources", "log.redaction", "store.generations", "reads", "recall"},
    "cli": BASE | {"sources", "log", "store", "search", "puller", "reads", "recall", "cli"},
    "testing": BASE | {"sources", "log"},
    "__main__": BASE | {"cli.app"},
}
"""Room → the rooms, or modules, of the project that it may import."""

SLOW = {
    *("asyncio", "duckdb", "fastapi", "httpx2", "mcp", "prometheus_client"),
    *("pydantic", "pygit2", "redis", "rich", "starlette", "uvicorn"),
}
"""Libraries that cost tens of milliseconds each, and so wait until a command needs them."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def _imports(source: str) -> Iterator[str]:
    """Modules of the project that a module's text imports, without the package's name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide where they lead"
            names = [_from(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        yield from (name.removeprefix(f"{NAME}.") for name in names if name.startswith(f"{NAME}."))


def _from(module: str, name: str) -> str:
    """What `from module import name` imports: a submodule, or the module itself."""
    path = PACKAGE.parent / Path(*module.split(".")) / name
    is_module = path.is_dir() or path.with_suffix(".py").is_file()
    return f"{module}.{name}" if is_module else module


def _allowed(imported: str, allowed: set[str]) -> bool:
    parts = imported.split(".")
    return any(".".join(parts[:count]) in allowed for count in range(1, len(parts) + 1))


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def _forbidden(room: str, source: str) -> list[str]:
    allowed = MAY_IMPORT.get(room, set())
    return [name for name in _imports(source) if not _allowed(name, allowed)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    assert _forbidden(_room(path), path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("room", "line", "imported"),
    [
        ("sources", "from session_lattice.log import base", "log.base"),
        ("sources", "def late():\n    import session_lattice.store.database", "store.database"),
        ("log", "from session_lattice.store.store import Store", "store.store"),
        ("reads", "from session_lattice.store import database", "store.database"),
        ("search", "from session_lattice.store.store import Store", "store.store"),
        ("reads", "from session_lattice.puller.tick import Tick", "puller.tick"),
        ("recall", "from session_lattice.puller.daemon import serve", "puller.daemon"),
        ("recall", "from session_lattice.log import choose", "log.choose"),
        ("events", "from session_lattice.sources.base import Batch", "sources.base"),
        ("puller", "from session_lattice.cli.app import run", "cli.app"),
    ],
)
def test_a_forbidden_import_is_found_wherever_it_stands(
    room: str, line: str, imported: str
) -> None:
    assert _forbidden(room, line) == [imported]


@pytest.mark.parametrize("module", ["session_lattice.__main__", "session_lattice.cli.app"])
def test_starting_up_imports_nothing_slow(module: str) -> None:
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(loaded.stdout.split()) & SLOW == set()
