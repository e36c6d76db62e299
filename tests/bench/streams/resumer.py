"""Clients that drop their connections at random bytes and resume behind the last whole frame.

    python -m tests.bench.streams.resumer PORT --epoch E --disconnects 10000 --followers 50

All begin at the beginning: every fifth with one stream, the others with the whole feed. When
all connections have been dropped it says so, takes from its input how far each feed goes, reads
on to there without dropping any more, and says what was lost, repeated and out of order.
"""

import argparse
import json
import selectors
import socket
import struct
import sys
import time
from urllib.parse import quote

from tests.bench.streams.children import tell
from tests.bench.streams.made import SEED, stamp, stream_name
from tests.bench.streams.wire import Wire, WireError, connect
from tests.bench.world import Dice

RECEIVE_BYTES = 64 * 1024
MEDIAN_BYTES, SIGMA, MOST_BYTES = 4000, 1.2, 200_000
"""How much of an answer a client takes before it drops the connection."""

AT_ONCE_SHARE = 0.02
"""Of connections, how many are dropped before a byte was taken."""

ABORT_SHARE = 0.5
"""Of connections, how many are reset instead of closed."""

ABORT = struct.pack("ii", 1, 0)
STALL_SECONDS = 15.0
"""Without an event for anybody, after which what is missing will not come."""

STREAM_EVERY = 5


class Follower:
    """Follows one stream, or the whole feed (""), over many connections."""

    def __init__(self, port: int, epoch: str, stream: str) -> None:
        self._port = port
        self._epoch = epoch
        self.stream = stream
        self._missing: set[int] = set()
        self._stamp = 0
        self.last = self.events = self.repeated = self.disordered = 0
        self.open(None)

    @property
    def lost(self) -> int:
        return len(self._missing)

    @property
    def inside(self) -> bool:
        return self._wire.inside

    def open(self, budget: int | None) -> None:
        """Connect behind the last whole frame, to take `budget` bytes, or all that comes."""
        named = f"stream={quote(self.stream, safe='')}&" if self.stream else ""
        target = f"/events?{named}after={self._epoch}-0"
        last_id = f"{self._epoch}-{self.last}" if self.last else ""
        self.sock = connect(self._port, target, last_id)
        self._wire, self._budget = Wire(), budget

    def drop(self, abort: bool) -> None:
        if abort:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        self.sock.close()

    def take(self) -> bool:
        """Read once. Whether the budget is spent."""
        most = RECEIVE_BYTES if self._budget is None else min(self._budget, RECEIVE_BYTES)
        piece = self.sock.recv(most) if most else b""
        if most and not piece:
            raise WireError(f"the server closed a connection of {self.stream!r} at {self.last}")
        for frame in self._wire.frames(piece):
            self._count(frame)
        if self._budget is None:
            return False
        self._budget -= len(piece)
        return not self._budget

    def _count(self, frame: bytes) -> None:
        """The id says which event it is, the data the same, and the stamps rise."""
        head, kind, data = frame.split(b"\n")
        epoch, _, digits = head.removeprefix(b"id: ").decode().rpartition("-")
        told, number = json.loads(data.removeprefix(b"data: ")), int(digits)
        if kind != b"event: message.assistant" or epoch != self._epoch:
            raise WireError(f"unexpected: {frame[:200]!r}")
        if told["seq" if self.stream else "position"] != number:
            raise WireError(f"the id is not the event's: {frame[:200]!r}")
        if self.stream and told["stream"] != self.stream:
            raise WireError(f"an event of another stream: {frame[:200]!r}")
        self.events += 1
        self._place(number, stamp(frame))

    def _place(self, number: int, made: int) -> None:
        if number in self._missing:
            self._missing.discard(number)
            self.disordered += 1
        elif number <= self.last:
            self.repeated += 1
        else:
            self._missing.update(range(self.last + 1, number))
            self.disordered += made <= self._stamp
            self.last, self._stamp = number, made


class Crowd:
    """All followers, read from one thread."""

    def __init__(self, port: int, epoch: str, followers: int, streams: int) -> None:
        self._dice = Dice(SEED)
        self._selector = selectors.DefaultSelector()
        self.disconnects = self.inside = self._events = 0
        self._moved_at = time.monotonic()
        names = [
            stream_name(number // STREAM_EVERY % streams) if not number % STREAM_EVERY else ""
            for number in range(followers)
        ]
        self.followers = [Follower(port, epoch, name) for name in names]
        for follower in self.followers:
            self._selector.register(follower.sock, selectors.EVENT_READ, follower)
            self._again(follower, self._budget())

    def cut(self, disconnects: int) -> None:
        """Read and drop until so many connections have been dropped."""
        while self.disconnects < disconnects:
            self._expect_more(self.disconnects)
            for follower in self._readable():
                if follower.take():
                    self._again(follower, self._budget())

    def finish(self, newest: dict[str, int]) -> None:
        """Read on until everybody has everything."""
        for follower in self.followers:
            self._again(follower, None)
        while missing := self._behind(newest):
            for follower in self._readable():
                follower.take()
            self._expect_more(missing)

    def _behind(self, newest: dict[str, int]) -> list[tuple[str, int, int]]:
        """Stream, last number had, last number there is."""
        return [
            (one.stream, one.last, newest[one.stream])
            for one in self.followers
            if one.last < newest[one.stream]
        ]

    def _readable(self) -> list[Follower]:
        events = sum(one.events for one in self.followers)
        if events > self._events:
            self._events, self._moved_at = events, time.monotonic()
        return [key.data for key, _ in self._selector.select(STALL_SECONDS)]

    def _expect_more(self, standing: object) -> None:
        """Raises WireError when no event has come for too long."""
        if time.monotonic() - self._moved_at > STALL_SECONDS:
            raise WireError(f"no event for {STALL_SECONDS:g} s: {standing}")

    def _again(self, follower: Follower, budget: int | None) -> None:
        """Drop the connection and resume; some are dropped before a byte is taken."""
        while True:
            self._selector.unregister(follower.sock)
            self.disconnects += 1
            self.inside += follower.inside
            follower.drop(self._dice.chance(ABORT_SHARE))
            follower.open(budget)
            self._selector.register(follower.sock, selectors.EVENT_READ, follower)
            if budget != 0:
                return
            budget = self._budget()

    def _budget(self) -> int:
        if self._dice.chance(AT_ONCE_SHARE):
            return 0
        return self._dice.size(MEDIAN_BYTES, SIGMA, MOST_BYTES)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.streams.resumer")
    parser.add_argument("port", type=int)
    parser.add_argument("--epoch", required=True)
    parser.add_argument("--disconnects", type=int, required=True)
    parser.add_argument("--followers", type=int, required=True)
    parser.add_argument("--streams", type=int, required=True)
    given = parser.parse_args(arguments)
    try:
        began = time.monotonic()
        crowd = Crowd(given.port, given.epoch, given.followers, given.streams)
        crowd.cut(given.disconnects)
        seconds = time.monotonic() - began
        tell(disconnects=crowd.disconnects, inside=crowd.inside, seconds=seconds)
        crowd.finish(json.loads(sys.stdin.readline()))
        names = ("lost", "repeated", "disordered", "events")
        tell(**{name: sum(getattr(one, name) for one in crowd.followers) for name in names})
    except (WireError, OSError) as error:
        tell(error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
