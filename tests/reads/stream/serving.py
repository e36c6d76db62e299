"""A reads server in a thread, and a client that takes nothing for granted on the wire."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from session_lattice.config import Settings
from session_lattice.log.base import Encoded, EventLog
from session_lattice.reads.app import create_app, make_server
from session_lattice.reads.stream.limits import Limits

DEADLINE_SECONDS = 20.0
RECEIVE_BYTES = 65536
START = 1_700_000_000_000_000
_FIELD = re.compile(r"(id|event|data|retry): (.*)", re.DOTALL)


def event(
    key: int | str,
    stream: str = "session/codex/1",
    *,
    kind: str = "message.user",
    data: bytes = b"{}",
    terminal: bool = False,
) -> Encoded:
    return Encoded(stream, str(key), START, kind, terminal, data)


def events(first: int, last: int, stream: str = "session/codex/1") -> list[Encoded]:
    """With keys from `first` to `last`, which are their positions in a log of their own."""
    return [event(f"{stream}/{n}", stream, data=b'{"n":%d}' % n) for n in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Block:
    """What lies between two empty lines; `comment` and the fields are "" where not given."""

    id: str = ""
    event: str = ""
    data: str = ""
    retry: str = ""
    comment: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.data)

    @property
    def number(self) -> int:
        return int(self.id.rpartition("-")[2])


def parse_block(text: str) -> Block:
    """Fails for whatever our server has no reason to send, such as a field given twice."""
    fields: dict[str, str] = {}
    for line in re.split(r"\r\n|\r|\n", text):
        if line.startswith(":"):
            name, value = "comment", line[1:].strip()
        else:
            match = _FIELD.fullmatch(line)
            assert match, f"no field: {line[:200]!r}"
            name, value = match[1], match[2]
        assert name not in fields, f"{name} twice in {text[:200]!r}"
        assert "\x00" not in value or name != "id"
        fields[name] = value
    return Block(**fields)


class Client:
    """One GET over a socket; a context manager that closes it."""

    def __init__(
        self, port: int, target: str, *, method: str = "GET", receive_bytes: int = 0, **headers: str
    ) -> None:
        self._socket = socket.socket()
        if receive_bytes:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._socket.settimeout(DEADLINE_SECONDS)
        self._socket.connect(("127.0.0.1", port))
        self._wire = b""
        self._text = b""
        self.ended = False
        self.place = ""
        """Where it stood when it was connected, if it was told."""
        lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
        head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{''.join(lines)}\r\n"
        self._socket.sendall(head.encode())

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def head(self) -> tuple[int, dict[str, str]]:
        """The status and the headers."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in lines[1:])
        return int(lines[0].split()[1]), {name.lower(): value for name, _, value in pairs}

    def opened(self) -> "Client":
        """Itself, once the head and the first block have come as they should."""
        status, headers = self.head()
        assert status == 200, self.body(headers)
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        first = self.block()
        assert first is not None
        assert first == Block(retry="1000", id=first.id)
        self.place = first.id
        return self

    def body(self, headers: dict[str, str]) -> bytes:
        """Of an answer that says how long it is."""
        while len(self._wire) < int(headers["content-length"]):
            self._receive()
        return self._wire

    def block(self) -> Block | None:
        """The next one, pings included; None once the response has ended properly."""
        while b"\n\n" not in self._text and not self.ended:
            self._chunk()
        if self.ended and not self._text:
            return None
        block, _, self._text = self._text.partition(b"\n\n")
        return parse_block(block.decode("utf-8"))

    def blocks(self, count: int) -> list[Block]:
        """The next ones that are no pings."""
        found: list[Block] = []
        while len(found) < count:
            block = self.block()
            assert block is not None, f"it ended after {len(found)} of {count}"
            if not block.comment:
                found.append(block)
        return found

    def rest(self) -> list[Block]:
        """All up to the proper end of the response."""
        return [block for block in iter(self.block, None) if not block.comment]

    def numbers(self, count: int) -> list[int]:
        return [block.number for block in self.blocks(count)]

    def silent(self) -> bool:
        """Whether the server has closed the connection without another byte."""
        return self._wire == b"" and self._socket.recv(1) == b""

    def _chunk(self) -> None:
        size = int(self._until(b"\r\n"), 16)
        while len(self._wire) < size + 2:
            self._receive()
        assert self._wire[size : size + 2] == b"\r\n"
        self._text += self._wire[:size]
        self._wire = self._wire[size + 2 :]
        self.ended = size == 0

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._wire:
            self._receive()
        found, _, self._wire = self._wire.partition(mark)
        return found

    def _receive(self) -> None:
        received = self._socket.recv(RECEIVE_BYTES)
        if not received:
            raise ConnectionError("the server closed the connection in the middle")
        self._wire += received


class Reads:
    """A server in this process; `end` is what SIGTERM does."""

    def __init__(
        self, settings: Settings, open_log: Callable[[], EventLog] | None, limits: Limits
    ) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        app = create_app(settings, open_log=open_log, stream_limits=limits)
        self.server = make_server(app)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def connect(self, query: str = "", **more: Any) -> Client:
        return Client(self.port, "/events" + query, **more)

    def get(self, path: str) -> tuple[int, Any]:
        """Status and body, as JSON where it is JSON."""
        with Client(self.port, path) as client:
            status, headers = client.head()
            body = client.body(headers)
            return status, json.loads(body) if "json" in headers["content-type"] else body.decode()

    def metric(self, name: str) -> float:
        """The value of `session_lattice_<name>`."""
        _, text = self.get("/metrics")
        found = re.search(rf"^session_lattice_{re.escape(name)} (\S+)$", text, re.MULTILINE)
        assert found, f"no {name} in the metrics"
        return float(found[1])

    def end(self) -> None:
        self.server.should_exit = True
        self._thread.join(DEADLINE_SECONDS)
        assert not self._thread.is_alive()

    def ended_within(self, seconds: float) -> bool:
        self.server.should_exit = True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        self.server.run(sockets=[self._listener])


@contextmanager
def reads(
    settings: Settings,
    open_log: Callable[[], EventLog] | None = None,
    limits: Limits | None = None,
) -> Iterator[Reads]:
    server = Reads(settings, open_log, limits or Limits())
    try:
        yield server
    finally:
        server.end()
