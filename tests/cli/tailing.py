"""A log to append to, the `tail` command in a process of its own, and a scripted SSE peer."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from session_lattice import events
from session_lattice.home import Home
from session_lattice.log.base import Encoded
from session_lattice.log.sqlite import SqliteEventLog

DEADLINE_SECONDS = 60.0
NOON = 1_790_000_000_000_000
"""Microseconds; a day in the future, so that no line is of today."""

SESSION = "session/claude_code/8d1f2c34-1111"
PULL = "pull/20260301T090000-ab12cd34"


def encoded(
    event: events.Event, stream: str = SESSION, *, key: str = "", ts: int = NOON
) -> Encoded:
    data = events.encode(event)
    type_ = json.loads(data)["type"]
    terminal = isinstance(event, events.TERMINAL)
    return Encoded(stream, key or os.urandom(8).hex(), ts, type_, terminal, data)


def prompt(text: str, stream: str = SESSION) -> Encoded:
    _, agent, session = stream.split("/")
    message = events.MessageUser(
        agent=agent, session=session, message=text, kind="prompt", text=text, text_bytes=len(text)
    )
    return encoded(message, stream)


def a_pull() -> list[Encoded]:
    """From its start to its end."""
    pull = PULL.partition("/")[2]
    return [
        encoded(events.PullStarted(pull=pull, reason="tick"), PULL),
        encoded(events.PullProgressed(pull=pull, done_bytes=1, total_bytes=2_000_000), PULL),
        encoded(events.GenerationPublished(pull=pull, generation=3, bytes=1200), PULL),
        encoded(events.PullFinished(pull=pull, generation=3, events=2, duration_ms=1500), PULL),
    ]


@contextmanager
def log_of(home: Home) -> Iterator[SqliteEventLog]:
    """The log of a home, to append to; made if it is not there."""
    home.create()
    log = SqliteEventLog(home.log, origin="here")
    try:
        yield log
    finally:
        log.close()


class Lines:
    """A process's lines as they come, read by a thread of its own."""

    def __init__(self, stream: Any) -> None:
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._stream = stream
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def next(self) -> str:
        """Raises AssertionError when the process ended, and queue.Empty after the deadline."""
        line = self._queue.get(timeout=DEADLINE_SECONDS)
        assert line is not None, "nothing more comes"
        return line

    def ready(self) -> bool:
        return not self._queue.empty()

    def rest(self) -> list[str]:
        """Everything else until the process ends."""
        return list(iter(lambda: self._queue.get(timeout=DEADLINE_SECONDS), None))

    def close(self) -> None:
        self._thread.join(DEADLINE_SECONDS)
        self._stream.close()

    def _read(self) -> None:
        for line in self._stream:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)


class Tail:
    """`session-lattice tail` in a process of its own."""

    def __init__(self, home: Home, *words: str, **variables: str) -> None:
        program = [sys.executable, "-m", "session_lattice", "--profile", "dev"]
        self.process = subprocess.Popen(
            [*program, "--home", str(home.root), "tail", *words],
            env=os.environ | {"TZ": "UTC"} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.out = Lines(self.process.stdout)
        self.err = Lines(self.process.stderr)

    def end(self, number: int = 0) -> int:
        """Its exit code, after a signal if one is given."""
        if number:
            self.process.send_signal(number)
        return self.process.wait(DEADLINE_SECONDS)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_SECONDS)
        self.out.close()
        self.err.close()


@contextmanager
def tail(home: Home, *words: str, **variables: str) -> Iterator[Tail]:
    """Ended with the block."""
    running = Tail(home, *words, **variables)
    try:
        yield running
    finally:
        running.close()


HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Connection: close\r\n\r\nretry: 10\n\n"
)

Step = bytes | Sequence[bytes] | Callable[[socket.socket], None]
"""What one connection gets: bytes, or bytes in several writes, and then its end; or anything."""


class Peer:
    """A server on a real socket that answers each connection with the next step of a script.

    `requests` are the heads that it was sent. After the script it answers 204.
    """

    def __init__(self, script: Sequence[Step]) -> None:
        self.requests: list[str] = []
        self._script = list(script)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(DEADLINE_SECONDS)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.requests.append(_head(connection))
                step = self._script.pop(0) if self._script else b"HTTP/1.1 204 No Content\r\n\r\n"
                _play(connection, step)


def _head(connection: socket.socket) -> str:
    read = b""
    while not read.endswith(b"\r\n\r\n") and (more := connection.recv(65536)):
        read += more
    return read.decode()


def _play(connection: socket.socket, step: Step) -> None:
    if callable(step):
        step(connection)
        return
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for part in [step] if isinstance(step, bytes) else step:
        connection.sendall(part)


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    """A whole answer that is no stream."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def hang(connection: socket.socket) -> None:
    """A stream that brings nothing, until the client goes."""
    connection.sendall(HEAD)
    while connection.recv(1):
        pass


@contextmanager
def peer(*script: Step) -> Iterator[Peer]:
    """Ended with the block."""
    running = Peer(script)
    try:
        yield running
    finally:
        running.close()


def frame(number: int, text: str = "", *, stream: str = SESSION, terminal: bool = False) -> bytes:
    """An event as a reads server sends it."""
    event = prompt(text or f"prompt {number}")
    data = {
        "stream": stream,
        "seq": number,
        "position": number,
        "ts": "2026-09-21T14:13:20Z",
        "type": event.type,
        "terminal": terminal,
        "origin": "here",
        "data": json.loads(event.data),
    }
    line = json.dumps(data, ensure_ascii=False)
    return f"id: e1-{number}\nevent: {event.type}\ndata: {line}\n\n".encode()
