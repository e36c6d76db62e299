"""How old an answer is: when its view was made, and when the sources were last seen."""

import os
import time
from datetime import datetime

import msgspec

from session_lattice import heartbeat
from session_lattice.config import DEFAULT_REFRESH_INTERVAL_SECONDS
from session_lattice.heartbeat import Heartbeat
from session_lattice.home import Home
from session_lattice.reads.catalog import View
from session_lattice.reads.snapshot import Served, Snapshot
from session_lattice.reads.times import from_micros, micros


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """`materialized_at`: when the view was last made; `source_at`: up to when it holds all
    that the sources had; `age_seconds`: how long ago that is, never negative."""

    materialized_at: datetime | None
    age_seconds: float
    refresh_interval_seconds: float
    source_at: datetime


class HeartbeatReader:
    """The puller's heartbeat, read anew only when its file was replaced."""

    def __init__(self, home: Home) -> None:
        self._path = home.heartbeat
        self._seen: tuple[int, int] | None = None
        self._beat: Heartbeat | None = None

    def beat(self) -> Heartbeat | None:
        """The last heartbeat; None when there is none."""
        try:
            found = os.stat(self._path)  # noqa: PTH116 - half the cost of Path.stat, on every request
        except OSError:
            self._seen = self._beat = None
            return None
        seen = (found.st_ino, found.st_mtime_ns)
        if seen != self._seen:
            self._beat, self._seen = heartbeat.read(self._path), seen
        return self._beat


def source_at(served: Served, beat: Heartbeat | None) -> int:
    """Microseconds: the generation holds all that the sources had until then.

    A puller that looked again and found nothing newer vouches for the generation that the
    pointer names; one that stands in for it is as old as its stamp says.
    """
    published = micros(served.stamp.published_at)
    return max(published, beat.checked_at) if beat and served.pointed else published


def age_seconds(at: int) -> float:
    """Since `at` microseconds; 0 when the clock has jumped back behind it."""
    return max(0.0, round(time.time() - at / 1_000_000, 3))


def freshness(snapshot: Snapshot, beat: Heartbeat | None, view: View | None) -> Freshness:
    """Of a view; of the generation as a whole when `view` is None."""
    at = source_at(snapshot.served, beat)
    return Freshness(
        materialized_at=view.materialized_at if view else snapshot.stamp.published_at,
        age_seconds=age_seconds(at),
        refresh_interval_seconds=view.refresh_interval_seconds if view else interval(beat),
        source_at=from_micros(at),
    )


def interval(beat: Heartbeat | None) -> float:
    """Seconds between two ticks, as the puller last said."""
    return beat.refresh_interval_seconds if beat else DEFAULT_REFRESH_INTERVAL_SECONDS
