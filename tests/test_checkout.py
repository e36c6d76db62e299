"""bin/session-lattice as a person meets it: a fresh checkout, from anywhere, with nothing made yet.

The checkout is a small one: the real bin/, no pins (so that nothing is fetched), and a package
that prints what it was started with.
"""

import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = ROOT / "bin"
TOOLS = ("sh", "cmp", "readlink")

MAIN = """
import json, os, sys
import stray_check
variables = {name: os.environ.get(name) for name in ("SESSION_LATTICE_PROFILE", "PYTHONSAFEPATH")}
print(json.dumps({"arguments": sys.argv[1:], "prefix": sys.prefix, "environ": variables}))
"""


@dataclass(frozen=True)
class Checkout:
    root: Path

    @property
    def program(self) -> Path:
        return self.root / "bin" / "session-lattice"

    def start(self, *arguments: str, cwd: Path | None = None) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [self.program, *arguments],
            cwd=cwd or self.root.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, cwd: Path | None = None) -> tuple[int, str, str]:
        process = self.start(*arguments, cwd=cwd)
        out, err = process.communicate()
        return process.returncode, out, err


def fresh(root: Path) -> Checkout:
    shutil.copytree(BIN, root / "bin")
    (root / ".requirements.txt").write_text("")
    package = root / "session_lattice"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(MAIN)
    (root / "stray_check.py").write_text("")
    return Checkout(root)


@dataclass(frozen=True)
class Begun:
    """A checkout whose first run was killed, and two runs that were then started at once."""

    checkout: Checkout
    killed_at: str
    runs: list[tuple[int, str, str]]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    checkout = fresh(tmp_path_factory.mktemp("with a space") / "checkout")
    first = checkout.start("one")
    assert first.stderr is not None
    killed_at = first.stderr.read(len("session-lattice: making"))
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    started = [checkout.start("two"), checkout.start("two")]
    outputs = [process.communicate() for process in started]
    codes = [process.returncode for process in started]
    runs = [(code, *output) for code, output in zip(codes, outputs, strict=True)]
    return Begun(checkout, killed_at, runs)


def test_without_a_python_that_fits_it_says_what_to_install(tmp_path: Path) -> None:
    checkout = fresh(tmp_path / "checkout")
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tools / tool).symlink_to(found)
    run = subprocess.run(
        [checkout.program], env={"PATH": str(tools)}, capture_output=True, text=True
    )
    assert run.returncode != 0
    assert "needs Python 3.11" in run.stderr
    assert "Try:" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        (["--profile", "staging", "up"], {}),
        (["--profile=prod", "up"], {}),
        (["up"], {"SESSION_LATTICE_PROFILE": "staging"}),
        (["--profile", "prod", "up"], {"SESSION_LATTICE_PROFILE": "dev"}),
    ],
)
def test_a_checkout_refuses_the_homes_of_staging_and_prod(
    arguments: list[str], environ: dict[str, str], tmp_path: Path
) -> None:
    checkout = fresh(tmp_path / "checkout")
    run = subprocess.run(
        [checkout.program, *arguments], env=os.environ | environ, capture_output=True, text=True
    )
    assert run.returncode == 2
    assert "only ever touches the dev home" in run.stderr
    assert not (checkout.root / ".venv").exists()


def test_an_interrupted_first_run_heals(begun: Begun) -> None:
    assert begun.killed_at == "session-lattice: making"
    assert [code for code, _, _ in begun.runs] == [0, 0]


def test_two_first_runs_at_once_build_once_and_both_run(begun: Begun) -> None:
    said = "".join(err for _, _, err in begun.runs)
    assert said.count("making .venv") == 1
    assert [json.loads(out)["arguments"] for _, out, _ in begun.runs] == [["two"], ["two"]]


def test_later_runs_say_nothing_of_their_own(begun: Begun) -> None:
    code, out, err = begun.checkout.run("status", "--json", "two words")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said["arguments"] == ["status", "--json", "two words"]
    assert said["prefix"] == str(begun.checkout.root / ".venv")
    assert said["environ"] == {"SESSION_LATTICE_PROFILE": "dev", "PYTHONSAFEPATH": "1"}


def test_it_runs_through_links_from_any_directory(begun: Begun, tmp_path: Path) -> None:
    (tmp_path / "far").symlink_to(begun.checkout.program)
    (tmp_path / "links").mkdir()
    near = tmp_path / "links" / "near"
    near.symlink_to(Path("..") / "far")
    run = subprocess.run([near], cwd="/", capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_stray_module_in_the_working_directory_is_not_imported(
    begun: Begun, tmp_path: Path
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the stray one')")
    assert begun.checkout.run(cwd=tmp_path)[0] == 0


@pytest.mark.parametrize("arguments", [["--profile", "staging", "--home", "/x"], ["--home=/x"]])
def test_a_home_of_ones_own_may_be_served_under_any_profile(
    begun: Begun, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSION_LATTICE_PROFILE", "staging")
    assert begun.checkout.run(*arguments)[0] == 0


def test_changed_pins_make_the_environment_anew(begun: Begun) -> None:
    left = begun.checkout.root / ".venv" / "left-over"
    left.write_text("")
    (begun.checkout.root / ".requirements.txt").write_text("# other pins\n")
    code, _, err = begun.checkout.run()
    assert code == 0
    assert "making .venv" in err
    assert not left.exists()
