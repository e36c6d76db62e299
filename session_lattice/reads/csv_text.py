"""Rows as CSV (RFC 4180): a header line, times as in JSON, lists as JSON."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from session_lattice.reads.catalog import Column
from session_lattice.reads.relation import Row
from session_lattice.reads.times import iso


def csv_text(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """Null is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text)
    names = [column.name for column in columns]
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    return msgspec.json.encode(value).decode() if isinstance(value, list) else value
