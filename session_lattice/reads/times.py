"""Times as they come from DuckDB and from files, and as they go out: RFC 3339, UTC."""

import re
from datetime import UTC, datetime, timedelta

from session_lattice.errors import RequestError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AGO = re.compile(r"(\d{1,6})([smhdw])")
_SPANS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def utc(moment: datetime) -> datetime:
    """DuckDB's TIMESTAMP, which has no zone, as what it means."""
    return moment.replace(tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Microseconds since the epoch, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def span(seconds: float) -> str:
    """The two greatest units: 45 s, 12 min 5 s, 3 h 20 min, 2 d 4 h."""
    left = max(0, int(seconds))
    parts = []
    for unit, size in _SPANS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def is_ago(text: str) -> bool:
    """Whether `text` is a span back from now, such as 30m, 24h or 7d."""
    return _AGO.fullmatch(text) is not None


def parse(text: str, now: datetime) -> datetime:
    """A date, a date and time (UTC unless it says otherwise) or a span back from `now`.

    Raises RequestError.
    """
    try:
        if match := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RequestError(
            f"{text[:80]!r} is not a time",
            hint="write 2026-03-01, 2026-03-01T09:30:00Z, or a span back from now: 24h, 7d",
        ) from error
