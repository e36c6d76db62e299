"""What /openapi.json says of the routes; the schemas are those of the shapes themselves."""

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from session_lattice import __version__
from session_lattice.reads import filters, paging, search, sessions
from session_lattice.reads.problems import MEDIA_TYPE, ProblemDocument
from session_lattice.reads.shapes import (
    SearchAnswer,
    SessionAnswer,
    SessionList,
    ViewAnswer,
    ViewList,
)
from session_lattice.reads.status import Status
from session_lattice.reads.stream.request import MAX_STREAM_CHARS, MAX_TYPES
from session_lattice.reads.stream.state import StreamState
from session_lattice.search import expression
from session_lattice.search.document import KINDS

LINKS = {
    "status": "/status",
    "health": "/healthz",
    "readiness": "/readyz",
    "views": "/views",
    "sessions": "/sessions",
    "search": "/search?q=error",
    "events": "/events",
    "streams": "/streams/pull/latest",
    "metrics": "/metrics",
    "mcp": "/mcp",
    "openapi": "/openapi.json",
}

_TITLE = "session-lattice"
_DESCRIPTION = f"""What coding agents did, answered from one published generation per request.

Every answer says which generation it is from and how fresh it is, and carries an ETag.
Rows are filtered by `column=value` and `column__operator=value`:

```
{(filters.__doc__ or "").split("not_null", 1)[0].split(chr(10), 2)[2]}not_null
```
"""

_SELECT = ("select", "columns to return, separated by commas; all if left out", "session,title")
_ORDER = (
    "order",
    "columns to order by, `-` before those that descend; nulls come last",
    "-calls,tool",
)
_LIMIT = ("limit", f"rows, at most {paging.MAX_LIMIT}; {paging.DEFAULT_LIMIT} if left out", "20")
_AFTER = ("after", "`next` of the page before", "")
_FORMAT = ("format", "json or csv; left out, the Accept header decides", "csv")
_INCLUDE = (
    "include",
    f"parts to return, of {', '.join(sessions.SECTIONS)}; all if left out",
    "messages",
)
_BEYOND = tuple(
    (name, text, "")
    for name, text in {
        "repo": "worked in this repository: its directory or the end of it",
        "branch": "worked on this branch",
        "file": "read or changed this file: its path or the end of it",
        "tool": "called this tool",
        "text": "has this text in its title",
        "since": "went on at or after this time: 2026-03-01, 2026-03-01T09:30:00Z or 24h (ago)",
        "until": "began before this time",
    }.items()
)
_SEARCH = (
    (
        "q",
        'words, all of them; "a phrase", begin*, one OR other, -without; at most'
        f" {expression.MAX_QUERY_CHARS} characters",
        "permission denied",
    ),
    ("repo", "said in this repository: its directory or the end of it", ""),
    ("agent", "by these agents, separated by commas", "claude_code"),
    ("tool", "of calls of these tools, separated by commas", "Bash"),
    ("kind", f"of {', '.join(KINDS)}; several separated by commas", "prompt,reply"),
    ("session", "in this session: its id, or the beginning of it", ""),
    ("since", "at or after this time: 2026-03-01, 2026-03-01T09:30:00Z or 24h (ago)", "7d"),
    ("until", "before this time", ""),
    ("limit", f"hits, at most {search.MAX_HITS}; {search.DEFAULT_HITS} if left out", "5"),
)
_PATHS: dict[str, dict[str, Any]] = {
    "/": {"summary": "Where to go from here"},
    "/healthz": {"summary": "Whether the process answers"},
    "/readyz": {"summary": "Whether there is a generation that is fresh enough"},
    "/status": {"summary": "What runs, what is served, what is wrong", "shape": "Status"},
    "/views": {"summary": "The catalog of views", "shape": "ViewList"},
    "/views/{name}": {
        "summary": "A page of a view, as JSON or CSV",
        "shape": "ViewAnswer",
        "path": ("name", "the view", "model_usage"),
        "query": (_SELECT, _ORDER, _LIMIT, _AFTER, _FORMAT),
        "filtered": True,
    },
    "/sessions": {
        "summary": "A page of sessions, the most recently active first, as JSON or CSV",
        "shape": "SessionList",
        "query": (*_BEYOND, _SELECT, _ORDER, _LIMIT, _AFTER, _FORMAT),
        "filtered": True,
    },
    "/sessions/{session:path}": {
        "summary": "One session: by its id, with or without the agent, or the beginning of it",
        "shape": "SessionAnswer",
        "path": ("session", "the session's id", "claude_code/8d1f"),
        "query": (_INCLUDE, _LIMIT, _AFTER),
    },
    "/search": {
        "summary": "Messages, calls and errors with these words, the best of the newest first",
        "shape": "SearchAnswer",
        "query": (*_SEARCH, _AFTER),
    },
    "/streams/{stream:path}": {
        "summary": "What a stream has come to: a pull's state, and the newest event",
        "shape": "StreamState",
        "path": ("stream", "the stream, or pull/latest for the newest pull", "pull/latest"),
    },
}
_SHAPES = (
    *(Status, ViewAnswer, ViewList, SessionList, SessionAnswer, SearchAnswer, StreamState),
    ProblemDocument,
)

