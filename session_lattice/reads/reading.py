"""Runs a read on a snapshot, and anew on an older one when the file turns out to be broken."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TypeVar

from session_lattice.errors import NoGenerationError, RequestError
from session_lattice.reads.lanes import Lanes
from session_lattice.reads.snapshot import START_HINT, Snapshot, Snapshots
from session_lattice.store import generations

if TYPE_CHECKING:
    import duckdb

MAX_STAND_INS = 4
"""Generations that one read goes through when they turn out to be broken as it reads."""

_lanes = Lanes()

Result = TypeVar("Result")
Watch = Callable[["duckdb.DuckDBPyConnection"], AbstractContextManager[None]]


def read(
    snapshots: Snapshots, work: Callable[[Snapshot], Result], watch: Watch | None = None
) -> Result:
    """What `work` returns; `watch` surrounds it with the connection that it uses.

    Raises NoGenerationError, RequestError for what needs too much memory, and what `work` does.
    """
    import duckdb

    try:
        with _lanes.shared():
            return _read(snapshots, work, watch)
    except duckdb.OutOfMemoryException:
        # All handles share one limit: what was too much beside others may do by itself.
        with _lanes.alone():
            return _read_alone(snapshots, work, watch)


def _read_alone(
    snapshots: Snapshots, work: Callable[[Snapshot], Result], watch: Watch | None
) -> Result:
    import duckdb

    try:
        return _read(snapshots, work, watch)
    except duckdb.OutOfMemoryException as error:
        raise RequestError(
            f"the answer needs more than {generations.READER_MEMORY} of memory",
            hint="select fewer columns, filter more, or order by something shorter",
        ) from error


def _read(snapshots: Snapshots, work: Callable[[Snapshot], Result], watch: Watch | None) -> Result:
    import duckdb

    for _ in range(MAX_STAND_INS):
        with snapshots.open() as snapshot:
            try:
                with watch(snapshot.connection) if watch else nullcontext():
                    return work(snapshot)
            except duckdb.Error as error:
                if not _tells_of_damage(error):
                    raise
                snapshots.distrust(snapshot.served, error)
    raise NoGenerationError("the last generations cannot be read", hint=START_HINT)


def _tells_of_damage(error: "duckdb.Error") -> bool:
    """A checksum that does not match is reported as a plain Error."""
    import duckdb

    damage = (
        duckdb.IOException,
        duckdb.FatalException,
        duckdb.InternalException,
        duckdb.SerializationException,
    )
    return isinstance(error, damage) or type(error) is duckdb.Error
