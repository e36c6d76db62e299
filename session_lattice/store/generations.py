"""Published generations as a reader sees them: immutable numbered files and a pointer."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from session_lattice.errors import GenerationError
from session_lattice.home import Home

if TYPE_CHECKING:
    import duckdb

READER_MEMORY = "40MB"
"""What one reading process lets DuckDB use for all its handles of a generation."""

READER_THREADS = 1
"""A hot view is small: a second thread costs more to wake than it saves."""

_NAME = re.compile(r"(\d+)\.duckdb")
WHOLE_BYTES = "SELECT 3 * 4096 + block_size * total_blocks FROM pragma_database_size()"
"""Size of a DuckDB file by its own account: three headers, then blocks."""


@dataclass(frozen=True, slots=True, order=True)
class Generation:
    """A generation on disk; its file never changes."""

    number: int
    path: Path


def pointed_at(home: Home) -> Generation | None:
    """What the pointer names, whether or not it is there; None before the first publish."""
    try:
        target = home.pointer.readlink()
    except OSError:
        return None
    return _generation(home.root / target)


def all_published(home: Home) -> list[Generation]:
    """Every generation on disk, newest first."""
    try:
        files = list(home.generations.iterdir())
    except OSError:
        return []
    found = map(_generation, files)
    return sorted((generation for generation in found if generation), reverse=True)


def _generation(path: Path) -> Generation | None:
    match = _NAME.fullmatch(path.name)
    return Generation(int(match[1]), path) if match else None


def open_reader(generation: Generation) -> "duckdb.DuckDBPyConnection":
    """A locked-down read-only handle; every handle of one file in a process is opened so.

    Raises GenerationError when the file is gone or is not a database.
    """
    import duckdb

    try:
        connection = duckdb.connect(
            str(generation.path),
            read_only=True,
            config={
                "memory_limit": READER_MEMORY,
                "threads": READER_THREADS,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        _lock_down(connection)
    except (duckdb.Error, OSError) as error:
        raise broken(generation, str(error).splitlines()[0]) from error
    return connection


def _lock_down(connection: "duckdb.DuckDBPyConnection") -> None:
    """For all handles of the file in this process, so it is done once.

    A reader never writes: what does not fit in memory fails instead of spilling beside the
    file. That has to be said before access to other files ends, so not in `connect`.
    """
    if connection.execute("SELECT current_setting('lock_configuration')").fetchall() == [(True,)]:
        return
    connection.execute("SET temp_directory = ''")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def check(generation: Generation, connection: "duckdb.DuckDBPyConnection") -> None:
    """Raise GenerationError unless the file is whole and carries its own stamp.

    DuckDB reads blocks when it needs them, so that a truncated file opens without a
    complaint; its header says how many blocks there should be.
    """
    import duckdb

    try:
        whole = connection.execute(WHOLE_BYTES).fetchall()[0][0]
        stamp = connection.execute("SELECT generation FROM stamp").fetchall()
        size = generation.path.stat().st_size
    except (duckdb.Error, OSError) as error:
        raise broken(generation, str(error).splitlines()[0]) from error
    if size < whole:
        raise broken(generation, f"{size} bytes of {whole} are left")
    if stamp != [(generation.number,)]:
        raise broken(generation, f"its stamp says {stamp}")


def broken(generation: Generation, why: str) -> GenerationError:
    """The error for a generation that turned out not to be whole."""
    return GenerationError(
        f"generation {generation.number} cannot be read: {why}",
        hint="the puller replaces it with its next one; `session-lattice doctor` tells more",
    )