_EVENTS = (
    (
        "stream",
        f"one stream, at most {MAX_STREAM_CHARS} characters; the whole feed if left out",
        "pull/8d1f",
    ),
    ("types", f"types of events, at most {MAX_TYPES}; all if left out", "pull.finished"),
    (
        "after",
        "earliest, latest or the id of an event; left out, a pull from its beginning and"
        " everything else from now. Last-Event-ID beats it",
        "earliest",
    ),
)

_TROUBLE = {
    "description": "A problem, and what to try",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
}


def operation(path: str) -> dict[str, Any]:
    """Keyword arguments for the route at `path`."""
    about = _PATHS[path]
    parameters = [_parameter("query", *one) for one in about.get("query", ())]
    if "path" in about:
        parameters.insert(0, {**_parameter("path", *about["path"]), "required": True})
    if about.get("filtered"):
        parameters.append(_FILTERS)
    name = path.strip("/").split("{")[0].strip("/") or "index"
    return {
        "methods": ["GET"],
        "summary": about["summary"],
        "operation_id": name + ("_one" if "{" in path else ""),
        "responses": _responses(about),
        "openapi_extra": {"parameters": parameters},
    }


def install(app: FastAPI) -> None:
    """Serve the document at the app's openapi_url, made once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=_TITLE, version=__version__, description=_DESCRIPTION, routes=app.routes
    )
    _, schemas = msgspec.json.schema_components(_SHAPES, ref_template="#/components/schemas/{name}")
    made.setdefault("components", {})["schemas"] = schemas
    made["paths"]["/events"] = {"get": _events()}
    return made


def _events() -> dict[str, Any]:
    """FastAPI does not know the route, which it would only slow down."""
    header = _parameter("header", "Last-Event-ID", "the id of the last event received", "")
    return {
        "summary": "Events as they come, from any cursor on, as server-sent events",
        "operationId": "events",
        "parameters": [*(_parameter("query", *one) for one in _EVENTS), header],
        "responses": {
            "200": {
                "description": "Events, until the client goes or the stream ends",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            "204": {"description": "The stream has ended, and the client has all of it"},
            "default": _TROUBLE,
        },
    }


def _responses(about: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    shape: dict[str, Any] = (
        {"$ref": f"#/components/schemas/{about['shape']}"} if "shape" in about else {}
    )
    content: dict[str, Any] = {"application/json": {"schema": shape}}
    if about.get("filtered"):
        content["text/csv"] = {"schema": {"type": "string"}}
    return {
        200: {"description": "The answer", "content": content},
        304: {"description": "The client has the answer already"},
        "default": _TROUBLE,
    }


def _parameter(place: str, name: str, text: str, example: str) -> dict[str, Any]:
    made = {"name": name, "in": place, "description": text, "schema": {"type": "string"}}
    return {**made, "example": example} if example else made


_FILTERS = {
    "name": "filters",
    "in": "query",
    "description": "any column of the answer, with or without an operator, such as calls__gte=10",
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
}
