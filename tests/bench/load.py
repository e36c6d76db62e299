"""An HTTP load client in a process of its own: raw sockets, keep-alive, one request at a time each.

    python -m tests.bench.load PORT PATHS --connections 16 --seconds 4 [--rate 400]

PATHS is a file with one path per line, asked for in turn. Without a rate every connection
asks again as soon as it has its answer; with one, requests are due at fixed times and waiting
counts from when a request was due. Prints one JSON object, times in seconds.
"""

import argparse
import json
import selectors
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

RECEIVE_BYTES = 256 * 1024
STUCK_SECONDS = 10.0
HEAD_END = b"\r\n\r\n"


@dataclass(slots=True, eq=False)
class Connection:
    """A socket, the answer that is coming in, and when its request was due."""

    port: int
    sock: socket.socket = field(init=False)
    due: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)
    need: int = 0

    def __post_init__(self) -> None:
        self.sock = socket.create_connection(("127.0.0.1", self.port), timeout=STUCK_SECONDS)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes, due: float) -> None:
        self.due, self.need = due, 0
        self.buffer.clear()
        self.sock.sendall(request)

    def take(self) -> bool:
        """Whether the whole answer is here now."""
        piece = self.sock.recv(RECEIVE_BYTES)
        if not piece:
            raise ConnectionError("closed")
        self.buffer += piece
        if not self.need:
            self.need = _length(self.buffer)
        return 0 < self.need <= len(self.buffer)

    @property
    def status(self) -> bytes:
        return bytes(self.buffer[9:12])


def _length(buffer: bytearray) -> int:
    """Of the whole answer, head included; 0 until the head is here."""
    end = buffer.find(HEAD_END)
    if end < 0:
        return 0
    head = bytes(buffer[:end]).lower()
    at = head.index(b"content-length:") + 15
    return end + len(HEAD_END) + int(head[at:].split(b"\r\n", 1)[0])


class Load:
    """Keeps `connections` busy and remembers how long each answer took."""

    def __init__(self, port: int, paths: list[str], connections: int, rate: float) -> None:
        self.port, self.rate = port, rate
        head = f"Host: 127.0.0.1:{port}\r\nAccept: */*\r\n\r\n"
        self.requests = cycle([f"GET {path} HTTP/1.1\r\n{head}".encode() for path in paths])
        self.connections = [Connection(port) for _ in range(connections)]
        self.idle = deque(self.connections)
        self.took: list[float] = []
        self.errors: list[str] = []
        self.next_due = 0.0
        self.starved = False
        self.selector = selectors.DefaultSelector()
        for connection in self.connections:
            self.selector.register(connection.sock, selectors.EVENT_READ, connection)

    def run(self, seconds: float, count: int) -> dict[str, object]:
        """For so long, or until `count` answers when that is not 0."""
        began = time.perf_counter()
        self.next_due = began
        end = began + seconds
        while (now := time.perf_counter()) < end and not 0 < count <= len(self.took):
            self._send(now)
            wait = (
                max(0.0, min(end, self.next_due) - now)
                if self.rate and self.idle
                else STUCK_SECONDS
            )
            self._receive(min(wait, STUCK_SECONDS))
        return self._result(time.perf_counter() - began)

    def _send(self, now: float) -> None:
        """Ask on idle connections; what had to wait for one counts from when it was due."""
        while self.idle if not self.rate else self.next_due <= now:
            if not self.idle:
                self.starved = True
                return
            due = self.next_due if self.starved else time.perf_counter()
            self._ask(self.idle.popleft(), due)
            self.next_due += 1 / self.rate if self.rate else 0.0
        self.starved = False

    def _ask(self, connection: Connection, due: float) -> None:
        try:
            connection.ask(next(self.requests), due)
        except OSError as error:
            self._replace(connection, str(error))

    def _receive(self, wait: float) -> None:
        events = self.selector.select(wait)
        if not events and wait >= STUCK_SECONDS:
            raise SystemExit("no answer at all for 10 s")
        for key, _ in events:
            connection: Connection = key.data
            try:
                if not connection.take():
                    continue
            except OSError as error:
                self._replace(connection, str(error))
                continue
            self.took.append(time.perf_counter() - connection.due)
            if connection.status != b"200":
                self.errors.append(bytes(connection.buffer[:300]).decode("latin-1"))
            self.idle.append(connection)

    def _replace(self, connection: Connection, why: str) -> None:
        """Connect anew; a server may close a connection that waits, and that is no error."""
        if connection in self.idle:
            self.idle.remove(connection)
        else:
            self.errors.append(why)
        self.selector.unregister(connection.sock)
        connection.sock.close()
        fresh = Connection(self.port)
        self.selector.register(fresh.sock, selectors.EVENT_READ, fresh)
        self.idle.append(fresh)

    def _result(self, seconds: float) -> dict[str, object]:
        took = sorted(self.took) or [0.0]
        share = {name: took[min(len(took) - 1, int(len(took) * at))] for name, at in POINTS.items()}
        return {
            "requests": len(self.took),
            "errors": len(self.errors),
            "first_error": self.errors[0] if self.errors else "",
            "per_second": len(self.took) / seconds,
            **share,
            "max": took[-1],
        }


POINTS = {"p50": 0.50, "p90": 0.90, "p99": 0.99, "p999": 0.999}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.load")
    parser.add_argument("port", type=int)
    parser.add_argument("paths", type=Path)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--count", type=int, default=0)
    given = parser.parse_args(arguments)
    paths = given.paths.read_text("utf-8").split()
    load = Load(given.port, paths, given.connections, given.rate)
    print(json.dumps(load.run(given.seconds, given.count)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
