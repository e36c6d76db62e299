"""What the documentation names is there, what is there is documented, and files stay small."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.cli.app import COMMANDS, app
from session_lattice.config import KEYS, PREFIX, PROFILES, RECALL_LIMITS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "session_lattice"
README = (ROOT / "README.md").read_text("utf-8")
CONTRACT = (ROOT / "docs" / "upstream.md").read_text("utf-8")
AGENTS = (ROOT / "AGENTS.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "AGENTS.md", *sorted((ROOT / "docs").rglob("*.md"))]

MAX_LINES = {"README.md": 149, "AGENTS.md": 79}
MAX_PACKAGE_LINES = 350

MADE_BY_TOOLS = {".git", ".venv", ".venv-dev", ".venv-bench", "__pycache__", ".hypothesis"}
OF_A_HOME = {"puller.json"}

# In pieces, so that this file does not match itself.
REGISTRIES = ("pypi" + ".org", "python" + "hosted", "registry." + "npmjs", "crates" + ".io")
MACHINE_PATHS = ("/ro" + "ot/", "/wo" + "rk/", "/fa" + "rm/")

LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)")
CODE = re.compile(r"`([^`\s]+)`")


def tracked() -> list[Path]:
    """The files that git tracks or would; every file where this is no repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]
    found = (path for path in ROOT.rglob("*") if path.is_file())
    return [path for path in found if not MADE_BY_TOOLS & set(path.relative_to(ROOT).parts)]


def text_of(path: Path) -> str:
    """A file's text; empty for what is not text."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def linked(page: Path) -> Iterator[Path]:
    for target in LINK.findall(page.read_text("utf-8")):
        yield page.parent / target


def named_paths(page: Path) -> Iterator[str]:
    """Code spans that look like a path in the repository."""
    for span in CODE.findall(page.read_text("utf-8")):
        top = span.split("/")[0]
        if ("/" in span and top and (ROOT / top).exists()) or span.endswith(
            (".md", ".py", ".json")
        ):
            yield span


def matches(pattern: str, paths: list[Path]) -> list[str]:
    expression = re.compile(pattern)
    return [str(path.relative_to(ROOT)) for path in paths if expression.search(text_of(path))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    assert [str(path) for path in linked(page) if not path.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    missing = [
        name
        for name in named_paths(page)
        if name not in OF_A_HOME and not any((base / name).exists() for base in (ROOT, PACKAGE))
    ]
    assert missing == []


@pytest.mark.parametrize("name", [*KEYS, "profile"])
def test_every_setting_is_in_the_readme_and_an_upstreams_limits_in_its_contract(name: str) -> None:
    page = CONTRACT if name in RECALL_LIMITS else README
    assert f"`{PREFIX}{name.upper()}`" in page


def test_every_variable_that_a_page_names_is_a_setting() -> None:
    known = {PREFIX + name.upper() for name in (*KEYS, "profile")}
    named = {
        name
        for page in PAGES
        for name in re.findall(PREFIX + r"[A-Z_]+[A-Z]", page.read_text("utf-8"))
    }
    assert named - known == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"`{command}[ `]", README)


def test_every_command_line_in_the_readme_begins_with_a_command() -> None:
    blocks = "".join(re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL))
    lines = re.findall(r"^(?:bin/)?session-lattice +(\S+)", blocks, re.MULTILINE)
    assert lines
    assert set(lines) <= set(COMMANDS)


def test_the_options_before_the_command_are_in_the_readme() -> None:
    import typer

    options = {name for option in typer.main.get_command(app).params for name in option.opts}
    settings = {name for name in options if name.startswith("--")} - {"--help", "--version"}
    assert [name for name in settings if f"`{name}`" not in README] == []


def test_every_view_is_in_the_readme_and_nothing_else_is_called_one() -> None:
    names = {file.stem for file in PACKAGE.glob("views/*/*.sql")}
    rows = re.findall(r"^\| \*\*\w+\*\*: [^|]+ \| ([^|]+) \|$", README, re.MULTILINE)
    assert len(names) >= 35
    assert sorted(name for row in rows for name in CODE.findall(row)) == sorted(names)
    assert f"{len(names)} views" in README


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_in_the_readme_with_its_home_and_port(profile: str) -> None:
    row = next(line for line in README.splitlines() if line.startswith(f"| `{profile}`"))
    assert f"`{PROFILES[profile]['home']}`" in row
    assert PROFILES[profile]["port"] in row


def test_mcporter_knows_every_profile_at_its_port() -> None:
    servers = json.loads((ROOT / "config" / "mcporter.json").read_text())["mcpServers"]
    assert set(servers) == {f"session-lattice-{profile}" for profile in PROFILES}
    for profile in ("dev", "staging"):
        port = PROFILES[profile]["port"]
        assert servers[f"session-lattice-{profile}"]["baseUrl"] == f"http://127.0.0.1:{port}/mcp"
    prod = servers["session-lattice-prod"]
    # mcporter puts variables into headers, not into addresses.
    assert prod["baseUrl"] == f"http://session-lattice-prod:{PROFILES['prod']['port']}/mcp"
    assert prod["headers"] == {"Authorization": "Bearer ${SESSION_LATTICE_TOKEN}"}


def test_the_two_commands_are_on_the_readmes_first_screen() -> None:
    first_screen = "\n".join(README.splitlines()[:24])
    assert "\nbin/session-lattice up" in first_screen
    assert "\nbin/test" in first_screen


def test_agents_learn_which_home_a_checkout_may_touch() -> None:
    assert "A checkout only ever touches the dev home" in AGENTS
    assert "brew-installed program is the contract of staging and prod" in AGENTS


@pytest.mark.parametrize("name", MAX_LINES)
def test_pages_stay_short(name: str) -> None:
    assert len((ROOT / name).read_text("utf-8").splitlines()) <= MAX_LINES[name]


def test_the_packages_files_stay_short() -> None:
    files = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".sql")]
    long = {
        path.name: count
        for path in files
        if (count := len(text_of(path).splitlines())) > MAX_PACKAGE_LINES
    }
    assert long == {}


@pytest.mark.parametrize("pattern", [*map(re.escape, REGISTRIES), *MACHINE_PATHS])
def test_no_tracked_file_names_a_registry_or_a_path_of_a_machine(pattern: str) -> None:
    assert matches(pattern, tracked()) == []
