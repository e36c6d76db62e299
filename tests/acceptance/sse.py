"""A strict client of server-sent events: every byte is looked at, and every number counted."""

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.acceptance.pair import DEADLINE_SECONDS, POLL_SECONDS, select_nothing

RECEIVE_BYTES = 65536
STEP_SECONDS = 0.1
"""How long to listen before looking at what is waited for."""

FIELDS = {"stream", "seq", "position", "ts", "type", "terminal", "origin", "data"}
RESET_FIELDS = {"reason", "oldest", "newest"}
REASONS = {"evicted", "future", "epoch"}
_ID = re.compile(r"([0-9A-Za-z]+)-(0|[1-9][0-9]*)")
_ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER: the connection is reset instead of closed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """`type` is "" and `data` None where an id came alone."""

    id: str
    type: str
    data: Any

    @property
    def epoch(self) -> str:
        return self.id.rpartition("-")[0]

    @property
    def number(self) -> int:
        return int(self.id.rpartition("-")[2])


class Connection:
    """One GET of a stream over a socket of its own; `receive_bytes` bounds the kernel's buffer."""

    def __init__(
        self, port: int, target: str, *, last_id: str = "", receive_bytes: int = 0
    ) -> None:
        self._socket = socket.socket()
        self._wire = bytearray()
        self._text = bytearray()
        self._chunk = 0
        self.ended = False
        self.retry = 0
        self.pings = 0
        try:
            if receive_bytes:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            self._socket.settimeout(DEADLINE_SECONDS)
            self._socket.connect(("127.0.0.1", port))
            resumed = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
            head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{resumed}"
            self._socket.sendall(f"{head}Accept: text/event-stream\r\n\r\n".encode())
            self.status, self.headers = self._head()
        except BaseException:
            self._socket.close()
            raise
        if self.status == 200:
            assert self.headers["content-type"].startswith("text/event-stream")
            assert self.headers["cache-control"] == "no-store"
            assert self.headers["transfer-encoding"] == "chunked"

    def frame(self, seconds: float) -> Frame | None:
        """The next one; None once the server has ended the stream.

        Raises TimeoutError when none comes in time, ConnectionError when the stream is cut.
        """
        end = time.monotonic() + seconds
        while True:
            while (block := self._block()) is not None:
                frame = self._parsed(block)
                if frame is not None:
                    return frame
            if self.ended:
                assert not self._text, f"the stream ends inside a frame: {self._text[:200]!r}"
                return None
            self._receive(end - time.monotonic())

    def sip(self, count: int) -> list[Frame]:
        """The whole frames among the next bytes that come, `count` at most."""
        self._fill(DEADLINE_SECONDS, count)
        self._unchunk()
        blocks = iter(self._block, None)
        return [frame for block in blocks if (frame := self._parsed(block)) is not None]

    def body(self) -> bytes:
        """Of an answer that is no stream."""
        while len(self._wire) < int(self.headers.get("content-length", "0")):
            self._fill(DEADLINE_SECONDS)
        return bytes(self._wire)

    def close(self) -> None:
        self._socket.close()

    def reset(self) -> None:
        """Go without a word, as a machine does that lost its power."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._socket.close()

    def _head(self) -> tuple[int, dict[str, str]]:
        while b"\r\n\r\n" not in self._wire:
            # Not a byte more: what follows is for whoever reads the body.
            self._fill(DEADLINE_SECONDS, 1)
        head, _, rest = bytes(self._wire).partition(b"\r\n\r\n")
        self._wire[:] = rest
        status, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return int(status.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}

    def _fill(self, seconds: float, count: int = RECEIVE_BYTES) -> None:
        self._socket.settimeout(max(seconds, 0.001))
        some = self._socket.recv(count)
        if not some:
            raise ConnectionResetError("the connection was closed before the stream had ended")
        self._wire += some

    def _receive(self, seconds: float) -> None:
        self._fill(seconds)
        self._unchunk()

    def _unchunk(self) -> None:
        """Move what is the body's from the wire to the text."""
        while self._wire:
            if self._chunk > 2:
                part = self._wire[: self._chunk - 2]
                self._text += part
                del self._wire[: len(part)]
                self._chunk -= len(part)
            elif self._chunk:
                self._chunk -= self._drop(b"\r\n"[-self._chunk :])
            else:
                line, found, _ = bytes(self._wire[:20]).partition(b"\r\n")
                if not found:
                    return
                size = int(line, 16)
                del self._wire[: len(line) + 2]
                if not size:
                    self.ended = True
                    return
                self._chunk = size + 2

    def _drop(self, expected: bytes) -> int:
        part = bytes(self._wire[: len(expected)])
        assert expected.startswith(part), f"no end of a chunk: {part!r}"
        del self._wire[: len(part)]
        return len(part)

    def _block(self) -> bytes | None:
        """The lines up to the next empty one."""
        place = self._text.find(b"\n\n")
        if place < 0:
            return None
        block = bytes(self._text[:place])
        del self._text[: place + 2]
        return block

    def _parsed(self, block: bytes) -> Frame | None:
        text = block.decode("utf-8")
        assert "\r" not in text
        assert "\0" not in text
        if text == ": ping":
            self.pings += 1
            return None
        if text.startswith("retry: "):
            retry, _, text = text.removeprefix("retry: ").partition("\n")
            self.retry = int(retry)
            if not text:
                return None
        names, values = zip(*(line.split(": ", 1) for line in text.split("\n")), strict=True)
        assert names in (("id",), ("id", "event", "data")), names
        assert _ID.fullmatch(values[0]), values[0]
        if names == ("id",):
            return Frame(values[0], "", None)
        return _checked(Frame(values[0], values[1], json.loads(values[2])))


