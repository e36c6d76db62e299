"""The home's lock between processes, and a home that cannot be used."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.errors import HomeError, HomeLockedError
from session_lattice.home import Home, file_lock_holder

HOLD = """
import sys
from pathlib import Path
from session_lattice.home import Home
with Home(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


ASK = """
import sys
from pathlib import Path
from session_lattice.home import Home
print(Home(Path(sys.argv[1])).puller_pid())
"""


def puller_as_others_see_it(home: Home) -> int:
    command = [sys.executable, "-c", ASK, str(home.root)]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def holder(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its standard input closes."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_a_second_holder_is_refused_and_told_who_the_first_is(
    home: Home, holder: subprocess.Popen[str]
) -> None:
    with (
        pytest.raises(HomeLockedError, match=f"process {holder.pid} is already") as raised,
        home.lock(),
    ):
        pytest.fail("both hold it")
    assert raised.value.holder == holder.pid
    assert raised.value.hint


def test_a_killed_holder_leaves_the_home_free(home: Home, holder: subprocess.Popen[str]) -> None:
    assert home.puller_pid() == holder.pid
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert home.puller_pid() == 0
    with home.lock():
        assert home.puller_pid() == os.getpid()


def test_asking_for_the_holder_does_not_let_go_of_ones_own_lock(home: Home) -> None:
    with home.lock():
        assert home.puller_pid() == os.getpid()
        with pytest.raises(HomeLockedError), Home(home.root).lock():
            pytest.fail("held twice in one process")
        assert puller_as_others_see_it(home) == os.getpid()
    assert home.puller_pid() == 0


def test_nobody_holds_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert file_lock_holder(tmp_path / "nothing") == 0


def test_a_home_below_a_file_is_refused_with_what_to_try(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="cannot be used") as raised:
        Home(tmp_path / "file" / "home").create()
    assert raised.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(HomeError, match="cannot be used"):
        Home(tmp_path).create()
    with pytest.raises(HomeError, match="cannot be used"), Home(tmp_path).lock():
        pytest.fail("locked")


def test_a_lock_file_that_cannot_be_opened_is_refused(home: Home) -> None:
    home.lock_file.mkdir()
    with pytest.raises(HomeError, match="cannot be used"), home.lock():
        pytest.fail("locked")


def test_what_create_makes_is_readable_by_its_owner_alone(home: Home) -> None:
    made = [home.root, home.work, home.generations, home.views]
    assert [path.stat().st_mode & 0o777 for path in made] == [0o700] * len(made)
    home.create()
