"""A Redis server as the event log sees it: its scripts, its troubles and what they mean."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any, TypeVar

import redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.retry import Retry

from session_lattice.config import shown
from session_lattice.errors import ConfigError, LogError

PREFIX = "{session-lattice}:"
"""Begins every key. The braces keep all keys in one slot of a cluster."""

OLDEST_VERSION = (6, 2)
"""The first Redis that trims a stream by id."""

CONNECT_SECONDS = 2.0
"""How long a connection may take to come about."""

ANSWER_SECONDS = 5.0
"""How long the server may keep silent before it counts as hung."""

CONNECTIONS = 64
"""Connections at most, and so threads that ask at once; more wait their turn."""

RETRIES = 4
"""How often a call is tried again while the server cannot be reached: it may be restarting."""

PAUSE = ExponentialBackoff(base=0.1, cap=1.0)
"""Seconds between the tries, 2.4 s in all."""

SCRIPTS = ("append", "bounds", "latest", "life", "read", "release", "trim")

_FINAL = (redis.AuthenticationError, redis.exceptions.AuthorizationError)

_ACCESS = "mend the name and the password in SESSION_LATTICE_LOG_URL"

_HINTS: tuple[tuple[type[redis.RedisError], str, str], ...] = (
    (redis.AuthenticationError, "", _ACCESS),
    (redis.exceptions.AuthorizationError, "", _ACCESS),
    (redis.exceptions.NoPermissionError, "", _ACCESS),
    (redis.BusyLoadingError, "", "wait: the server is loading its data"),
    (redis.ConnectionError, "", "start Redis there, or mend SESSION_LATTICE_LOG_URL"),
    (redis.TimeoutError, "", "look after the server: it is hung or overloaded"),
    (
        redis.ResponseError,
        "maxmemory",
        "raise the server's maxmemory; what was not appended is read again",
    ),
    (
        redis.ResponseError,
        "read only replica",
        "let SESSION_LATTICE_LOG_URL name the primary server",
    ),
    (
        redis.ResponseError,
        "wrong kind of value",
        f"something else uses keys that begin with {PREFIX}: choose another database number",
    ),
    (redis.ResponseError, "MISCONF", "look after the server's disk: it is full or failing"),
)
"""Kind of error, what its text contains, what to try. The first that fits counts."""

T = TypeVar("T")


class Server:
    """The connections to one server; threads may share it. What goes wrong is a LogError.

    A server that cannot be reached is tried again RETRIES times, unless `patient` is false, so
    whatever is called has to be safe to do twice.
    """

    def __init__(self, url: str) -> None:
        self.shown = shown(url)
        self.closing = threading.Event()
        self._client = _client(url)
        self._scripts = {name: self._client.register_script(_script(name)) for name in SCRIPTS}

    def run(self, name: str, *arguments: str | bytes | int, patient: bool = True) -> Any:
        """What the script `lua/<name>.lua` returns; nobody sees its work half done."""
        script = self._scripts[name]
        return self.call(lambda _: script(keys=[PREFIX], args=arguments), patient=patient)

    def call(self, do: Callable[["redis.Redis"], T], *, patient: bool = True) -> T:
        try:
            with self._reported():
                return self._tried(do, RETRIES if patient else 0)
        finally:
            if self.closing.is_set():
                self._client.connection_pool.disconnect(inuse_connections=False)

    def _tried(self, do: Callable[["redis.Redis"], T], retries: int) -> T:
        failures = 0
        while True:
            if self.closing.is_set():
                raise LogError(f"the event log {self.shown} is closed")
            try:
                return do(self._client)
            except redis.ConnectionError as error:
                failures += 1
                if isinstance(error, _FINAL) or failures > retries:
                    raise
                self.closing.wait(PAUSE.compute(failures))

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except redis.RedisError as error:
            raise LogError(f"the event log {self.shown}: {error}", hint=_hint(error)) from error

    def check(self) -> None:
        """Raise LogError for a server that cannot keep a log."""
        info = self.call(lambda client: client.info())
        version = str(info["redis_version"])
        if tuple(map(int, version.split(".")[:2])) < OLDEST_VERSION:
            raise LogError(
                f"the event log {self.shown}: Redis {version} is too old",
                hint="use Redis {}.{} or newer".format(*OLDEST_VERSION),
            )
        if info.get("maxmemory") and str(info.get("maxmemory_policy")).startswith("allkeys"):
            raise LogError(
                f"the event log {self.shown}: the server deletes any key when its memory is full",
                hint="set the server's maxmemory-policy to noeviction",
            )

    def close(self) -> None:
        """Whoever is waiting for an answer still gets it; the last one out closes."""
        self.closing.set()
        self._client.connection_pool.disconnect(inuse_connections=False)


def _client(url: str) -> "redis.Redis":
    try:
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=ANSWER_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        raise ConfigError(
            f"log_url {shown(url)!r} is no address of a Redis server: {error}",
            hint="use redis://HOST:PORT/DATABASE",
        ) from error
    return redis.Redis(connection_pool=pool)


def _script(name: str) -> str:
    return resources.files(__package__).joinpath("lua", f"{name}.lua").read_text("utf-8")


def _hint(error: redis.RedisError) -> str:
    for kind, text, hint in _HINTS:
        if isinstance(error, kind) and text in str(error):
            return hint
    return "report this as a bug"
