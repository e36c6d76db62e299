"""What a generation holds: its stamp and its views, as its own tables tell."""

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from session_lattice.reads.sql import statement
from session_lattice.reads.times import utc

if TYPE_CHECKING:
    import duckdb


class Column(msgspec.Struct, frozen=True):
    """A column of an answer; `type` is DuckDB's name for it, `unit` null where it has none."""

    name: str
    type: str
    unit: str | None = None
    description: str | None = None


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view of the catalog; `error` says why its last refresh failed, if it did.

    `grain` names the columns that identify a row, `reads` the tables and views that it is made
    of. `duration_ms` is how long its last refresh with any work took; if that is why it is made
    more seldom than it asks for, it is `costly`. Times are UTC.
    """

    name: str
    axis: str
    question: str
    grain: list[str]
    columns: list[Column]
    refresh_interval_seconds: float
    origin: str
    reads: list[str] = msgspec.field(default_factory=list)
    materialized_at: datetime | None
    duration_ms: int = 0
    costly: bool = False
    rows: int
    error: str | None


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a generation says of itself; `published_at` is UTC."""

    generation: int
    published_at: datetime
    pull: str
    log_epoch: str
    log_position: int
    upstream: str
    upstream_version: str
    schema_version: int
    rows: int
    sample: bool


_columns = msgspec.json.Decoder(list[Column])


def read_stamp(connection: "duckdb.DuckDBPyConnection") -> Stamp:
    row = connection.execute(statement("stamp")).fetchall()[0]
    values = dict(zip(Stamp.__struct_fields__, row, strict=True))
    return Stamp(**{**values, "published_at": utc(values["published_at"])})


def read_catalog(connection: "duckdb.DuckDBPyConnection") -> dict[str, View]:
    """Name → view, in the order of axis and name."""
    found = connection.execute(statement("catalog"))
    names = [column[0] for column in found.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {row["name"]: _view(row) for row in rows}


def _view(values: dict[str, object]) -> View:
    at = values["materialized_at"]
    known = {
        "columns": _columns.decode(str(values["columns"])),
        "materialized_at": utc(at) if isinstance(at, datetime) else None,
    }
    return msgspec.convert({**values, **known}, View)
