"""The reads server: built from its collaborators, and run."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from session_lattice import __version__, telemetry
from session_lattice.config import Settings
from session_lattice.errors import LatticeError
from session_lattice.home import Home
from session_lattice.log import choose
from session_lattice.reads import openapi
from session_lattice.reads.answers import Answers
from session_lattice.reads.freshness import HeartbeatReader
from session_lattice.reads.guard import MCP_PATH, Guard, check_bind
from session_lattice.reads.listen import listen
from session_lattice.reads.mcp import Mcp
from session_lattice.reads.metrics import METRICS_PATH, Metrics, ReadTimes
from session_lattice.reads.pool import QUERY_SECONDS, ReadPool
from session_lattice.reads.problems import of_error, problem
from session_lattice.reads.request import identify
from session_lattice.reads.routes import Reads, Routes
from session_lattice.reads.snapshot import Snapshots
from session_lattice.reads.stream.limits import Limits
from session_lattice.reads.stream.log import OpenLog, SharedLog
from session_lattice.reads.stream.server import StreamProtocol, StreamServer
from session_lattice.reads.stream.stream import EVENTS_PATH, Stream

BACKLOG = 512
"""Connections that wait to be accepted."""

SWITCH_SECONDS = 0.0005
"""How long a thread that reads may keep the interpreter from the one that answers."""

GRACE_SECONDS = 5
"""How long requests under way may take to end after SIGTERM."""

NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)


class Shortcut:
    """Answers what was answered before in this generation, without entering the router."""

    def __init__(self, app: ASGIApp, answers: Answers) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            key, if_none_match = identify(scope)
            answered = self._answers.kept(key)
            if answered:
                status, headers, content = self._answers.parts(answered, if_none_match)
                await send({"type": "http.response.start", "status": status, "headers": headers})
                await send({"type": "http.response.body", "body": content})
                return
        await self._app(scope, receive, send)


def create_app(
    settings: Settings,
    *,
    snapshots: Snapshots | None = None,
    sample: bool = False,
    hosts: Iterable[str] = (),
    query_seconds: float = QUERY_SECONDS,
    open_log: OpenLog | None = None,
    stream_limits: Limits | None = None,
) -> FastAPI:
    """The application for one home. `hosts` are further names that it answers to.

    `open_log` raises NoLogError while there is no log; left out, it is the settings' log.
    """
    home = Home(settings.home)
    snapshots = snapshots or Snapshots(home)
    beats = HeartbeatReader(home)
    pool = ReadPool(snapshots, query_seconds)
    answers = Answers(pool, beats)
    log = SharedLog(open_log or partial(choose.open_log, settings, readonly=True))
    metrics = Metrics(settings, pool, beats)
    stream = Stream(log, metrics, stream_limits or Limits())
    reads = Reads(settings, snapshots, beats, pool, answers, log, sample)
    mcp = Mcp(reads)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(log.close)
        await stream.close()
        await mcp.close()
        await asyncio.to_thread(pool.close)

    app = FastAPI(
        title="session-lattice",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
    )
    Routes(reads).install(app)
    app.state.stream = stream
    app.router.routes += [
        Route(MCP_PATH, mcp),
        Route(EVENTS_PATH, stream),
        Route(METRICS_PATH, metrics.scrape),
    ]
    openapi.install(app)
    app.add_middleware(Shortcut, answers=answers)
    app.add_middleware(ReadTimes, metrics=metrics)
    app.add_middleware(Guard, settings=settings, hosts=hosts)
    app.add_exception_handler(LatticeError, _lattice_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
    return app


async def _lattice_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LatticeError)
    return of_error(error, request.url.path)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        known = ", ".join(openapi.LINKS.values())
        return problem(404, f"there is nothing at {path[:80]}", path, advice=f"known: {known}")
    headers = dict(error.headers or {})
    return problem(error.status_code, str(error.detail), path, headers=headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    return problem(
        500,
        "the read failed in a way that nobody foresaw",
        request.url.path,
        advice="the server's log has the details; please report it",
    )


def serve(settings: Settings, *, sample: bool = False) -> int:
    """Serve until SIGTERM or Ctrl-C; the exit code.

    Raises ConfigError without a token off loopback, LatticeError if the address is taken.
    """
    check_bind(settings)
    telemetry.configure(settings.log_level, "reads")
    sys.setswitchinterval(SWITCH_SECONDS)
    with listen(settings, BACKLOG) as listener:
        port = listener.getsockname()[1]
        settings = replace(settings, port=port)
        server = make_server(create_app(settings, sample=sample))
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn's own handlers, while it runs, do the same; these cover before and after.
            signal.signal(number, lambda *_: setattr(server, "should_exit", True))
        log = structlog.get_logger()
        log.info("reads_started", url=settings.reads_url, home=str(settings.home), sample=sample)
        server.run(sockets=[listener])
        log.info("reads_ended")
    return 0 if server.started else 1


def make_server(app: FastAPI) -> uvicorn.Server:
    """The server for what `create_app` made."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=StreamProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return StreamServer(config, app.state.stream)
