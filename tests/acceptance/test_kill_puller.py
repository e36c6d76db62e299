"""The invariant: whatever is killed at whatever instant, what comes out is what would have."""

import os
import random
import signal
import sys
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from session_lattice import config
from session_lattice.errors import GenerationError
from session_lattice.home import Home
from session_lattice.puller.bulk import BULK_BYTES
from session_lattice.store import generations
from tests.acceptance.history import SAMPLE_BYTES, copy_sample
from tests.acceptance.pair import DEADLINE_SECONDS, Pair, contents, select_nothing

# From Python 3.12 on: a worker of pytest-xdist has a thread more, of which no child knows.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")

KILLS = 100
MIN_SEEN = 20
"""Generations that the reader must have looked into for its word to count."""

SEED = 20261120


@pytest.mark.timeout(900)
def test_killed_at_a_hundred_random_instants_the_tables_equal_an_uninterrupted_run(
    tmp_path: Path,
) -> None:
    rng = random.Random(SEED)
    whole, hurt = Pair(tmp_path / "whole"), Pair(tmp_path / "hurt")
    reader = Reader(hurt.home)
    usual = max(timed_pull(hurt, number) for number in range(3))
    killed, copies = 0, 3
    while killed < KILLS and copies < 2 * KILLS:
        copy_sample(hurt.transcripts, copies)
        copies += 1
        killed += kill_within(hurt, rng.uniform(0, usual))
    assert pull(hurt) == 0
    seen, errors = reader.stop()
    assert errors == []
    assert killed >= KILLS
    assert seen >= MIN_SEEN
    for number in range(copies):
        copy_sample(whole.transcripts, number)
    assert pull(whole) == 0
    mine, theirs = hurt.tables(), whole.tables()
    assert mine.keys() == theirs.keys()
    for name in mine:
        assert normal(mine[name], hurt) == normal(theirs[name], whole), name


def normal(rows: list[tuple[object, ...]], pair: Pair) -> list[str]:
    """Rows without the directory that differs between the two runs."""
    return sorted(repr(row).replace(str(pair.root), "") for row in rows)


def timed_pull(pair: Pair, number: int) -> float:
    copy_sample(pair.transcripts, number)
    began = time.monotonic()
    assert pull(pair) == 0
    return time.monotonic() - began


def pull(pair: Pair) -> int:
    """One pull in a process of its own; its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(fork_puller(pair), 0)[1])


def kill_within(pair: Pair, seconds: float) -> bool:
    """Start a pull, kill -9 it so much later; whether it still lived."""
    child = fork_puller(pair)
    select_nothing(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def fork_puller(pair: Pair) -> int:
    """The real puller without the half second that a fresh interpreter spends on imports."""
    from session_lattice.puller import daemon

    child = os.fork()
    if child:
        return child
    code = 70
    try:
        sys.stdin.close()
        os.dup2(os.open(pair.root / "puller.log", os.O_CREAT | os.O_APPEND | os.O_WRONLY), 2)
        code = daemon.serve(config.load({}, pair.environment), once=True)
    finally:
        os._exit(code)


class Reader:
    """A process that opens the newest generation again and again and checks that it is whole."""

    def __init__(self, home: Home) -> None:
        context = get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(
            target=read_until_told, args=(home.root, theirs), daemon=True
        )
        self._process.start()

    def stop(self) -> tuple[int, list[str]]:
        self._ours.send("stop")
        assert self._ours.poll(DEADLINE_SECONDS), "the reader does not answer"
        answer: tuple[int, list[str]] = self._ours.recv()
        self._process.join(DEADLINE_SECONDS)
        return answer


def read_until_told(root: Path, told: Connection) -> None:
    home, seen, errors = Home(root), 0, list[str]()
    last = 0
    while not told.poll(0.01):
        newest = generations.pointed_at(home)
        if newest is None or len(errors) > 10:
            continue
        try:
            with generations.open_reader(newest) as connection:
                generations.check(newest, connection)
                errors += disagreements(contents(connection))
        except GenerationError as error:
            if generations.pointed_at(home) == newest:
                errors.append(str(error))
            continue
        if newest.number < last:
            errors.append(f"generation {newest.number} after {last}")
        last, seen = newest.number, seen + 1
    told.send((seen, errors))


def disagreements(tables: dict[str, list[tuple[object, ...]]]) -> list[str]:
    """A whole generation's views agree with its base tables."""
    calls = {(row[0], row[1]) for row in tables["tool_calls"] if row[3] is not None}
    counted = sum(int(str(row[3])) for row in tables["tool_sessions"])
    said = (
        []
        if counted == len(calls)
        else [f"{counted} calls in tool_sessions, {len(calls)} in tool_calls"]
    )
    if len(tables["session_overview"]) != len(tables["sessions"]):
        said.append("session_overview does not have every session")
    return said


def test_killed_while_a_process_of_its_own_reads_a_long_history_nothing_differs(
    tmp_path: Path,
) -> None:
    rng = random.Random(SEED)
    whole, hurt = Pair(tmp_path / "whole"), Pair(tmp_path / "hurt")
    for number in range(BULK_BYTES // SAMPLE_BYTES + 1):
        copy_sample(whole.transcripts, number)
        copy_sample(hurt.transcripts, number)
    for _ in range(8):
        kill_within(hurt, rng.uniform(0.3, 2.0))
    assert pull(hurt) == 0 == pull(whole)
    mine, theirs = hurt.tables(), whole.tables()
    for name in theirs:
        assert normal(mine[name], hurt) == normal(theirs[name], whole), name


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_puller_between_two_transactions_and_the_next_one_goes_on(
    tmp_path: Path, number: signal.Signals
) -> None:
    whole, hurt = Pair(tmp_path / "whole"), Pair(tmp_path / "hurt")
    for copy in range(5):
        copy_sample(whole.transcripts, copy)
        copy_sample(hurt.transcripts, copy)
    for _ in range(4):
        child = fork_puller(hurt)
        select_nothing(0.15)
        os.kill(child, number)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, -number)
    assert pull(hurt) == 0 == pull(whole)
    mine, theirs = hurt.tables(), whole.tables()
    for name in theirs:
        assert normal(mine[name], hurt) == normal(theirs[name], whole), name
