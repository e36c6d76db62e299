"""The routes of the API, over what the scanner serves."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from io import FileIO

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Scope

from session_lattice.config import Settings
from session_lattice.reads.guard import CALLING, Guard
from session_lattice.reads.problems import problem
from session_lattice.recall.refresh import Refresh
from session_lattice.recall.scan import Scanner
from session_lattice.recall.served import NOTHING, Served

CHUNK_BYTES = 256 * 1024
"""Of the list of sessions that are in memory for one client."""

REFRESH_PATH = "/api/refresh"
MEDIA_TYPE = "application/json"
CACHING = "private, must-revalidate"


class RecallGuard(Guard):
    """The reads server's guard, but that a refresh is asked for with POST."""

    def _wrong_method(self, scope: Scope) -> Response | None:
        if scope["path"] != REFRESH_PATH:
            return super()._wrong_method(scope)
        if scope["method"] in CALLING:
            return None
        return problem(
            405,
            f"{scope['method'][:20]} is not answered at {REFRESH_PATH}",
            REFRESH_PATH,
            advice="use POST",
            headers={"allow": ", ".join(CALLING)},
        )


class Api:
    """The answers; each is of one scan as a whole."""

    def __init__(self, scanner: Scanner, refresh: Refresh) -> None:
        self._scanner = scanner
        self._refresh = refresh

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/", self._page),
            Route("/api/scan-version", self._scan_version),
            Route("/api/sessions", self._sessions),
            Route("/api/action-required", self._actions),
            Route("/api/milestones", self._milestones),
            Route(REFRESH_PATH, self._refreshed, methods=["POST"]),
        ]

    async def _page(self, request: Request) -> Response:
        served = self._scanner.served
        return _answer(request, served, bytes(served.page))

    async def _actions(self, request: Request) -> Response:
        served = self._scanner.served
        return _answer(request, served, bytes(served.actions))

    async def _scan_version(self, request: Request) -> Response:
        served = self._scanner.served
        return _answer(request, served, msgspec.json.encode(served.stamp()))

    async def _milestones(self, request: Request) -> Response:
        """None: they are a forge's, and no forge is asked."""
        served = self._scanner.served
        content = {"milestones": [], **_generated(served)}
        return _answer(request, served, msgspec.json.encode(content))

    async def _sessions(self, request: Request) -> Response:
        served = self._scanner.served
        if _is_known(request, served):
            return Response(status_code=304, headers=_headers(served))
        end = b"," + msgspec.json.encode(_generated(served))[1:]
        if not served.sessions:
            return _answer(request, served, NOTHING + end)
        # A file object closes itself, even for a client that is gone before the first chunk.
        file = self._scanner.sessions_file(served).open("rb", buffering=0)
        length = os.fstat(file.fileno()).st_size + len(end)
        return StreamingResponse(
            _chunks(file, end),
            headers={**_headers(served), "content-length": str(length)},
            media_type=MEDIA_TYPE,
        )

    async def _refreshed(self, request: Request) -> Response:
        ran = await self._refresh()
        content = msgspec.json.encode({**self._scanner.served.stamp(), "ran": ran})
        return Response(content, media_type=MEDIA_TYPE, headers={"cache-control": "no-store"})


def create_app(
    settings: Settings, scanner: Scanner, refresh: Refresh, hosts: Iterable[str] = ()
) -> Starlette:
    """The application. `hosts` are further names that it answers to."""
    return Starlette(
        routes=Api(scanner, refresh).routes,
        middleware=[Middleware(RecallGuard, settings=settings, hosts=hosts)],
        exception_handlers={HTTPException: _http_error, Exception: _unexpected},
    )


async def _chunks(file: FileIO, end: bytes) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
        yield end


def _answer(request: Request, served: Served, content: bytes) -> Response:
    if _is_known(request, served):
        return Response(status_code=304, headers=_headers(served))
    return Response(content, media_type=MEDIA_TYPE, headers=_headers(served))


def _is_known(request: Request, served: Served) -> bool:
    said = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in said.split(",")}
    return bool(tags & {_etag(served), "*"})


def _generated(served: Served) -> dict[str, int]:
    return {"generated_at": served.last_scan or 0, "scan_version": served.scan_version}


def _headers(served: Served) -> dict[str, str]:
    return {"etag": _etag(served), "cache-control": CACHING}


def _etag(served: Served) -> str:
    return f'"{served.scan_version}"'


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = {404: "not_found", 405: "method_not_allowed"}
    content = {"error": known.get(error.status_code, "failed"), "path": request.scope["path"]}
    return Response(msgspec.json.encode(content), error.status_code, media_type=MEDIA_TYPE)


async def _unexpected(request: Request, error: Exception) -> Response:
    content = msgspec.json.encode({"error": "failed", "path": request.scope["path"]})
    return Response(content, 500, media_type=MEDIA_TYPE)
