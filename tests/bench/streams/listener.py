"""Many clients of a stream in one process: each must have every event once, in order, in time.

    python -m tests.bench.streams.listener PORT --after CURSOR --count 1000 --clients 500

Says that it is ready once all are connected; then, each time that all have `count` more events
behind the cursor, how long those took from their making until the client had them, in seconds.
After `parts` times it is done; its connections stay open until it is ended.
"""

import argparse
import gc
import selectors
import socket
import sys
import time
from array import array

from tests.bench.streams.children import tell
from tests.bench.streams.made import stamp
from tests.bench.streams.wire import Numbers, Wire, WireError, connect

RECEIVE_BYTES = 256 * 1024
STALL_SECONDS = 10.0
"""Without an event for anybody, after which what is missing will not come."""


class Client:
    """A socket and how far it has come."""

    def __init__(self, port: int, after: str) -> None:
        self.sock = connect(port, f"/events?after={after}")
        self.wire = Wire()
        self.numbers = Numbers(after)
        self.bytes = 0

    def take(self) -> list[bytes]:
        piece = self.sock.recv(RECEIVE_BYTES)
        if not piece:
            raise WireError("the server closed the connection")
        self.bytes += len(piece)
        return self.wire.frames(piece)


class Listener:
    """Reads for all clients from one thread."""

    def __init__(self, port: int, clients: int, after: str) -> None:
        self._took = array("q")
        self._received = 0
        self._clients = [Client(port, after) for _ in range(clients)]
        self._selector = selectors.DefaultSelector()
        for client in self._clients:
            self._selector.register(client.sock, selectors.EVENT_READ, client)

    @property
    def ready(self) -> bool:
        return all(client.wire.begun for client in self._clients)

    def listen(self, count: int) -> dict[str, float]:
        """Until all clients have come `count` events from the beginning; what is new since."""
        self._took, cpu = array("q"), time.process_time()
        moved_at = time.monotonic()
        while self._received < count * len(self._clients):
            before = self._received
            self.step()
            if self._received > before:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > STALL_SECONDS:
                raise WireError(self._standing())
        return {"cpu_seconds": time.process_time() - cpu, **self._result()}

    def step(self) -> None:
        """Take what is there. Raises WireError for a gap, a repeat, an end."""
        for key, _ in self._selector.select(STALL_SECONDS):
            client: Client = key.data
            frames = client.take()
            now = time.monotonic_ns()
            client.numbers.check(frames)
            self._took.extend([now - stamp(frame) for frame in frames])
            self._received += len(frames)

    def _standing(self) -> str:
        """Where clients stand, of whom nobody gets anything any more."""
        places = sorted(client.numbers.last for client in self._clients)
        behind = sum(place < places[-1] for place in places)
        return (
            f"no event for {STALL_SECONDS:g} s: {behind} clients stand before {places[-1]}, "
            f"the last of them at {places[0]}"
        )

    def _result(self) -> dict[str, float]:
        took = sorted(self._took)
        points = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
        last = len(took) - 1
        return {
            "received": self._received,
            "bytes_each": sum(client.bytes for client in self._clients) / len(self._clients),
            **{name: took[int(last * at)] / 1e9 for name, at in points.items()},
            "max": took[-1] / 1e9,
        }

    def close(self) -> None:
        socks: list[socket.socket] = [client.sock for client in self._clients]
        for sock in socks:
            sock.close()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.streams.listener")
    parser.add_argument("port", type=int)
    parser.add_argument("--after", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--parts", type=int, default=1)
    parser.add_argument("--clients", type=int, default=1)
    given = parser.parse_args(arguments)
    listener = Listener(given.port, given.clients, given.after)
    gc.freeze()
    try:
        while not listener.ready:
            listener.step()
        tell(ready=given.clients)
        for part in range(given.parts):
            tell(**listener.listen((part + 1) * given.count))
    except (WireError, OSError) as error:
        tell(error=str(error))
        return 1
    sys.stdin.read()
    listener.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
