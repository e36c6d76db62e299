"""Frames from a reads server, over as many connections as it takes."""

import http.client
from collections.abc import Collection, Generator, Iterator
from contextlib import closing
from urllib.parse import urlencode

import msgspec

from session_lattice.cli.feed.backoff import Backoff
from session_lattice.cli.feed.base import NEWEST, Frame, no_event
from session_lattice.cli.feed.server import (
    EVENT_STREAM,
    NO_CONTENT,
    Server,
    UnavailableError,
)
from session_lattice.cli.feed.sse import Message, Parser
from session_lattice.cli.reading import remark
from session_lattice.events import is_bounded

RETRY_SECONDS = 1.0
"""Before the first new attempt, unless the server says otherwise."""

MAX_RETRY_SECONDS = 30.0
CHUNK_BYTES = 64 * 1024


class _Ending(msgspec.Struct, frozen=True):
    """What of an event says whether it is its stream's last."""

    terminal: bool = False


_decoder = msgspec.json.Decoder(_Ending)


class HttpFeed:
    """A Feed of the server's `/events`; no `stream` is all of them, no `types` any.

    It goes on behind the last event that came, whatever ends a connection, and ends with 204 or
    behind the stream's terminal event.
    """

    def __init__(self, server: Server, stream: str, types: Collection[str], after: str) -> None:
        self._server = server
        self._stream = stream
        self._types = types
        self._after = after
        self._cursor = ""
        self._backoff = Backoff(RETRY_SECONDS, MAX_RETRY_SECONDS)
        self._lost = False
        self._ended = False

    def frames(self) -> Generator[Frame, None, None]:
        while not self._ended:
            at_least = 0.0
            try:
                yield from self._connection()
                if self._is_blind() and not self._ended:
                    self._say("the server ended the stream")
            except UnavailableError as error:
                at_least = error.retry_seconds
                self._say(error.what)
            except (OSError, http.client.HTTPException) as error:
                self._say(f"{self._server.name}: {_why(error)}")
            if not self._ended:
                self._backoff.wait(at_least)

    def _connection(self) -> Iterator[Frame]:
        if self._stream == NEWEST:
            self._stream = self._server.newest_pull()
        with (
            closing(self._server.connect()) as connection,
            self._server.get(connection, self._target(), self._headers()) as response,
        ):
            if response.status == NO_CONTENT:
                self._ended = True
                return
            self._back()
            yield from self._messages(response)

    def _target(self) -> str:
        asked = {"stream": self._stream, "types": ",".join(self._types), "after": self._after}
        return "/events?" + urlencode({name: value for name, value in asked.items() if value})

    def _headers(self) -> dict[str, str | bytes]:
        cursor = {"Last-Event-ID": self._cursor.encode()} if self._cursor else {}
        return {"Accept": EVENT_STREAM, **cursor}

    def _messages(self, response: http.client.HTTPResponse) -> Iterator[Frame]:
        parser = Parser(self._cursor)
        while not self._ended and (chunk := response.read1(CHUNK_BYTES)):
            self._backoff.worked()
            for message in parser.feed(chunk):
                self._cursor = message.id
                self._ended = self._ends(message)
                yield Frame(message.id, message.event, message.data.encode())
                if self._ended:
                    return
            self._cursor = parser.last_id
            if parser.retry_ms is not None:
                self._backoff.first = parser.retry_ms / 1000

    def _ends(self, message: Message) -> bool:
        if not self._stream:
            return False
        try:
            return _decoder.decode(message.data).terminal
        except msgspec.DecodeError as error:
            raise no_event(error) from error

    def _say(self, what: str) -> None:
        if not self._lost:
            self._lost = True
            remark(f"{what}; trying again")

    def _back(self) -> None:
        if self._lost:
            self._lost = False
            unseen = "; what happened meanwhile is not shown" if self._is_blind() else ""
            remark(f"connected again{unseen}")

    def _is_blind(self) -> bool:
        """Nothing has come yet that says where to go on, and the server begins with the next."""
        from_now = self._after == "latest" if self._after else not is_bounded(self._stream)
        return from_now and not self._cursor


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    silent = isinstance(error, TimeoutError)
    return "nothing came for too long" if silent else "the connection broke off"
