"""What a request asks for, from its query string and its headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import Scope

from session_lattice.errors import RequestError
from session_lattice.reads import paging
from session_lattice.reads.cache import Key
from session_lattice.reads.filters import MAX_VALUES
from session_lattice.reads.relation import Page

MAX_FIELDS = MAX_VALUES + 20
FORMATS = ("json", "csv")
PAGING = ("select", "order", "limit", "after", "format")


@dataclass(frozen=True, slots=True)
class Asked:
    """Named parameters, each given once at most, and everything else, which are filters."""

    named: Mapping[str, str]
    filters: list[tuple[str, str]]

    def page(self) -> Page:
        """Raises RequestError for a limit out of bounds."""
        return Page(
            select=self.named.get("select", ""),
            filters=self.filters,
            order=self.named.get("order", ""),
            limit=paging.page_size(self.named.get("limit")),
            after=self.named.get("after", ""),
        )


def asked(scope: Scope, names: tuple[str, ...]) -> Asked:
    """`names` are the parameters that are not filters. Raises RequestError."""
    named: dict[str, str] = {}
    filters = []
    for key, value in _pairs(scope["query_string"]):
        if key not in names:
            filters.append((key, value))
        elif key in named:
            raise RequestError(f"{key} is given more than once")
        else:
            named[key] = value
    return Asked(named, filters)


def wants_csv(named: Mapping[str, str], key: Key) -> bool:
    """`format` decides, else what the client accepts. Raises RequestError."""
    wanted = named.get("format", "csv" if key.csv else "json")
    if wanted not in FORMATS:
        raise RequestError(f"there is no format {wanted[:80]!r}", hint="use json or csv")
    return wanted == "csv"


def identify(scope: Scope) -> tuple[Key, bytes]:
    """What an answer is kept under, and the If-None-Match header."""
    csv = False
    if_none_match = b""
    for name, value in scope["headers"]:
        if name == b"accept":
            csv = b"text/csv" in value and b"json" not in value
        elif name == b"if-none-match":
            if_none_match = value
    return Key(scope["path"], scope["query_string"], csv), if_none_match


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS
        )
    except ValueError as error:
        raise RequestError(
            "the query string has too many parameters", hint=f"at most {MAX_FIELDS} are taken"
        ) from error
