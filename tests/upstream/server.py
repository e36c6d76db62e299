"""A made-up upstream over real sockets: it answers as the original does, or as it is told to."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from tests.upstream.exchange import (
    Answer,
    Exchange,
    GoneError,
    Request,
    Spell,
    abort,
    requests,
    shut,
)
from tests.upstream.misbehaviours import MISBEHAVIOURS
from tests.upstream.replies import MOVED
from tests.upstream.world import World

LOOPBACK = "127.0.0.1"
BACKLOG = 128
JOIN_SECONDS = 30.0
FIRST_SCAN = 1_796_000_000
"""Unix seconds of the first scan."""

SCAN_SECONDS = 150
"""Between two scans by the made-up clock."""

SCAN_VERSION = "/api/scan-version"
SESSIONS = "/api/sessions"
DASHBOARD = "/"
PATHS = (SCAN_VERSION, SESSIONS, DASHBOARD)
EVERY_PATH = ""


@dataclass(slots=True)
class Rule:
    """Misbehave so on a path, or on EVERY_PATH, for the next `left` requests; None: for ever."""

    name: str
    path: str
    left: int | None


class Upstream:
    """Serves `world` from threads of its own within the block; `url` is where.

    A scan makes what the world has become visible under a new scan version, as the original
    does; without one the old version goes with the new content, and nobody could tell.
    """

    def __init__(self, world: World, *, scans: int = 1) -> None:
        self.world = world
        self.requests: list[Request] = []
        self.misbehaved: Counter[str] = Counter()
        self._listener: socket.socket | None = _listener(0)
        self.port = int(self._listener.getsockname()[1])
        self._clock = FIRST_SCAN
        self._version, self._last_scan = 0, 0
        self._pieces: tuple[int, list[bytes]] = (-1, [])
        self._rules: list[Rule] = []
        self._spell = Spell()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.RLock()
        for _ in range(scans):
            self.scan()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> "Upstream":
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.refuse()
        with self._lock:
            self._spell.end()
            for sock in self._open:
                shut(sock)
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
            assert not thread.is_alive(), "a connection of the upstream does not end"

    def scan(self, times: int = 1) -> None:
        """The scan counter rises; the content is as the world is by now."""
        with self._lock:
            self._version += times
            self._clock += SCAN_SECONDS * times
            self._last_scan = self._clock

    def restart(self, *, scans: int = 0) -> None:
        """Begin anew with scan version 0 and no connection; then scan so often."""
        with self._lock:
            self._version, self._last_scan = 0, 0
            self._cut()
        if scans:
            self.scan(scans)

    def change(self, count: int) -> list[str]:
        """Change `count` sessions of the world, and scan; their uuids."""
        with self._lock:
            changed = self.world.change(count)
            self.scan()
            return changed

    def add(self, count: int) -> list[str]:
        """`count` new sessions, and a scan; their uuids."""
        with self._lock:
            added = self.world.add(count)
            self.scan()
            return added

    def change_repos(self, count: int) -> list[str]:
        """Change `count` repositories of the world, and scan; their paths."""
        with self._lock:
            changed = self.world.change_repos(count)
            self.scan()
            return changed

    def renumber(self) -> None:
        """Hand out every id anew, and scan."""
        with self._lock:
            self.world.renumber()
            self.scan()

    def refuse(self) -> None:
        """Connections are refused from now on, and those that there are end."""
        with self._lock:
            if self._listener:
                shut(self._listener)
                self._listener = None
            self._cut()

    def misbehave(self, name: str, path: str = EVERY_PATH, times: int | None = None) -> None:
        """Do so on `path` for the next `times` requests, or until told to `behave`."""
        if name not in MISBEHAVIOURS:
            raise ValueError(f"there is no misbehaviour {name!r}")
        with self._lock:
            self._rules.append(Rule(name, path, times))

    def behave(self) -> None:
        """Be sound again; connections that hang are ended."""
        with self._lock:
            self._rules.clear()
            self._spell.end()
            self._spell = Spell()
            if self._listener is None:
                self._listener = _listener(self.port)
                self._start()

    def count(self, path: str = EVERY_PATH) -> int:
        """Requests so far."""
        with self._lock:
            return sum(path in (EVERY_PATH, request.path) for request in self.requests)

    def delivered(self) -> int:
        """Requests so far that met a misbehaviour."""
        with self._lock:
            return self.misbehaved.total()

    def prepare(self) -> int:
        """Write the big body before somebody asks for it; its bytes."""
        with self._lock:
            return self._sessions().length

    def _cut(self) -> None:
        for sock in self._open:
            abort(sock)
            shut(sock)

    def _start(self) -> None:
        self._run(self._accept, self._listener)

    def _run(self, work: Callable[[Any], None], argument: object) -> None:
        thread = threading.Thread(target=work, args=(argument,), name="upstream")
        self._threads = [thread, *(other for other in self._threads if other.is_alive())]
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with listener:
            while True:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    return  # shut down
                with self._lock:
                    if self._listener is not listener:
                        sock.close()
                        return
                    self._open.add(sock)
                    self._run(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with sock:
            try:
                with suppress(GoneError, OSError):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    for request in requests(sock):
                        self._answer(sock, request)
            finally:
                with self._lock:
                    self._open.discard(sock)

    def _answer(self, sock: socket.socket, request: Request) -> None:
        with self._lock:
            self.requests.append(request)
            exchange = Exchange(sock, request, self._sound(request), self._spell)
            name = self._misbehaviour(request.path)
            self.misbehaved[name] += bool(name)
        if name:
            MISBEHAVIOURS[name](exchange)
        else:
            exchange.reply(exchange.sound)

    def _misbehaviour(self, path: str) -> str:
        """The first rule that fits and is not used up; "" to be sound."""
        for rule in self._rules:
            if rule.path in (EVERY_PATH, path) and rule.left != 0:
                rule.left = rule.left and rule.left - 1
                return rule.name
        return ""

    def _sound(self, request: Request) -> Answer:
        path = request.path.removeprefix(MOVED).partition("?")[0]
        if request.method != "GET" or path not in PATHS:
            return _answer({"error": "not_found", "path": path}, status=404)
        tag = ("ETag", f'"{self._version}"')
        if request.headers.get("if-none-match") == tag[1]:
            return Answer(304, headers=(tag,))
        if path == SESSIONS:
            return self._sessions(tag)
        if path == DASHBOARD:
            return _answer({**self._dashboard(), **self._scan, **self._generated}, tag)
        return _answer(self._scan, tag)

    @property
    def _scan(self) -> dict[str, int | None]:
        return {"scan_version": self._version, "last_scan": self._last_scan or None}

    @property
    def _generated(self) -> dict[str, int]:
        """Another time with every request, so that equal content is not equal bytes."""
        return {"generated_at": self._clock + len(self.requests)}

    def _sessions(self, *headers: tuple[str, str]) -> Answer:
        rest = {**self._generated, "scan_version": self._version}
        pieces = self._written() if self._last_scan else []
        end = b"]," + json.dumps(rest).encode().lstrip(b"{")
        return Answer(pieces=(b'{"sessions":[', *pieces, end), headers=headers)

    def _written(self) -> list[bytes]:
        """The list of sessions, written once as long as nothing changes."""
        if self._pieces[0] != self.world.revision:
            self._pieces = (self.world.revision, self.world.pieces())
        return self._pieces[1]

    def _dashboard(self) -> dict[str, Any]:
        found = self.world.dashboard()
        if self._last_scan:
            return found
        empty: dict[str, Any] = {
            name: [] for name, value in found.items() if isinstance(value, list)
        }
        counts = dict.fromkeys(found["counts"], 0)
        return {**found, **empty, "counts": counts, "earliest_session": None}


def _answer(payload: object, *headers: tuple[str, str], status: int = 200) -> Answer:
    return Answer(status, (json.dumps(payload).encode(),), headers=headers)


def _listener(port: int) -> socket.socket:
    return socket.create_server((LOOPBACK, port), backlog=BACKLOG)
