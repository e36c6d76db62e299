"""Asks an upstream recall service: one question at a time, each with limits, some tried again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import httpx2
import tenacity

from session_lattice import __version__
from session_lattice.errors import UpstreamError

ATTEMPTS = 3
"""At a question, within one pull; a pull that fails is tried again by the puller."""

FIRST_WAIT_SECONDS = 0.2
"""Before the second attempt; it doubles, and chance adds up to as much again."""

LONGEST_WAIT_SECONDS = 5.0
"""Between two attempts. An upstream that asks for more is left alone until the time is over."""

LONGEST_RETRY_AFTER_SECONDS = 3600.0
"""What an upstream may ask for; it is asked again after this, whatever it said."""

MAX_REDIRECTS = 3
CHUNK_BYTES = 128 * 1024
"""Of an answer that are taken at once."""

TRANSIENT = frozenset({429, 500, 502, 503, 504})
"""Statuses that may be another a moment later."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
NOT_MODIFIED = 304
QUOTED_CHARS = 60
"""Of an answer that is no JSON, in the error that says so."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that each step may take; `body` is for all of one answer."""

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
        )

    def close(self) -> None:
        self._http.close()

    def begin(self) -> None:
        """What was given up is over: the questions from now on are wanted."""
        self._given_up.clear()

    def give_up(self) -> None:
        """End the question under way, and all until `begin`, with an UpstreamError."""
        self._given_up.set()
        connection = self._connection
        if connection is not None:
            _hang_up(connection)

    @contextmanager
    def asking(self, path: str, *, etag: str = "", attempts: int = ATTEMPTS) -> Iterator["Answer"]:
        """GET `path`, again if it may help; with an `etag` the answer may be that nothing changed.

        What fails before the answer's body begins is tried again, up to `attempts` times.
        """
        deadline = time.monotonic() + self._limits.body
        answer = self._retrying(attempts)(self._ask, path, etag, deadline)
        try:
            yield answer
        except httpx2.HTTPError as error:
            raise self._wrong(_explained(error, self._limits), transient=True) from error
        finally:
            answer.close()

    def _retrying(self, attempts: int) -> tenacity.Retrying:
        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(attempts)
            | tenacity.stop_when_event_set(self._given_up),
            wait=_wait,
            retry=tenacity.retry_if_exception(_is_worth_another),
            sleep=tenacity.sleep_using_event(self._given_up),
            reraise=True,
        )

    def _ask(self, path: str, etag: str, deadline: float) -> "Answer":
        headers = {"If-None-Match": etag} if etag else {}
        url = self._http.base_url.join(path.removeprefix("/") or ".")
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(url, headers)
            if response.status_code not in REDIRECTS:
                return self._checked(response, deadline)
            response.close()
            url = self._redirected(response)
        raise self._wrong("redirects in a circle", hint="see what stands in front of it")

    def _send(self, url: httpx2.URL, headers: dict[str, str]) -> httpx2.Response:
        if self._given_up.is_set():
            raise self._wrong("was not asked to the end: the pull is over")
        self.requests += 1
        request = self._http.build_request(
            "GET", url, headers=headers, extensions={"trace": self._trace}
        )
        try:
            return self._http.send(request, stream=True)
        except httpx2.TimeoutException as error:
            # To be silent for so long once more would hold up everybody else.
            raise self._wrong(_explained(error, self._limits), transient=False) from error
        except httpx2.HTTPError as error:
            raise self._wrong(_explained(error, self._limits), transient=True) from error

    def _trace(self, name: str, info: Any) -> None:
        """Remember the connection, so that `give_up` can end it."""
        if name.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._connection = info["return_value"]

    def _redirected(self, response: httpx2.Response) -> httpx2.URL:
        there = response.url.join(response.headers.get("location", ""))
        if _origin(there) != _origin(response.url):
            raise self._wrong(
                f"redirects to {there.scheme}://{there.host}, which is not followed",
                hint="set SESSION_LATTICE_REPO_RECALL_URL to where it really is",
            )
        return there

    def _checked(self, response: httpx2.Response, deadline: float) -> "Answer":
        """The answer, if it is one; else the UpstreamError that says what came instead."""
        try:
            answer = Answer(response, self, deadline)
            if response.status_code not in (200, NOT_MODIFIED):
                raise self._refused(response)
            if response.status_code == 200 and not _is_json(response):
                raise self._no_json(answer)
        except BaseException:
            response.close()
            raise
        return answer

    def _refused(self, response: httpx2.Response) -> UpstreamError:
        says = f"answers {response.status_code} {response.reason_phrase}".rstrip()
        wait = retry_after(response.headers.get("retry-after", ""), time.time())
        if wait is not None:
            says += f" and asks for {wait:.0f} s of patience"
        return self._wrong(says, transient=response.status_code in TRANSIENT, wait=wait)

    def _no_json(self, answer: "Answer") -> UpstreamError:
        kind = answer.response.headers.get("content-type", "nothing named")
        begins = " ".join(answer.beginning().split())[:QUOTED_CHARS]
        return self._wrong(
            f"answers with {kind[:QUOTED_CHARS]} instead of JSON: {begins!r}",
            hint="see whether SESSION_LATTICE_REPO_RECALL_URL leads to a recall service",
        )

    def _wrong(
        self, says: str, *, transient: bool = False, wait: float | None = None, hint: str = ""
    ) -> UpstreamError:
        return wrong(self.shown, says, transient=transient, wait=wait, hint=hint)


