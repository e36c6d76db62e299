"""Both formulae, evaluated under real Ruby, against the command line and the settings."""

import json
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from session_lattice.cli.app import COMMANDS
from session_lattice.config import KEYS, PREFIX

ROOT = Path(__file__).parents[2]
EVALUATE = Path(__file__).parent / "evaluate.rb"
NAMES = ("session-lattice", "session-lattice-puller")
DESC_CHARACTERS = 80

pytestmark = pytest.mark.skipif(
    shutil.which("ruby") is None, reason="ruby is not installed: formulae not evaluated"
)


def evaluate(path: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["ruby", "-w", EVALUATE, path], capture_output=True, text=True)


@pytest.fixture(scope="module", params=NAMES)
def formula(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What a formula says, with its file's name as "name"."""
    name = str(request.param)
    run = evaluate(ROOT / "Formula" / f"{name}.rb")
    assert (run.returncode, run.stderr) == (0, "")
    said: dict[str, Any] = json.loads(run.stdout)
    return said | {"name": name}


def understood(words: list[str]) -> bool:
    """Whether the program knows the command with these options; nothing is run."""
    command = [sys.executable, "-m", "session_lattice", *words, "--help"]
    return subprocess.run(command, capture_output=True).returncode == 0


def known_variable(name: str) -> bool:
    return name in {PREFIX + setting.upper() for setting in (*KEYS, "profile")}


@pytest.mark.parametrize("line", ['  depnds_on "x"', "  service do\n    kep_alive true\n  end"])
def test_a_word_that_brew_does_not_know_fails(line: str, tmp_path: Path) -> None:
    source = (ROOT / "Formula" / "session-lattice-puller.rb").read_text()
    wrong = tmp_path / "wrong.rb"
    wrong.write_text(source.replace("  test do", f"{line}\n\n  test do"))
    assert "undefined method" in evaluate(wrong).stderr


@pytest.mark.parametrize(
    "words", [["serve-writes"], ["serve-puller", "--twice"], ["--hom", "/x", "views"]]
)
def test_the_check_below_refuses_what_the_program_does_not_know(words: list[str]) -> None:
    assert not understood(words)


def test_every_command_line_is_one_that_the_program_knows(formula: dict[str, Any]) -> None:
    lines = [formula["service"]["run"], *formula["test_commands"]]
    assert {PurePosixPath(line[0]).name for line in lines} == {"session-lattice"}
    assert [line for line in lines if not understood(line[1:])] == []


def test_every_variable_is_a_setting(formula: dict[str, Any]) -> None:
    service = formula["service"]["environment_variables"]
    names = {*service, *formula["environment"]} - {"PATH"}
    assert [name for name in names if not known_variable(name)] == []
    assert service["PATH"]


def test_each_formula_carries_one_service_that_is_kept_alive(formula: dict[str, Any]) -> None:
    assert formula["services"] == 1
    service = formula["service"]
    assert service["keep_alive"] is True
    assert service["restart_delay"] > 0
    logs = f"/brew/var/log/{formula['name']}.log"
    assert (service["log_path"], service["error_log_path"]) == (logs, logs)


def test_the_two_services_are_the_two_daemons() -> None:
    runs = [
        json.loads(evaluate(ROOT / "Formula" / f"{name}.rb").stdout)["service"]["run"]
        for name in NAMES
    ]
    assert runs == [
        ["/brew/opt/session-lattice/bin/session-lattice", "serve-reads"],
        ["/brew/opt/session-lattice/bin/session-lattice", "serve-puller"],
    ]
    assert {run[1] for run in runs} <= set(COMMANDS)


def test_the_companion_needs_the_program(formula: dict[str, Any]) -> None:
    needs = {"session-lattice": ["python@3.14"], "session-lattice-puller": ["session-lattice"]}
    assert formula["depends_on"] == needs[formula["name"]]


def test_the_description_follows_brews_rules(formula: dict[str, Any]) -> None:
    desc = formula["desc"]
    assert len(desc) <= DESC_CHARACTERS
    assert desc[0].isupper()
    assert not desc.endswith(".")
    assert desc.split()[0] not in ("A", "An", "The")
    words = desc.lower().replace("-", " ")
    assert formula["name"].replace("-", " ") not in words
    assert "session lattice" not in words


def test_the_class_is_named_after_the_file(formula: dict[str, Any]) -> None:
    assert formula["class"] == "".join(part.title() for part in formula["name"].split("-"))


def test_what_is_installed_is_in_the_repository(formula: dict[str, Any]) -> None:
    named = [name for name, _ in formula["installed"]]
    named += [
        word.removeprefix("--requirement=")
        for line in formula["install_commands"]
        for word in line
        if word.startswith("--requirement=")
    ]
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_a_stable_download_has_a_checksum(formula: dict[str, Any]) -> None:
    assert ("url" in formula) == ("sha256" in formula)
    assert formula["head"][1] == "main"
