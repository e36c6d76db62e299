"""The command line's frame: usage, errors, exit codes, options before the command."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from session_lattice import __version__
from session_lattice.cli.app import COMMANDS


def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "session_lattice", *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "arguments", [["statsu"], ["status", "--jsno"], ["--hom", "/x", "status"], ["view"]]
)
def test_wrong_usage_ends_with_2_and_points_to_the_help(arguments: list[str]) -> None:
    ended = run(*arguments)
    assert ended.returncode == 2
    assert "Usage: session-lattice" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_misspelt_command_is_answered_with_the_near_one() -> None:
    assert "'status'" in run("statsu").stderr


@pytest.mark.parametrize("command", ["serve-puller", "serve-reads", "up"])
def test_a_wrong_setting_ends_with_2_and_says_what_to_try(command: str) -> None:
    ended = run(command, SESSION_LATTICE_LOG_LEVEL="loud")
    assert ended.returncode == 2
    what, hint = ended.stderr.splitlines()
    assert what == "session-lattice: log_level is 'loud' (from the environment)"
    assert hint == "Try: use one of debug, info, warning, error"


def test_a_home_that_cannot_be_used_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run("--home", str(tmp_path / "file"), "serve-puller", "--once")
    assert ended.returncode in (1, 2)
    assert ended.stderr.startswith("session-lattice: ")
    assert "\nTry: " in ended.stderr


def test_options_before_the_command_beat_the_environment() -> None:
    ended = run("--log-level", "louder", "serve-reads", SESSION_LATTICE_LOG_LEVEL="loud")
    assert "'louder' (from the flag)" in ended.stderr


def test_an_interrupted_command_ends_with_130() -> None:
    code = (
        "import os, signal, sys, session_lattice.cli.app as app, session_lattice.__main__ as m\n"
        "app.run = lambda arguments: os.kill(os.getpid(), signal.SIGINT) or signal.pause()\n"
        "sys.exit(m.main())"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (130, "")
    assert ended.returncode == 128 + signal.SIGINT


def test_the_version_is_the_packages() -> None:
    assert run("--version").stdout == f"session-lattice {__version__}\n"


def test_help_lists_every_command_with_what_it_does() -> None:
    shown = run("--help").stdout
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.strip()}
    assert [name for name in COMMANDS if not lines.get(name)] == []
    assert "Exit codes" in shown


def test_no_argument_shows_the_help() -> None:
    ended = run()
    assert ended.returncode == 2
    assert "Usage: session-lattice" in ended.stdout + ended.stderr
