"""Histories told as events at times of the day."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from session_lattice.events import Envelope, Event
from tests.store.lab import envelope

MONDAY = datetime(2026, 3, 2)


def at(hours: float, minutes: float = 0, seconds: float = 0) -> datetime:
    """So long after the beginning of a Monday."""
    return MONDAY + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def timed(events: Sequence[tuple[datetime, Event]], first: int = 1) -> list[Envelope]:
    """Events at their own times (UTC), in the order in which a log would tell them."""
    return [
        envelope(event, first + place, round(ts.replace(tzinfo=UTC).timestamp() * 1_000_000))
        for place, (ts, event) in enumerate(events)
    ]
