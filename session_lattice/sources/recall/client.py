"""Asks an upstream recall service: one question at a time, each with limits, some tried again."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Timer
from typing import Any

import httpx2

from session_lattice import __version__
from session_lattice.config import shown
from session_lattice.errors import UpstreamError
from session_lattice.sources.recall.answer import NOT_MODIFIED, Answer, wrong
from session_lattice.sources.recall.patience import ATTEMPTS, retry_after, retrying

MAX_REDIRECTS = 3
TRANSIENT = frozenset({429, 500, 502, 503, 504})
"""Statuses that may be another a moment later."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
SEE = "see that it runs there; it is asked again by itself, and what it told so far stays"
KIND_CHARS = 60
"""Of a content type, in the error that names it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that each step may take; `body` is for one question with all of its answer."""

    connect: float
    read: float
    write: float
    pool: float
    body: float


class Client:
    """A service by its address, over one connection that is kept open between two pulls.

    Nothing of the environment has a say (no proxies, no netrc). Every failure is an
    UpstreamError that names the service without what is secret in its address. `give_up`
    ends a wait under way from another thread.
    """

    def __init__(self, url: str, limits: Limits) -> None:
        self.shown = shown(url)
        self.requests = 0
        self._limits = limits
        self._given_up = Event()
        self._late = False
        self._connection: Any = None
        self._http = httpx2.Client(
            base_url=url,
            timeout=httpx2.Timeout(
                connect=limits.connect, read=limits.read, write=limits.write, pool=limits.pool
            ),
            limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1),
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "User-Agent": f"session-lattice/{__version__}",
            },
            follow_redirects=False,
            trust_env=False,
            # Where nothing is encrypted, to load the authorities' certificates is time lost.
            verify=url.startswith("https:"),
        )

    def begin(self) -> None:
        """What was given up is over: the questions from now on are wanted."""
        self._given_up.clear()

    def give_up(self) -> None:
        """End the question under way, and all until `begin`, with an UpstreamError."""
        self._given_up.set()
        self._hang_up()

    def close(self) -> None:
        self._http.close()

    @contextmanager
    def asking(self, path: str, *, etag: str = "", attempts: int = ATTEMPTS) -> Iterator[Answer]:
        """GET `path`, again if it may help; with an `etag` the answer may be that nothing changed.

        What fails before the answer's body begins is tried again, up to `attempts` times.
        """
        with self._in_time():
            answer = retrying(attempts, self._given_up)(self._ask, path, etag)
            try:
                yield answer
            except httpx2.HTTPError as error:
                raise self._wrong(self._explained(error), transient=True) from error
            finally:
                answer.close()

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """Who sends a byte now and then is never silent for long, and never done either."""
        self._late = False
        timer = Timer(self._limits.body, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _expire(self) -> None:
        self._late = True
        self._hang_up()

    def _hang_up(self) -> None:
        """Wake whoever waits for the other end. Only a shutdown does so; a close does not."""
        connection = self._connection
        raw = connection.get_extra_info("socket") if connection is not None else None
        try:
            if raw is not None:
                raw.shutdown(socket.SHUT_RDWR)
        except OSError:
            # It is closed already, so nobody waits for it.
            return

    def _ask(self, path: str, etag: str) -> Answer:
        headers = {"If-None-Match": etag} if etag else {}
        url = self._http.base_url.join(path.removeprefix("/") or ".")
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(url, headers)
            if response.status_code not in REDIRECTS:
                return self._checked(response)
            response.close()
            url = self._redirected(response)
        raise self._wrong("redirects in a circle", hint="see what stands in front of it")

    def _send(self, url: httpx2.URL, headers: dict[str, str]) -> httpx2.Response:
        if self._given_up.is_set() or self._late:
            raise self._wrong(self._unfinished())
        self.requests += 1
        request = self._http.build_request(
            "GET", url, headers=headers, extensions={"trace": self._trace}
        )
        try:
            return self._http.send(request, stream=True)
        except httpx2.TimeoutException as error:
            # To be silent for so long once more would hold up everybody else.
            raise self._wrong(self._explained(error), hint=SEE) from error
        except httpx2.HTTPError as error:
            raise self._wrong(self._explained(error), transient=True, hint=SEE) from error

    def _trace(self, name: str, info: Any) -> None:
        """Remember the connection, so that it can be hung up."""
        if name.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._connection = info["return_value"]

    def _redirected(self, response: httpx2.Response) -> httpx2.URL:
        try:
            there = response.url.join(response.headers.get("location", ""))
        except httpx2.InvalidURL as error:
            raise self._wrong("redirects to an address that is none") from error
        if _origin(there) != _origin(response.url):
            raise self._wrong(
                f"redirects to {there.scheme}://{there.host}, which is not followed",
                hint="set SESSION_LATTICE_REPO_RECALL_URL to where it really is",
            )
        return there

    def _checked(self, response: httpx2.Response) -> Answer:
        """The answer, if it is one; else the UpstreamError that says what came instead."""
        answer = Answer(response, self.shown)
        try:
            if response.status_code not in (200, NOT_MODIFIED):
                raise self._refused(response)
            if answer.changed and not answer.is_json:
                raise self._no_json(answer)
        except BaseException:
            answer.close()
            raise
        return answer

    def _refused(self, response: httpx2.Response) -> UpstreamError:
        says = f"answers {response.status_code} {response.reason_phrase}".rstrip()
        wait = retry_after(response.headers.get("retry-after", ""))
        if wait:
            says += f" and asks for {wait:.0f} s of patience"
        return self._wrong(says, transient=response.status_code in TRANSIENT, wait=wait)

    def _no_json(self, answer: Answer) -> UpstreamError:
        return self._wrong(
            f"answers with {answer.kind[:KIND_CHARS] or 'no type at all'} instead of JSON",
            hint="see whether SESSION_LATTICE_REPO_RECALL_URL leads to a recall service",
        )

    def _explained(self, error: httpx2.HTTPError) -> str:
        """What a person should read instead of the library's words."""
        if self._late or self._given_up.is_set():
            return self._unfinished()
        if isinstance(error, httpx2.ConnectTimeout):
            return f"accepts no connection within {self._limits.connect:g} s"
        if isinstance(error, httpx2.ReadTimeout):
            return f"accepts requests but says nothing for {self._limits.read:g} s"
        if isinstance(error, httpx2.TimeoutException):
            return "takes too long to take a request"
        if isinstance(error, httpx2.ConnectError):
            return f"cannot be reached: {_reason(error)}"
        return f"broke off: {_reason(error)}"

    def _unfinished(self) -> str:
        if self._late:
            return f"takes longer than {self._limits.body:g} s for one answer"
        return "was not heard to the end: the pull is over"

    def _wrong(
        self, says: str, *, transient: bool = False, wait: float | None = None, hint: str = ""
    ) -> UpstreamError:
        return wrong(self.shown, says, transient=transient, wait=wait, hint=hint)


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _reason(error: Exception) -> str:
    """The innermost cause that says anything, as the end of a sentence."""
    cause: BaseException | None = error
    found = type(error).__name__
    while cause is not None:
        found = getattr(cause, "strerror", None) or str(cause) or found
        cause = cause.__cause__ or cause.__context__
    return found[:1].lower() + found[1:].rstrip(".")
