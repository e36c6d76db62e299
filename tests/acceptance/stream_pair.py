"""The real pair with what tests of its stream need: clients, the truth, and many events."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from session_lattice import config, events, heartbeat
from session_lattice.errors import LogError
from session_lattice.events import MessageUser
from session_lattice.log.base import Encoded, EventLog
from session_lattice.log.choose import open_log
from session_lattice.store import generations
from tests.acceptance.history import copy_sample
from tests.acceptance.pair import DEADLINE_SECONDS, Pair, until
from tests.acceptance.sse import Client, Frame

AGENT, SESSION = "claude_code", "5e55107e-0000-4000-8000-000000000000"
SPOKEN = events.session_stream(AGENT, SESSION)

Told = tuple[int, str, int, str, bool, Any]
"""An event by position, stream, seq, type, whether it is terminal, and what happened."""


class StreamPair(Pair):
    """`copies` counts the copies of the sample sessions that its agents' homes hold."""

    def __init__(self, root: Path, **options: Any) -> None:
        super().__init__(root, **options)
        root.mkdir(parents=True, exist_ok=True)
        self.home.create()
        self.copies = 0
        self._clients: list[Client] = []
        self._spoken = 0

    def grow(self, copies: int = 1) -> None:
        """More sessions appear on disk."""
        for _ in range(copies):
            copy_sample(self.transcripts, self.copies)
            self.copies += 1

    def pull_once(self) -> None:
        ended = self.run("serve-puller", "--once")
        assert ended.returncode == 0, ended.stderr

    def client(self, target: str = "/events", *, port: int = 0, **options: Any) -> Client:
        """Of the reads server, or of what leads to it; it goes with `drop_clients`."""
        client = Client(port or self.port, target, **options)
        self._clients.append(client)
        return client

    def client_from_here(self) -> Client:
        """For what comes from now on; the server's own now is when it has read the request."""
        with self.log() as log:
            bounds = log.bounds()
        return self.client(f"/events?after={bounds.epoch}-{bounds.newest}")

    def drop_clients(self) -> None:
        while self._clients:
            self._clients.pop().drop()

    @contextmanager
    def reads(self) -> Iterator["subprocess.Popen[str]"]:
        """A reads server that answers."""
        with self.running("serve-reads") as process:
            until("serving", self.serving)
            yield process

    @contextmanager
    def puller(self) -> Iterator["subprocess.Popen[str]"]:
        """A puller that has published; ended as an administrator does it."""
        with self.running("serve-puller") as process:
            until("published, or ended", lambda: self.newest() or process.poll() is not None)
            assert process.poll() is None, (self.root / "serve-puller.log").read_text()
            yield process
            process.terminate()
            process.wait(DEADLINE_SECONDS)

    def log(self, *, readonly: bool = True) -> "closing[EventLog]":
        """To write, only while no puller runs."""
        settings = config.load({}, self.environment)
        return closing(open_log(settings, origin="a test", readonly=readonly))

    def kept(self, stream: str | None = None) -> list[Told]:
        """What the log holds, by its own account."""
        found: list[Told] = []
        with self.log() as log:
            after = log.bounds(stream).oldest - 1
            while batch := log.read(after, stream=stream):
                found += [
                    (e.position, e.stream, e.seq, e.type, e.terminal, json.loads(e.data))
                    for e in batch
                ]
                after = batch[-1].position if stream is None else batch[-1].seq
        return found

    def newest_position(self) -> int:
        """0 as long as there is no log."""
        try:
            with self.log() as log:
                return log.bounds().newest
        except LogError:
            return 0

    def applied_position(self) -> int:
        """Newest position that a reader of the newest generation can know of; 0 for none."""
        newest = self.newest()
        if newest is None:
            return 0
        with generations.open_reader(newest) as connection:
            row = connection.execute("SELECT log_position FROM stamp").fetchone()
        assert row
        return int(row[0])

    def settled(self) -> int:
        """Wait until all that is on disk is published and no pull goes on; the log's newest."""
        # What is on disk now may have come too late for a pull that is under way.
        for _ in range(2):
            before = self._checked_at()
            until("a pull ends well", lambda: self._checked_at() > before)  # noqa: B023
        return self.rested()

    def rested(self) -> int:
        """Wait until the log's last event is a pull's end; its newest position."""
        return int(until("the log is at rest", self._at_rest))

    def _at_rest(self) -> int:
        with self.log() as log:
            newest = log.bounds().newest
            last = log.latest("pull/", terminal=False)
            return newest if last and last.terminal and last.position == newest else 0

    def _checked_at(self) -> int:
        beat = heartbeat.read(self.home.heartbeat)
        return beat.checked_at if beat else 0

    def speak(self, count: int, *, padding: int = 0) -> int:
        """Append prompts of a made-up session in the puller's stead; the log's newest position."""
        first, self._spoken = self._spoken, self._spoken + count
        with self.log(readonly=False) as log:
            log.append([prompt(n, padding) for n in range(first, first + count)], {})
            return log.bounds().newest

    def metric(self, name: str) -> float:
        """A metric of the reads server that has no labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)
        assert found, name
        return float(found[1])


def prompt(number: int, padding: int = 0) -> Encoded:
    text = f"prompt {number}" + "." * padding
    said = MessageUser(
        agent=AGENT,
        session=SESSION,
        message=f"m{number}",
        kind="prompt",
        text=text,
        text_bytes=len(text),
    )
    key = f"{AGENT}/{SESSION}/{number}"
    return Encoded(SPOKEN, key, now_us(), "message.user", False, events.encode(said))


def now_us() -> int:
    return time.time_ns() // 1000


def told(frames: Iterable[Frame]) -> list[Told]:
    """What a client was told, in the form of `kept`."""
    return [
        tuple(
            frame.data[name] for name in ("position", "stream", "seq", "type", "terminal", "data")
        )
        for frame in frames
    ]


def end(process: "subprocess.Popen[str]", number: signal.Signals) -> int:
    """Send the signal and wait; the exit code."""
    os.kill(process.pid, number)
    return process.wait(DEADLINE_SECONDS)
