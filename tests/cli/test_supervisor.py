"""The supervisor with real child processes that follow a script.

Every child writes to the pipe that the test reads, so the pipe's end means that none is left.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.cli.supervisor import Pace

QUICK = {"first_pause": 0.01, "longest_pause": 0.02}

DRIVER = """
import asyncio, json, os, signal, sys
from session_lattice.cli.supervisor import Command, Pace, Supervisor

async def main():
    commands = [
        Command(name, [sys.executable, "-c", code, name], os.environ)
        for name, code in json.loads(sys.argv[1]).items()
    ]
    say = lambda text: print("say", text, flush=True)
    supervisor = Supervisor(commands, say, Pace(**json.loads(sys.argv[2])))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, supervisor.stop)
    return await supervisor.run()

sys.exit(asyncio.run(main()))
"""

HELLO = """
import os, signal, sys, threading
from session_lattice.cli import lifeline
os.write(1, f"{sys.argv[1]} {os.getpid()}\\n".encode())
"""
STEADY = HELLO + "lifeline.end_with_parent(); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    + HELLO
    + "while True: signal.pause()"
)
CONFUSED = HELLO + "sys.exit(2)"
FAILING = HELLO + "sys.exit(1)"

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Runs a supervisor over children, name → code."""
    started: list[subprocess.Popen[str]] = []

    def run(children: dict[str, str], **pace: float) -> subprocess.Popen[str]:
        arguments = [json.dumps(children), json.dumps(QUICK | pace)]
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, *arguments], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    return iter(process.stdout.readline, "")


def pids(process: subprocess.Popen[str], *names: str) -> dict[str, int]:
    """Read on until each of the children has said hello."""
    found: dict[str, int] = {}
    for line in lines(process):
        name, rest = line.split(maxsplit=1)
        if name in names:
            found[name] = int(rest)
        if len(found) == len(names):
            return found
    pytest.fail(f"only {found} said hello")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_a_killed_child_is_started_again_and_its_sibling_goes_on(start: Start) -> None:
    process = start({"one": STEADY, "two": STEADY})
    first = pids(process, "one", "two")
    kill(first["one"])
    assert next(lines(process)).startswith("say one was ended by SIGKILL; it starts again in")
    again = pids(process, "one")
    assert again["one"] != first["one"]
    process.terminate()
    assert list(lines(process)) == []
    assert process.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_children(start: Start, number: signal.Signals) -> None:
    process = start({"one": STEADY, "two": STEADY})
    pids(process, "one", "two")
    process.send_signal(number)
    assert list(lines(process)) == []
    assert process.wait() == 0


def test_children_end_when_the_supervisor_is_killed(start: Start) -> None:
    process = start({"one": STEADY, "two": STEADY})
    pids(process, "one", "two")
    process.kill()
    assert list(lines(process)) == []


def test_a_child_that_ignores_sigterm_is_killed_after_the_deadline(start: Start) -> None:
    process = start({"one": STUBBORN}, stop=0.05)
    pids(process, "one")
    process.terminate()
    assert list(lines(process)) == ["say one did not end within 0.05 s; killing it\n"]
    assert process.wait() == 0


def test_a_child_that_cannot_work_with_its_settings_ends_everything(start: Start) -> None:
    process = start({"one": STEADY, "two": CONFUSED})
    said = [line for line in lines(process) if line.startswith("say")]
    assert said == ["say two cannot work with these settings; ending\n"]
    assert process.wait() == 2


def test_a_child_that_keeps_failing_is_started_again_and_again(start: Start) -> None:
    process = start({"one": FAILING})
    assert len({pids(process, "one")["one"] for _ in range(4)}) == 4
    assert next(lines(process)).startswith("say one ended with exit code 1; it starts again in")


def test_a_stop_while_a_child_waits_to_start_again_does_not_wait(start: Start) -> None:
    process = start({"one": FAILING}, first_pause=3600.0, longest_pause=3600.0)
    pids(process, "one")
    assert next(lines(process)).startswith("say one")
    process.terminate()
    assert process.wait() == 0


def test_a_run_that_was_healthy_starts_over_with_the_first_pause(start: Start) -> None:
    process = start({"one": FAILING}, first_pause=0.2, longest_pause=3600.0, healthy=0.0)
    said = (line for line in lines(process) if line.startswith("say"))
    pauses = [float(next(said).split()[-2]) for _ in range(4)]
    assert max(pauses) <= 0.2


@given(st.lists(st.just(None), max_size=80))
def test_pauses_grow_up_to_the_longest(deaths: list[None]) -> None:
    pace = Pace()
    pauses = [pace.first_pause]
    for _ in deaths:
        pauses.append(pace.next(pauses[-1]))
    assert pauses == sorted(pauses)
    assert pauses[-1] <= pace.longest_pause
    assert len(deaths) < 10 or pauses[-1] == pace.longest_pause
