"""Published generations as a reader sees them: immutable numbered files and a pointer."""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from session_lattice.errors import GenerationError
from session_lattice.home import Home

if TYPE_CHECKING:
    import duckdb

READER_MEMORY = "40MB"
"""What one reading process lets DuckDB use for all that it reads at a time."""

READER_THREADS = 1
"""A hot view is small: a second thread costs more to wake than it saves."""

_LIMITS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": READER_MEMORY,
    "threads": READER_THREADS,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

_NAME = re.compile(r"(\d+)\.duckdb")
WHOLE_BYTES = """
SELECT 3 * 4096 + block_size * total_blocks
FROM pragma_database_size()
WHERE database_name = current_database()
"""
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


class Reader:
    """One DuckDB instance that generations are attached to and read through; thread-safe.

    Attaching takes a tenth of what opening an instance of its own takes, and all generations
    in use share one memory limit. It reads the home's generations and nothing else, and never
    writes: what does not fit in memory fails instead of spilling.
    """

    def __init__(self, home: Home) -> None:
        import duckdb

        self._folder = home.generations.resolve()
        self._instance = duckdb.connect(config={**_LIMITS})
        self._count = itertools.count(1)
        _lock_down(self._instance, f"SET allowed_directories = [{_text(f'{self._folder}/')}]")

    def attach(self, generation: Generation) -> str:
        """The name under which it can be read until `detach`. Raises GenerationError."""
        import duckdb

        name = f"g{next(self._count)}"
        path = _text(str(self._folder / generation.path.name))
        try:
            with self._instance.cursor() as connection:
                connection.execute(f"ATTACH {path} AS {name} (READ_ONLY)")
        except (duckdb.Error, OSError) as error:
            raise broken(generation, str(error).splitlines()[0]) from error
        return name

    def handle(self, name: str) -> "duckdb.DuckDBPyConnection":
        """A connection of its own that reads what is attached as `name`."""
        connection = self._instance.cursor()
        connection.execute(f"USE {name}")
        return connection

    def detach(self, name: str) -> None:
        """Close its file; no handle on it may be in use."""
        with self._instance.cursor() as connection:
            connection.execute(f"DETACH {name}")

    def close(self) -> None:
        self._instance.close()


def open_reader(generation: Generation) -> "duckdb.DuckDBPyConnection":
    """A locked-down read-only handle in an instance of its own.

    Raises GenerationError when the file is gone or is not a database.
    """
    import duckdb

    try:
        connection = duckdb.connect(str(generation.path), read_only=True, config={**_LIMITS})
        _lock_down(connection)
    except (duckdb.Error, OSError) as error:
        raise broken(generation, str(error).splitlines()[0]) from error
    return connection


def _lock_down(connection: "duckdb.DuckDBPyConnection", *before: str) -> None:
    """Once for all handles of the instance; what is said `before` holds for good."""
    if connection.execute("SELECT current_setting('lock_configuration')").fetchall() == [(True,)]:
        return
    for setting in (
        "SET temp_directory = ''",
        *before,
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(setting)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


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
