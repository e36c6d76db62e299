"""Server-Sent Events as bytes come in, by the letter of the HTML standard."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from session_lattice.errors import LatticeError

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""Of one message's lines; a peer that goes on beyond it sends no events."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class Message(NamedTuple):
    """A message with data. `id` is the last one that was given, by this message or before it."""

    id: str
    event: str
    data: str


class Parser:
    """Takes chunks cut anywhere and gives whole messages.

    `last_id` is what a reconnect sends; `retry_ms` how long it waits, where the peer said so.
    What an ended stream leaves half said is dropped with the parser.
    """

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.retry_ms: int | None = None
        self._id = last_id
        self._event = ""
        self._data: list[str] = []
        self._partial: list[bytes] = []
        self._bytes = 0
        self._after_cr = False
        self._at_start = True

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """The messages that `chunk` completes. Raises LatticeError beyond MAX_MESSAGE_BYTES."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if not chunk:
            return
        self._after_cr = chunk.endswith(b"\r")
        *lines, rest = _LINE_END.split(chunk)
        for line in lines:
            self._keep(line)
            message = self._line(b"".join(self._partial))
            self._partial.clear()
            if message:
                yield message
        self._keep(rest)

    def _keep(self, part: bytes) -> None:
        self._bytes += len(part)
        if self._bytes > MAX_MESSAGE_BYTES:
            raise LatticeError(
                f"the peer sent a message of more than {MAX_MESSAGE_BYTES:,} bytes",
                hint="check that the address is that of a session-lattice server",
            )
        if part:
            self._partial.append(part)

    def _line(self, line: bytes) -> Message | None:
        if self._at_start:
            line = line.removeprefix(_BOM)
            self._at_start = False
        if not line:
            return self._dispatch()
        name, _, value = line.decode("utf-8", "replace").partition(":")
        self._field(name, value.removeprefix(" "))
        if not self._data and not self._event:
            # Comments may go on for ever.
            self._bytes = 0
        return None

    def _field(self, name: str, value: str) -> None:
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry_ms = int(value[:9])

    def _dispatch(self) -> Message | None:
        self.last_id = self._id
        event, data = self._event, self._data
        self._event, self._data, self._bytes = "", [], 0
        return Message(self.last_id, event or "message", "\n".join(data)) if data else None
