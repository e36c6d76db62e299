"""A store in a directory of its own, fed with events as a log would hand them on."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from session_lattice import events
from session_lattice.events import Draft, Envelope, Event
from session_lattice.home import Home
from session_lattice.store.database import BASE_TABLES
from session_lattice.store.store import Store

EPOCH = "epoch1"
DAY_US = 86_400_000_000
START_US = 1_780_000_000_000_000
UUID = "01a1d94a-f7da-72cf-a9da-a37e51b591d7"
"""A session's id that commits can name."""


def envelopes(
    drafts: Sequence[Event], first: int = 1, step_us: int = DAY_US // 16
) -> list[Envelope]:
    """Events at rising positions and times."""
    return [
        envelope(event, first + place, START_US + (first + place) * step_us)
        for place, event in enumerate(drafts)
    ]


def envelope(event: Event, position: int, ts: int) -> Envelope:
    draft = Draft(stream_of(event), str(position), ts, event)
    origin = "there" if is_told(event) else "here"
    kind = str(event.__struct_config__.tag)
    data = events.encode(event)
    return Envelope(position, draft.stream, position, ts, kind, False, origin, data)


def is_told(event: Event) -> bool:
    """Whether it comes from an upstream, not from a transcript or this machine's disk."""
    if isinstance(event, events.CheckoutObserved):
        return event.evidence == "upstream"
    return isinstance(event, events.SessionReported | events.RepoObserved)


def stream_of(event: Event) -> str:
    session = getattr(event, "session", None)
    return f"session/{session}" if session else "repo/1"


class Lab:
    """A home and its store."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.create()
        self.now = datetime(2026, 5, 28, 20, 26, 40)
        self.store = self._open()

    def reopen(self) -> None:
        self.store.close()
        self.store = self._open()

    def _open(self) -> Store:
        return Store(self.home, 60.0, lambda: self.now)

    def passes(self, hours: float) -> None:
        """Let the lab's clock go on; it stands still else."""
        self.now += timedelta(hours=hours)

    def clear(self) -> None:
        """Begin again with nothing applied, which is quicker than another store."""
        for table in (*BASE_TABLES, "applied"):
            self.rows(f"DELETE FROM {table}")
        self.forget_views()

    def forget_views(self) -> None:
        """The next refresh makes all views from nothing."""
        self.rows("UPDATE catalog SET definition = ''")

    def feed(self, happened: Sequence[Envelope], epoch: str = EPOCH) -> None:
        self.store.applied(epoch)
        if happened:
            self.store.apply(happened)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.store._database.rows(sql)

    def table(self, name: str) -> list[tuple[Any, ...]]:
        """All rows in an order of their own, without the position that touched them."""
        left_out = "EXCLUDE (changed)" if name in BASE_TABLES else ""
        return self.rows(f"SELECT * {left_out} FROM {name} ORDER BY ALL")

    def base_tables(self) -> dict[str, list[tuple[Any, ...]]]:
        return {name: self.table(name) for name in BASE_TABLES}

    def views(self) -> dict[str, list[tuple[Any, ...]]]:
        names = [row[0] for row in self.rows("SELECT name FROM catalog ORDER BY name")]
        return {name: self.table(name) for name in names}

    def views_with_a_row_twice(self) -> list[str]:
        """Views in which two rows have one grain."""
        grains = self.rows("SELECT name, array_to_string(grain, ', ') FROM catalog")
        twice = "SELECT '{0}' FROM {0} GROUP BY {1} HAVING count(*) > 1"
        parts = [twice.format(name, grain) for name, grain in grains]
        return [name for (name,) in self.rows(" UNION ALL ".join(parts))]
