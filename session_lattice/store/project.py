"""Applies events of the log to the base tables."""

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import msgspec

from session_lattice.errors import StoreError
from session_lattice.events import Envelope
from session_lattice.home import Home
from session_lattice.store import costs
from session_lattice.store.database import BASE_TABLES, Database, statement


class Step(NamedTuple):
    """A statement of the fold, and the types of events that it is `of`; empty: of all."""

    of: frozenset[str]
    sql: str


class Projection:
    """Keeps the base tables equal to the fold of the log up to the applied position.

    A batch and its position are one transaction, so that a crash anywhere repeats nothing
    and skips nothing. A log of another epoch is applied from its beginning: rows that are
    here already absorb what it delivers again.
    """

    def __init__(self, database: Database, home: Home) -> None:
        self._database = database
        self._file = home.work / "batch.ndjson"
        self._load = statement("batch")
        self._steps = [_step(name) for name in _steps()]
        self._costs = costs.Costs(database)

    def applied(self, epoch: str) -> int:
        """Position up to which the log of this epoch has been applied."""
        found = self._database.rows("SELECT epoch, position FROM applied")
        if found and found[0][0] == epoch:
            return int(found[0][1])
        self._begin(epoch)
        return 0

    def _begin(self, epoch: str) -> None:
        """Forget the positions of another log: nothing is dirty but what comes from now on."""
        with self._database.transaction():
            for table in BASE_TABLES:
                self._database.run(f"UPDATE {table} SET changed = 0")
            self._database.run("UPDATE catalog SET refreshed_position = 0")
            self._database.run("DELETE FROM applied")
            self._database.run("INSERT INTO applied VALUES ($epoch, 0)", {"epoch": epoch})

    def apply(self, events: Sequence[Envelope]) -> int:
        """Apply a batch in order; how many of its events concern the base tables."""
        facts = [event for event in events if not event.stream.startswith("pull/")]
        with self._staged(facts), self._database.transaction():
            if facts:
                self._database.run(self._load, {"path": str(self._file)})
                self._fold({event.type for event in facts})
                self._costs.fill(since=facts[0].position - 1)
            self._database.run(
                "UPDATE applied SET position = $position", {"position": events[-1].position}
            )
        return len(facts)

    def _fold(self, types: Set[str]) -> None:
        """Let the loaded batch change the tables, by the steps that it has anything for."""
        for step in self._steps:
            if not step.of or not step.of.isdisjoint(types):
                self._database.run(step.sql)

    @contextmanager
    def _staged(self, events: Sequence[Envelope]) -> Iterator[None]:
        """DuckDB reads lines of JSON several times faster than it takes rows from Python."""
        try:
            with self._file.open("wb") as file:
                file.writelines(map(_line, events))
            yield
        except OSError as error:
            raise StoreError(
                f"{self._file} cannot be written: {error.strerror}",
                hint="free some disk space; the next tick goes on",
            ) from error
        finally:
            self._file.unlink(missing_ok=True)


def _line(event: Envelope) -> bytes:
    """The event's own object with its place put in front of its fields."""
    place = (event.position, event.ts, _quoted(event.origin), event.data[1:])
    return b'{"position":%d,"ts":%d,"origin":%b,%b\n' % place


@lru_cache
def _quoted(origin: str) -> bytes:
    return msgspec.json.encode(origin)


def _step(name: str) -> Step:
    """The types stand in the first line, behind `-- of:`."""
    sql = statement(name)
    first = sql.partition("\n")[0]
    types = first.removeprefix("-- of: ").split(", ") if first.startswith("-- of: ") else ()
    return Step(frozenset(types), sql)


def _steps() -> list[str]:
    """`project_<number>_<table>` in the order of their numbers."""
    folder = resources.files(__package__).joinpath("sql")
    names = (item.name.removesuffix(".sql") for item in folder.iterdir())
    steps = [name for name in names if name.startswith("project_")]
    return sorted(steps, key=lambda name: int(name.split("_")[1]))
