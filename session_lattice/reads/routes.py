"""The HTTP routes: each only translates between a request and one of the reads."""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
from fastapi import FastAPI, Request
from starlette.responses import Response

from session_lattice import __version__
from session_lattice.config import Settings
from session_lattice.errors import RequestError
from session_lattice.heartbeat import Heartbeat
from session_lattice.home import Home
from session_lattice.reads import openapi, paging, queries, search, sessions
from session_lattice.reads.answers import Answers
from session_lattice.reads.bodies import Tabular, csv_body, json_body
from session_lattice.reads.cache import Body, Make
from session_lattice.reads.freshness import HeartbeatReader, age_seconds, source_at
from session_lattice.reads.pool import ReadPool
from session_lattice.reads.problems import NotReadyError
from session_lattice.reads.relation import Page
from session_lattice.reads.request import PAGING, Asked, asked, identify, wants_csv
from session_lattice.reads.shapes import Budget
from session_lattice.reads.snapshot import START_HINT, Snapshot, Snapshots
from session_lattice.reads.status import Status, is_stale, status
from session_lattice.reads.stream.log import SharedLog
from session_lattice.reads.stream.request import check_stream
from session_lattice.reads.stream.state import stream_state
from session_lattice.reads.times import span

JSON = "application/json"
SESSION_PARAMETERS = ("include", "limit", "after")


@dataclass(frozen=True, slots=True)
class Reads:
    """What the routes and the MCP tools work with."""

    settings: Settings
    snapshots: Snapshots
    beats: HeartbeatReader
    pool: ReadPool
    answers: Answers
    log: SharedLog
    sample: bool

    def status(self) -> Status:
        return status(
            self.settings,
            self.snapshots,
            self.beats.beat(),
            reads_running=True,
            sample=self.sample,
        )


class Routes:
    """One method per route."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    def install(self, app: FastAPI) -> None:
        handlers: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/": self.index,
            "/healthz": self.healthz,
            "/readyz": self.readyz,
            "/status": self.status,
            "/views": self.views,
            "/views/{name}": self.view,
            "/sessions": self.sessions,
            "/sessions/{session:path}": self.session,
            "/search": self.search,
            "/streams/{stream:path}": self.stream,
        }
        for path, handler in handlers.items():
            operation = openapi.operation(path)
            app.add_api_route(
                path, handler, response_model=None, response_class=Response, **operation
            )

    async def index(self, request: Request) -> Response:
        """What can be asked here."""
        return _json({"name": "session-lattice", "version": __version__, "links": openapi.LINKS})

    async def healthz(self, request: Request) -> Response:
        """Whether the process answers; looks at no file."""
        settings = self._reads.settings
        return _json(
            {
                "status": "ok",
                "name": "session-lattice",
                "version": __version__,
                "profile": settings.profile,
                "home": str(settings.home),
                "pid": os.getpid(),
            }
        )

    async def readyz(self, request: Request) -> Response:
        """Whether there is a generation that is fresh enough."""
        return await self._reads.pool.call(self._ready)

    def _ready(self) -> Response:
        served, beat = self._reads.snapshots.served(), self._reads.beats.beat()
        age = age_seconds(source_at(served, beat))
        if is_stale(age, beat):
            raise NotReadyError(
                f"generation {served.generation.number} is {span(age)} old", hint=START_HINT
            )
        return _json({"ready": True, "generation": served.generation.number, "age_seconds": age})

    async def status(self, request: Request) -> Response:
        """State of the pair, what is served, what is wrong."""
        found = await self._reads.pool.call(self._reads.status)
        return _json(found)

    async def views(self, request: Request) -> Response:
        """The catalog."""
        _refuse_filters(asked(request.scope, ()), ())
        return await self._answer(
            request,
            lambda snapshot: json_body(snapshot, queries.list_views(snapshot, self._beat())),
        )

    async def view(self, request: Request) -> Response:
        """A page of a view."""
        name = request.path_params["name"]
        wanted = asked(request.scope, PAGING)
        return await self._rows(
            request,
            wanted,
            lambda snapshot, page, budget: queries.read_view(
                snapshot, self._beat(), name, page, budget
            ),
        )

    async def sessions(self, request: Request) -> Response:
        """A page of sessions."""
        wanted = asked(request.scope, PAGING)
        return await self._rows(
            request,
            wanted,
            lambda snapshot, page, budget: sessions.list_sessions(
                snapshot, self._beat(), page, budget
            ),
        )

    async def session(self, request: Request) -> Response:
        """One session."""
        given = request.path_params["session"]
        wanted = asked(request.scope, SESSION_PARAMETERS)
        _refuse_filters(wanted, SESSION_PARAMETERS)
        include = wanted.named.get("include", ",".join(sessions.SECTIONS))
        limit = paging.page_size(wanted.named.get("limit"))
        after = wanted.named.get("after", "")

        def make(snapshot: Snapshot) -> Body:
            found = sessions.get_session(
                snapshot,
                self._beat(),
                given,
                Budget(raw=True),
                include=[part for part in include.split(",") if part],
                limit=limit,
                after=after,
            )
            return json_body(snapshot, found)

        return await self._answer(request, make)

    async def search(self, request: Request) -> Response:
        """A page of what was found. The index moves on between generations: nothing is kept."""
        wanted = asked(request.scope, search.PARAMETERS)
        _refuse_filters(wanted, search.PARAMETERS)
        search_for = search.asked(wanted.named)
        index = Home(self._reads.settings.home).search

        def make(snapshot: Snapshot) -> Body:
            found = search.search(snapshot, self._beat(), index, search_for)
            return json_body(snapshot, found, lasting=False)

        return await self._answer(request, make)

    async def stream(self, request: Request) -> Response:
        """What a stream has come to."""
        name = request.path_params["stream"]
        check_stream(name)
        _refuse_filters(asked(request.scope, ()), ())
        return _json(await self._reads.pool.call(lambda: stream_state(self._reads.log.get(), name)))

    async def _rows(
        self, request: Request, wanted: Asked, read: Callable[[Snapshot, Page, Budget], Tabular]
    ) -> Response:
        key, _ = identify(request.scope)
        page, csv = wanted.page(), wants_csv(wanted.named, key)
        lasting = not sessions.is_relative(wanted.filters)

        def make(snapshot: Snapshot) -> Body:
            found = read(snapshot, page, Budget(raw=not csv))
            return (csv_body if csv else json_body)(snapshot, found, lasting=lasting)

        return await self._answer(request, make)

    async def _answer(self, request: Request, make: Make) -> Response:
        key, if_none_match = identify(request.scope)
        answered = await self._reads.answers.made(key, make)
        code, headers, content = self._reads.answers.parts(answered, if_none_match)
        response = Response(content, code)
        response.raw_headers = headers
        return response

    def _beat(self) -> Heartbeat | None:
        return self._reads.beats.beat()


def _json(value: object) -> Response:
    return Response(
        msgspec.json.encode(value), headers={"cache-control": "no-store"}, media_type=JSON
    )


def _refuse_filters(wanted: Asked, names: Sequence[str]) -> None:
    """Raise RequestError for parameters that mean nothing here."""
    if wanted.filters:
        raise RequestError(
            f"there is no parameter {wanted.filters[0][0][:80]!r}",
            hint=f"the parameters are {', '.join(names)}" if names else "leave it out",
        )
