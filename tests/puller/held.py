"""A real puller, held still in the middle of a pull."""

import os
import signal
import subprocess
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager

from session_lattice import events, heartbeat
from session_lattice.errors import LogError
from session_lattice.events import Envelope, PullStarted
from session_lattice.log.sqlite import SqliteEventLog
from tests.acceptance.history import copy_sample
from tests.acceptance.pair import Pair, until

ATTEMPTS = 50
"""Pulls that may be over before they are caught."""

FIRST_COPY = 100
COPIES = 4
"""Of the sample, which keep a pull at work long enough to be caught."""


def log_of(pair: Pair) -> "closing[SqliteEventLog]":
    return closing(SqliteEventLog(pair.home.log, readonly=True))


def told(pair: Pair, pull: str) -> list[Envelope]:
    """What the log tells of a pull."""
    with log_of(pair) as log:
        return log.read(0, stream=f"pull/{pull}")


def pulls(pair: Pair, reason: str = "") -> list[str]:
    """Streams of the pulls in the log that began so, oldest first."""
    with log_of(pair) as log:
        started = [event for event in log.read(0) if event.type == "pull.started"]
    return [event.stream for event in started if reason in ("", reason_of(event))]


def reason_of(started: Envelope) -> str:
    event = events.decode(started.data)
    return event.reason if isinstance(event, PullStarted) else ""


def under_way(pair: Pair) -> str:
    beat = heartbeat.read(pair.home.heartbeat)
    return beat.pull if beat else ""


@contextmanager
def still(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Stop the process for the length of the block, if it lives on after it."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    try:
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)


def caught(
    pair: Pair, puller: "subprocess.Popen[str]", *, ask: bool = False
) -> Generator[str, None, None]:
    """The puller is held still in a pull, whose id this is, until the next is asked for."""
    for attempt in range(ATTEMPTS):
        for copy in range(COPIES):
            copy_sample(pair.transcripts, FIRST_COPY + attempt * COPIES + copy)
        if ask:
            puller.send_signal(signal.SIGHUP)
        until("a pull is under way", lambda: under_way(pair))
        with still(puller):
            pull = under_way(pair)
            if pull and _goes_on(pair, pull, "asked" if ask else "tick"):
                yield pull
    raise AssertionError(f"{ATTEMPTS} pulls were over too soon")


def _goes_on(pair: Pair, pull: str, reason: str) -> bool:
    try:
        events = told(pair, pull)
    except LogError:
        return False
    return bool(events) and not events[-1].terminal and reason_of(events[0]) == reason