class Answer:
    """An answer whose body is still to come. `changed` is False when it is what we have."""

    def __init__(self, response: httpx2.Response, client: Client, deadline: float) -> None:
        self.response = response
        self.changed = response.status_code != NOT_MODIFIED
        self.etag: str = response.headers.get("etag", "")
        self.deadline = deadline
        self.shown = client.shown

    @property
    def encoding(self) -> str:
        """How the bytes are packed: "" for not at all."""
        named: str = self.response.headers.get("content-encoding", "")
        return "" if named == "identity" else named.lower()

    @property
    def size(self) -> int:
        """Bytes that will come; 0 when the upstream does not say."""
        named = self.response.headers.get("content-length", "")
        return int(named) if named.isdecimal() and len(named) < 16 else 0

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes. Raises UpstreamError once it takes longer than it may."""
        for chunk in self.response.iter_raw(CHUNK_BYTES):
            if time.monotonic() > self.deadline:
                raise wrong(self.shown, "takes too long to send one answer", transient=True)
            yield chunk

    def beginning(self) -> str:
        """Of a body that is not what was asked for; empty where even that fails."""
        try:
            return next(self.response.iter_raw(CHUNK_BYTES), b"").decode("utf-8", "replace")
        except httpx2.HTTPError:
            return ""

    def close(self) -> None:
        self.response.close()


def wrong(
    where: str, says: str, *, transient: bool = False, wait: float | None = None, hint: str = ""
) -> UpstreamError:
    """The error of the service at `where`, which `says` what is wrong with it."""
    return UpstreamError(
        f"the recall service at {where} {says}",
        hint=hint or "what it told so far stays; it is asked again by itself",
        transient=transient,
        retry_after_seconds=wait,
    )


def shown(url: str) -> str:
    """Without a name and password in it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def retry_after(text: str, now: float) -> float | None:
    """Seconds to wait by a Retry-After header, in seconds or as a date (RFC 9110, 10.2.3).

    None when there is none that can be read; at most LONGEST_RETRY_AFTER_SECONDS.
    """
    text = text.strip()
    if text.isdecimal():
        seconds = float(text[:12])
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER_SECONDS)


def _is_worth_another(error: BaseException) -> bool:
    """Whether the same question may be answered within this pull."""
    if not isinstance(error, UpstreamError) or not error.transient:
        return False
    return (error.retry_after_seconds or 0.0) <= LONGEST_WAIT_SECONDS


_backoff = tenacity.wait_exponential_jitter(
    initial=FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS, jitter=FIRST_WAIT_SECONDS
)


def _wait(state: tenacity.RetryCallState) -> float:
    """What the upstream asks for, and never less than the backoff."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_seconds if isinstance(error, UpstreamError) else None
    return max(_backoff(state), asked or 0.0)


def _is_json(response: httpx2.Response) -> bool:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _explained(error: httpx2.HTTPError, limits: Limits) -> str:
    """What a person should read instead of the library's words."""
    if isinstance(error, httpx2.ConnectTimeout):
        return f"accepts no connection within {limits.connect:g} s"
    if isinstance(error, httpx2.ReadTimeout):
        return f"accepts requests but says nothing for {limits.read:g} s"
    if isinstance(error, httpx2.TimeoutException):
        return "takes too long to take a request"
    if isinstance(error, httpx2.ConnectError):
        return f"cannot be reached: {_reason(error)}"
    return f"broke off in mid-answer: {_reason(error)}"


def _reason(error: Exception) -> str:
    """The innermost cause that says anything, in lower case as the end of a sentence."""
    cause: BaseException | None = error
    found = type(error).__name__
    while cause is not None:
        found = getattr(cause, "strerror", None) or str(cause) or found
        cause = cause.__cause__ or cause.__context__
    return found[:1].lower() + found[1:]


def _hang_up(connection: Any) -> None:
    """Wake whoever waits for the other end. Only a shutdown does so; a close does not."""
    import socket

    raw = connection.get_extra_info("socket")
    try:
        raw.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It is closed already, so nobody waits for it.
        return
