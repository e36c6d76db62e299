"""Answers as bytes: JSON with a gap for its age, or CSV."""

from hashlib import blake2b
from typing import Any

import msgspec

from session_lattice import __version__
from session_lattice.reads.answers import HEADER
from session_lattice.reads.cache import Body, Headers
from session_lattice.reads.csv_text import csv_text
from session_lattice.reads.freshness import Freshness
from session_lattice.reads.shapes import (
    SearchAnswer,
    SessionAnswer,
    SessionList,
    ViewAnswer,
    ViewList,
)
from session_lattice.reads.snapshot import Snapshot
from session_lattice.reads.times import iso

JSON = b"application/json"
CSV = b"text/csv; charset=utf-8; header=present"

_GAP = b"\x00"
"""Stands for the age while the rest is encoded; JSON never holds this byte."""

Tabular = ViewAnswer | SessionList
AnyAnswer = Tabular | ViewList | SessionAnswer | SearchAnswer


def json_body(snapshot: Snapshot, answer: AnyAnswer, *, lasting: bool = True) -> Body:
    """The answer around its age; what is in `rows` may be encoded already."""
    gapped: Any = msgspec.structs.replace(answer, freshness=_gapped(answer.freshness))
    head, _, tail = msgspec.json.encode(gapped).partition(_GAP)
    etag = _etag(snapshot, b"") if lasting else b""
    return Body(head, tail, _headers(snapshot, answer.freshness, JSON, etag), etag)


def csv_body(snapshot: Snapshot, answer: Tabular, *, lasting: bool = True) -> Body:
    """A header line and the rows; where the next page begins is in a header."""
    etag = _etag(snapshot, b"-csv") if lasting else b""
    headers = _headers(snapshot, answer.freshness, CSV, etag)
    if answer.next:
        headers.append((HEADER + b"next", answer.next.encode()))
    content = csv_text(answer.columns, answer.rows).encode()
    return Body(content, None, headers, etag)


def _gapped(freshness: Freshness) -> msgspec.Raw:
    known = {
        "materialized_at": freshness.materialized_at,
        "refresh_interval_seconds": freshness.refresh_interval_seconds,
    }
    return msgspec.Raw(msgspec.json.encode(known)[:-1] + b',"age_seconds":' + _GAP)


def _headers(snapshot: Snapshot, freshness: Freshness, content: bytes, etag: bytes) -> Headers:
    made = freshness.materialized_at
    sample = [(HEADER + b"sample", b"true")] if snapshot.stamp.sample else []
    return [
        (b"content-type", content),
        *([(b"etag", etag)] if etag else []),
        (b"cache-control", b"no-cache"),
        (b"vary", b"Accept"),
        (HEADER + b"generation", b"%d" % snapshot.generation),
        (HEADER + b"materialized-at", iso(made).encode() if made else b""),
        *sample,
    ]


def _etag(snapshot: Snapshot, suffix: bytes) -> bytes:
    """Weak, since an answer's age is no part of it; another home's generation 12 differs."""
    stamp = snapshot.stamp
    life = f"{stamp.log_epoch} {stamp.published_at} {__version__}".encode()
    return b'W/"%d-%b%b"' % (
        snapshot.generation,
        blake2b(life, digest_size=4).hexdigest().encode(),
        suffix,
    )
