"""One request and what is sent for it, byte by byte if need be."""

import json
import socket
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NoReturn

RECEIVE_BYTES = 65_536
MAX_HEAD_BYTES = 65_536
JSON = "application/json"
_ABORT = struct.pack("ii", 1, 0)

Header = tuple[str, str]


class GoneError(Exception):
    """The connection is over: one of both ended it."""


@dataclass(frozen=True, slots=True)
class Request:
    """Names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `pieces` is its body."""

    status: int = 200
    pieces: tuple[bytes, ...] = ()
    content_type: str = JSON
    headers: tuple[Header, ...] = ()

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def payload(self) -> Any:
        return json.loads(self.body)

    @property
    def length(self) -> int:
        return sum(map(len, self.pieces))


@dataclass(slots=True)
class Spell:
    """A time of misbehaving; whoever is held in it is let go when it ends."""

    ended: threading.Event = field(default_factory=threading.Event)
    _held: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, sock: socket.socket) -> None:
        """Until the client leaves, or the spell ends and with it the connection."""
        with self._lock:
            if self.ended.is_set():
                return
            self._held.add(sock)
        try:
            while sock.recv(RECEIVE_BYTES):
                pass
        finally:
            with self._lock:
                self._held.discard(sock)

    def end(self) -> None:
        with self._lock:
            self.ended.set()
            for sock in self._held:
                shut(sock)


class Exchange:
    """`sound` is what a sound server would answer. Every method may raise GoneError."""

    def __init__(self, sock: socket.socket, request: Request, sound: Answer, spell: Spell) -> None:
        self.request = request
        self.sound = sound
        self._sock = sock
        self._spell = spell

    def send(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise GoneError from error

    def head(self, status: int, *headers: Header) -> None:
        lines = [f"HTTP/1.1 {status} {_phrase(status)}", *(f"{name}: {v}" for name, v in headers)]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def sound_head(self, length: int | None = None) -> None:
        """The head of the sound answer, whose length may be another's."""
        length = self.sound.length if length is None else length
        self.head(self.sound.status, *_described(self.sound), ("Content-Length", str(length)))

    def reply(self, answer: Answer) -> None:
        """A whole answer; the connection lives on."""
        without = answer.status in (204, 304)
        headers = () if without else (("Content-Length", str(answer.length)),)
        self.head(answer.status, *_described(answer), *headers)
        for piece in answer.pieces:
            self.send(piece)

    def reply_chunked(self, pieces: Iterable[bytes], *headers: Header) -> None:
        self.head(200, *(headers or _described(self.sound)), ("Transfer-Encoding", "chunked"))
        for piece in pieces:
            self.chunk(piece)
        self.send(b"0\r\n\r\n")

    def chunk(self, piece: bytes) -> None:
        if piece:
            self.send(b"%x\r\n%s\r\n" % (len(piece), piece))

    def hang(self) -> NoReturn:
        """Say nothing more, and keep the connection."""
        try:
            self._spell.hold(self._sock)
        except OSError as error:
            raise GoneError from error
        raise GoneError

    def pause(self, seconds: float) -> None:
        """The pace of a slow server."""
        if self._spell.ended.wait(seconds):
            raise GoneError

    def close(self) -> NoReturn:
        raise GoneError

    def reset(self) -> NoReturn:
        """End the connection by RST."""
        abort(self._sock)
        raise GoneError


def abort(sock: socket.socket) -> None:
    """Its close will be an RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)


def shut(sock: socket.socket) -> None:
    """End both directions, whatever became of it; who waits for it in a thread wakes up."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def requests(sock: socket.socket) -> Iterator[Request]:
    """What comes in over one connection, without bodies, until the client leaves."""
    buffer = b""
    while True:
        while b"\r\n\r\n" not in buffer:
            if len(buffer) > MAX_HEAD_BYTES or not (piece := sock.recv(RECEIVE_BYTES)):
                return
            buffer += piece
        head, _, buffer = buffer.partition(b"\r\n\r\n")
        yield _request(head.decode("latin-1"))


def _request(head: str) -> Request:
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    parted = (line.partition(":") for line in lines)
    return Request(method, path, {name.lower(): value.strip() for name, _, value in parted})


def _described(answer: Answer) -> tuple[Header, ...]:
    return (("Content-Type", answer.content_type), *answer.headers)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
