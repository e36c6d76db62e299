"""What comes over a socket from GET /events: a head, chunks, frames; cheap enough to keep up."""

import socket

LOOPBACK = "127.0.0.1"
CONNECT_SECONDS = 10.0
HEAD_END = b"\r\n\r\n"
FRAME_END = b"\n\n"


class WireError(Exception):
    """The server sent what no client expects."""


def connect(port: int, target: str, last_id: str = "", *, receive_bytes: int = 0) -> socket.socket:
    """A socket that has asked; `receive_bytes` bounds what the kernel takes for it."""
    sock = socket.socket()
    try:
        if receive_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        sock.settimeout(CONNECT_SECONDS)
        sock.connect((LOOPBACK, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        resumed = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        head = f"GET {target} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\n{resumed}"
        sock.sendall(f"{head}Accept: text/event-stream\r\n\r\n".encode())
    except BaseException:
        sock.close()
        raise
    return sock


class Wire:
    """One answer, taken in pieces as they come."""

    def __init__(self) -> None:
        self.begun = False
        """The head and the first frame are here."""
        self.ended = False
        self._head = b""
        self._streams = False
        self._wire = b""
        self._left = 0
        self._skip = 0
        self._text = b""

    @property
    def inside(self) -> bool:
        """Whether it stands in the middle of a frame, a chunk or the head."""
        return bool(self._text or self._wire or not self._streams)

    def frames(self, piece: bytes) -> list[bytes]:
        """The whole frames that `piece` completes, without pings and the server's first words."""
        if not self._streams:
            piece = self._after_head(piece)
        found = (self._text + self._body(piece)).split(FRAME_END)
        self._text = found.pop()
        if found and not self.begun:
            self.begun = True
        return [frame for frame in found if frame.startswith(b"id: ")]

    def _after_head(self, piece: bytes) -> bytes:
        self._head += piece
        head, end, rest = self._head.partition(HEAD_END)
        if not end:
            return b""
        if not head.startswith(b"HTTP/1.1 200 ") or b"chunked" not in head:
            raise WireError(f"no stream: {self._head[:300]!r}")
        self._streams = True
        return rest

    def _body(self, piece: bytes) -> bytes:
        """What lies in the chunks."""
        wire = self._wire + piece if self._wire else piece
        self._wire = b""
        parts, at = [], 0
        while at < len(wire) and not self.ended:
            if not self._left:
                end = wire.find(b"\r\n", at + self._skip)
                if end < 0:
                    self._wire = wire[at:]
                    break
                self._left = int(wire[at + self._skip : end], 16)
                self.ended = not self._left
                self._skip, at = 2, end + 2
            part = wire[at : at + self._left]
            parts.append(part)
            at += len(part)
            self._left -= len(part)
        return b"".join(parts)


class Numbers:
    """Sees to it that frames come one by one, from behind a cursor on, each exactly once."""

    def __init__(self, cursor: str) -> None:
        epoch, _, number = cursor.rpartition("-")
        self._prefix = f"id: {epoch}-".encode()
        self.last = int(number)

    def check(self, frames: list[bytes]) -> None:
        """Raises WireError for the first that is not the next."""
        prefix, number = self._prefix, self.last
        for frame in frames:
            number += 1
            if not frame.startswith(b"%b%d\n" % (prefix, number)):
                raise WireError(f"{number} is due, and this comes: {frame[:120]!r}")
        self.last = number