def _checked(frame: Frame) -> Frame:
    if frame.type == "reset":
        assert set(frame.data) == RESET_FIELDS
        assert frame.data["reason"] in REASONS
        assert all(_ID.fullmatch(frame.data[name]) for name in ("oldest", "newest"))
        assert frame.data["oldest"] == f"{frame.epoch}-{frame.number + 1}"
    else:
        assert set(frame.data) == FIELDS
        assert frame.type == frame.data["type"]
    return frame


class Client:
    """Follows `target` as an EventSource does: keeps the last id and connects again with it.

    Every frame must be the one that follows the last, or an explicit reset; `gaps` is for a
    client that filters, to which ids come alone.
    """

    def __init__(
        self,
        port: int,
        target: str = "/events",
        *,
        last_id: str = "",
        gaps: bool = False,
        receive_bytes: int = 0,
    ) -> None:
        self.port = port
        self.target = target
        self.last_id = last_id
        self.frames: list[Frame] = []
        """Events and resets in the order in which they came."""
        self.resumed = 0
        self.ends = 0
        self.over = False
        """The server answered 204: there is nothing more."""
        self._gaps = gaps
        self._receive_bytes = receive_bytes
        self._connection: Connection | None = None

    @property
    def events(self) -> list[Frame]:
        return [frame for frame in self.frames if frame.type != "reset"]

    @property
    def number(self) -> int:
        """Of the last id."""
        return int(self.last_id.rpartition("-")[2] or 0)

    @property
    def resets(self) -> list[str]:
        return [frame.data["reason"] for frame in self.frames if frame.type == "reset"]

    def connect(self) -> Connection:
        """The connection that is there, or a new one behind the last id. Raises OSError."""
        if self._connection is None:
            connection = Connection(
                self.port, self.target, last_id=self.last_id, receive_bytes=self._receive_bytes
            )
            self.resumed += bool(self.last_id)
            self._connection = connection
        return self._connection

    def step(self, seconds: float = STEP_SECONDS) -> None:
        """Take a frame, or find that there is none, or that the stream is lost or over."""
        try:
            connection = self.connect()
            if connection.status == 204:
                self.over = True
                self.drop()
                return
            assert connection.status == 200, (connection.status, connection.body())
            frame = connection.frame(seconds)
        except TimeoutError:
            return
        except OSError:
            self.drop()
            select_nothing(POLL_SECONDS)
            return
        if frame is None:
            self.ends += 1
            self.drop()
        else:
            self.take(frame)

    def take(self, frame: Frame) -> None:
        """Keep a frame that may come next."""
        if frame.type != "reset" and self.last_id:
            step = frame.number - self.number
            assert self.last_id == f"{frame.epoch}-{self.number}", (self.last_id, frame)
            assert step >= 1 if self._gaps else step == 1, (self.last_id, frame)
        if frame.type not in ("", "reset"):
            assert frame.number == frame.data["seq" if "stream=" in self.target else "position"]
        self.last_id = frame.id
        if frame.type:
            self.frames.append(frame)

    def until(self, what: str, true: Callable[[], Any], seconds: float = DEADLINE_SECONDS) -> None:
        """Follow until something is true."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                last = self.frames[-1:]
                raise AssertionError(f"after {seconds} s still not: {what}; last came {last}")
            if self.over:
                select_nothing(POLL_SECONDS)
            else:
                self.step()

    def until_at(self, number: int) -> None:
        """Follow until event `number` of the log's present life has come."""
        self.until(f"event {number} comes", lambda: self.number >= number)

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def vanish(self) -> None:
        """As a machine does that lost its power."""
        if self._connection is not None:
            self._connection.reset()
            self._connection = None

    @contextmanager
    def following(self) -> Iterator["Client"]:
        """Read on in a thread of its own while the block runs; what it finds wrong is raised."""
        done = threading.Event()
        failures: list[BaseException] = []

        def follow() -> None:
            try:
                while not (done.is_set() or self.over):
                    self.step()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=follow, name=f"client of {self.target}")
        thread.start()
        try:
            yield self
        finally:
            done.set()
            thread.join()
        if failures:
            raise failures[0]
