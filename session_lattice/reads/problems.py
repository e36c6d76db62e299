"""Every refusal and failure as an RFC 9457 problem document."""

from http import HTTPStatus

import msgspec
from starlette.responses import Response

from session_lattice.errors import (
    GenerationError,
    LatticeError,
    LogError,
    NoGenerationError,
    NoSearchIndexError,
    NotFoundError,
    QueryError,
    RequestError,
    SearchError,
    SlowSearchError,
    ViewError,
)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:session-lattice:problem:"

RETRY_SECONDS = 2
"""What Retry-After says while there is nothing to serve, or too much to do."""


class OverloadedError(LatticeError):
    """More reads are waiting than will be answered in good time."""


class SlowQueryError(LatticeError):
    """A read was ended because it took too long."""


class NotReadyError(LatticeError):
    """There is a generation, but it is older than it should be."""


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`type` names the kind of problem, `try` says what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    advice: str = msgspec.field(name="try", default="")


_KINDS: tuple[tuple[type[LatticeError], int, str, str], ...] = (
    (NotFoundError, 404, "not-found", "Nothing of that name"),
    (QueryError, 422, "unsearchable", "The query cannot be searched for"),
    (RequestError, 400, "bad-request", "The request cannot be answered as asked"),
    (NoGenerationError, 503, "no-generation", "Nothing to serve yet"),
    (GenerationError, 503, "broken-generation", "The generation cannot be read"),
    (LogError, 503, "unreadable-log", "The event log cannot be read"),
    (NoSearchIndexError, 503, "no-search-index", "Nothing to search in yet"),
    (SlowSearchError, 503, "slow-query", "The read took too long"),
    (SearchError, 503, "unreadable-index", "The search index cannot be read"),
    (ViewError, 503, "broken-view", "The view cannot be read"),
    (NotReadyError, 503, "not-fresh", "The data is older than it should be"),
    (OverloadedError, 503, "overloaded", "Too many reads at once"),
    (SlowQueryError, 503, "slow-query", "The read took too long"),
    (LatticeError, 500, "failed", "The read failed"),
)

_RETRIED = (
    *("no-generation", "broken-generation", "overloaded", "not-fresh", "unreadable-log"),
    "no-search-index",
)


def of_error(error: LatticeError, instance: str) -> Response:
    """The problem that one of our own errors is."""
    status, slug, title = next(row[1:] for row in _KINDS if isinstance(error, row[0]))
    headers = {"retry-after": str(RETRY_SECONDS)} if slug in _RETRIED else {}
    return problem(
        status,
        error.what,
        instance,
        slug=slug,
        title=title,
        advice=error.hint,
        headers=headers,
    )


def problem(
    status: int,
    detail: str,
    instance: str,
    *,
    slug: str = "",
    title: str = "",
    advice: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem document; title and type follow from the status unless they are given."""
    phrase = HTTPStatus(status).phrase
    body = ProblemDocument(
        type=TYPE_PREFIX + (slug or phrase.lower().replace(" ", "-")),
        title=title or phrase,
        status=status,
        detail=detail,
        instance=instance,
        advice=advice,
    )
    return Response(
        msgspec.json.encode(body),
        status,
        headers={"cache-control": "no-store", **(headers or {})},
        media_type=MEDIA_TYPE,
    )
