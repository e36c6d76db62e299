"""A reads server somewhere: its address, and a request for what it streams."""

import http.client
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import urlsplit

import msgspec

from session_lattice.cli.feed.base import NEWEST, no_event
from session_lattice.cli.tables import one_line
from session_lattice.errors import ConfigError, LatticeError

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 45.0
"""A stream that brings nothing for so long is lost: the server pings every 15 s."""

MAX_BODY_BYTES = 64 * 1024
"""Of an answer that is no stream."""

EVENT_STREAM = "text/event-stream"
JSON = "application/json"
OK, NO_CONTENT = 200, 204
_CLASSES: Mapping[str, type[http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}


class UnavailableError(LatticeError):
    """The server answers that it cannot just now; `retry_seconds` is when to ask again."""

    def __init__(self, what: str, *, retry_seconds: float) -> None:
        super().__init__(what)
        self.retry_seconds = retry_seconds


class _Problem(msgspec.Struct, frozen=True):
    """What a problem document says to a person."""

    detail: str = ""
    title: str = ""
    advice: str = msgspec.field(name="try", default="")


class _Stream(msgspec.Struct, frozen=True):
    """What of a stream's state says which one it is."""

    stream: str


class Server:
    """The server at `url`, such as http://127.0.0.1:7778. Raises ConfigError for any other."""

    def __init__(self, url: str, token: str | None) -> None:
        try:
            parts = urlsplit(url)
            self._host = (parts.hostname or "").encode("idna").decode("ascii")
            self._port = parts.port
        except ValueError as error:
            raise _no_address(url) from error
        if parts.scheme not in _CLASSES or not self._host or parts.query or "@" in parts.netloc:
            raise _no_address(url)
        self._class = _CLASSES[parts.scheme]
        self._prefix = parts.path.rstrip("/")
        self._token = token
        self.name = f"{parts.scheme}://{parts.netloc}"

    def connect(self) -> http.client.HTTPConnection:
        """Raises OSError."""
        connection = self._class(self._host, self._port, timeout=CONNECT_SECONDS)
        connection.connect()
        connection.sock.settimeout(SILENCE_SECONDS)
        return connection

    def get(
        self,
        connection: http.client.HTTPConnection,
        target: str,
        headers: Mapping[str, str | bytes],
    ) -> http.client.HTTPResponse:
        """An event stream, or 204.

        Raises UnavailableError for 5xx, LatticeError for every other answer, OSError and
        HTTPException when the connection is lost.
        """
        return self._answer(connection, target, headers, EVENT_STREAM)

    def newest_pull(self) -> str:
        """Its stream. Raises as `connect` and `get` do."""
        with closing(self.connect()) as connection:
            response = self._answer(connection, f"/streams/{NEWEST}", {}, JSON)
            with response:
                body = response.read(MAX_BODY_BYTES)
        try:
            return msgspec.json.decode(body, type=_Stream).stream
        except msgspec.DecodeError as error:
            raise no_event(error) from error

    def _answer(
        self,
        connection: http.client.HTTPConnection,
        target: str,
        headers: Mapping[str, str | bytes],
        wanted: str,
    ) -> http.client.HTTPResponse:
        bearer = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        connection.request("GET", self._prefix + target, headers={**headers, **bearer})
        response = connection.getresponse()
        is_wanted = response.headers.get_content_type() == wanted
        if response.status == NO_CONTENT or (response.status == OK and is_wanted):
            return response
        with response:
            raise self._refusal(response)

    def _refusal(self, response: http.client.HTTPResponse) -> LatticeError:
        what = f"{self.name} answers {response.status}"
        problem = _problem(response.read(MAX_BODY_BYTES))
        said = one_line(problem.detail or problem.title)
        what += f": {said}" if said else ""
        if response.status >= 500:
            return UnavailableError(what, retry_seconds=_seconds(response.headers["retry-after"]))
        if response.status == 401:
            advice = "set SESSION_LATTICE_TOKEN to the server's token"
        elif response.status < 400:
            what, advice = f"{what}, and not with what was asked for", "check the address"
        else:
            advice = one_line(problem.advice)
        return LatticeError(what, hint=advice)


def _no_address(url: str) -> ConfigError:
    return ConfigError(
        f"{one_line(url)!r} is not the address of a server",
        hint="write http://HOST:PORT; a token is read from SESSION_LATTICE_TOKEN",
    )


def _problem(body: bytes) -> _Problem:
    try:
        return msgspec.json.decode(body, type=_Problem)
    except msgspec.DecodeError:
        return _Problem()


def _seconds(retry_after: str | None) -> float:
    """0 where it is left out or a date."""
    text = (retry_after or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0
