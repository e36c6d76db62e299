"""Freezes the store into the next generation, swaps the pointer, prunes the old ones."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from session_lattice.errors import GenerationError
from session_lattice.home import Home, file_lock_holder
from session_lattice.store import generations
from session_lattice.store.clone import clone
from session_lattice.store.database import Database, statement
from session_lattice.store.generations import Generation

KEEP_RECENT = 2
"""Generations kept whether or not anyone reads them: what is served, and one to fall back to."""

KEEP_IN_USE = 8
"""Generations kept at most, in use or not; unlinking one under a reader is safe on POSIX."""

READ_ONLY_MODE = 0o400


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a generation says of itself besides its number and time."""

    pull: str
    upstream: str
    upstream_version: str
    sample: bool
    rows: int


class Publisher:
    """Makes generations of one home; only the puller that holds the home's lock may."""

    def __init__(self, database: Database, home: Home) -> None:
        self._database = database
        self._home = home
        self._stamp = statement("stamp")
        self._clear_unfinished()

    def published(self) -> int:
        """Number of the newest generation on disk, 0 if there is none."""
        found = generations.all_published(self._home)
        return found[0].number if found else 0

    def intact(self) -> bool:
        """Whether the pointer leads to a good generation; a damaged one is removed."""
        newest = generations.pointed_at(self._home)
        if newest is None or newest.number != self.published():
            return False
        try:
            with generations.open_reader(newest) as reader:
                generations.check(newest, reader)
        except GenerationError:
            newest.path.unlink(missing_ok=True)
            return False
        return True

    def publish(self, stamp: Stamp) -> Generation:
        """Stamp, checkpoint, clone, swap; raises GenerationError and leaves the last one up."""
        number = self._next()
        self._write_stamp(number, stamp)
        self._database.run("FORCE CHECKPOINT")
        try:
            generation = self._freeze(number)
            self._point_at(generation)
            self.prune()
        except OSError as error:
            self._clear_unfinished()
            raise GenerationError(
                f"generation {number} cannot be published: {error.strerror}",
                hint="free some disk space; the next tick goes on",
            ) from error
        return generation

    def _next(self) -> int:
        stamped = self._database.value("SELECT max(generation) FROM stamp") or 0
        return max(self.published(), int(stamped)) + 1

    def _write_stamp(self, number: int, stamp: Stamp) -> None:
        with self._database.transaction():
            self._database.run("DELETE FROM stamp")
            self._database.run(
                self._stamp,
                {
                    "generation": number,
                    "published_at": datetime.now(UTC).replace(tzinfo=None),
                    "pull": stamp.pull,
                    "upstream": stamp.upstream,
                    "upstream_version": stamp.upstream_version,
                    "schema_version": self._database.schema_version,
                    "rows": stamp.rows,
                    "sample": stamp.sample,
                },
            )

    def _freeze(self, number: int) -> Generation:
        path = self._home.generations / f"{number}.duckdb"
        fresh = path.with_suffix(".new")
        clone(self._home.database, fresh)
        self._fill_up(Generation(number, fresh))
        fresh.chmod(READ_ONLY_MODE)
        fresh.replace(path)
        _sync_directory(self._home.generations)
        return Generation(number, path)

    def _fill_up(self, fresh: Generation) -> None:
        """Give the file the size that its header tells, so that a reader sees a truncation.

        DuckDB cuts free blocks off the end of a file whose header has counted them.
        """
        with generations.open_reader(fresh) as reader:
            whole = int(reader.execute(generations.WHOLE_BYTES).fetchall()[0][0])
        with fresh.path.open("r+b") as file:
            if file.seek(0, os.SEEK_END) < whole:
                file.truncate(whole)
                os.fsync(file.fileno())

    def _point_at(self, generation: Generation) -> None:
        fresh = self._home.pointer.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(generation.path.relative_to(self._home.root))
        fresh.replace(self._home.pointer)
        _sync_directory(self._home.root)

    def prune(self) -> None:
        """Remove what is neither recent nor in use; a reader holds a lock on its file."""
        for place, old in enumerate(generations.all_published(self._home)):
            if place >= KEEP_IN_USE or (place >= KEEP_RECENT and not file_lock_holder(old.path)):
                old.path.unlink(missing_ok=True)

    def _clear_unfinished(self) -> None:
        for leftover in self._home.generations.glob("*.new"):
            leftover.unlink(missing_ok=True)


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
