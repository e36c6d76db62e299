"""Runs the API and the scans on one event loop."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from session_lattice.config import Settings
from session_lattice.errors import ConfigError
from session_lattice.recall.app import create_app
from session_lattice.recall.home import RecallHome
from session_lattice.recall.refresh import Refresh
from session_lattice.recall.scan import Scanner

BACKLOG = 64
"""Connections that wait to be accepted."""

CONNECTIONS = 64
"""Connections that are answered at a time; more get a 503."""

GRACE_SECONDS = 2
"""How long requests under way may take to end after SIGTERM."""


def check_bind(settings: Settings) -> None:
    """Raise ConfigError if others could reach it: it asks nobody for a token."""
    if not settings.loopback:
        raise ConfigError(
            f"recall is not served on {settings.host}: it would be open to others",
            hint="leave --host out, and reach it from elsewhere through a tunnel",
        )


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Whoever runs it takes the signals: there is a child to end as well."""
        yield


class Recall:
    """The service on one home; made inside a running event loop, runs until `stop`."""

    def __init__(self, settings: Settings, home: RecallHome) -> None:
        self.scanner = Scanner(home, settings.refresh_interval_seconds)
        self._refresh = Refresh(home, self.scanner)
        config = uvicorn.Config(
            create_app(settings, self.scanner, self._refresh),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            limit_concurrency=CONNECTIONS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._server = _Server(config)

    def stop(self) -> None:
        self._server.should_exit = True
        self._refresh.stop()
        self.scanner.stop()

    async def run(self, listener: socket.socket) -> None:
        """Raises what ended it against its will."""
        running = {
            asyncio.create_task(self._server.serve(sockets=[listener])),
            asyncio.create_task(self.scanner.run()),
        }
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        self.stop()
        await asyncio.wait(running)
        for one in running:
            one.result()
