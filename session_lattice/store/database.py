"""The one read-write handle on the store's DuckDB file."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

from session_lattice.errors import GenerationError, StoreError
from session_lattice.home import Home
from session_lattice.store import generations, macros, parsed

MEMORY_LIMIT = "128MB"
"""What DuckDB may use before it spills to work/; the rest of the process needs as much."""

THREADS = 2

BLOCK_BYTES = 65_536
"""Of the file's unit of storage: dozens of views that are small would each take several larger
ones, and every generation is a copy. A file that is there keeps its own.
"""

PARSED_QUERIES = 2_000
"""Whose tables are remembered: a view that came or changed is no reason to parse all anew."""

CHECKPOINT_THRESHOLD = "256MB"
"""What the write-ahead log may hold; publishing checkpoints anyway."""

MIGRATIONS = "migrations"
BASE_TABLES = (
    "sessions",
    "messages",
    "tool_calls",
    "file_touches",
    "subagent_links",
    "responses",
    "compactions",
    "checkouts",
    "reports",
    "reported_tools",
    "reported_stops",
    "reported_usage",
    "session_repos",
    "repos",
    "commits",
    "commit_files",
    "commit_ids",
    "commit_references",
    "git_repos",
    "git_refs",
    "head_moves",
    "printed_commits",
    "session_references",
)
"""The tables of facts, each with a `changed` column."""

OWN_TABLES = (*BASE_TABLES, "applied", "catalog", "stamp", "schema_version", "known_programs")


def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return resources.files(__package__).joinpath("sql", f"{name}.sql").read_text("utf-8")


class Database:
    """Opens, migrates and holds the store; every write of the store goes through it.

    Raises StoreError for whatever DuckDB says, the cause chained.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._read_by: dict[str, set[str]] = {}
        self.restored_from = _restore(home)
        self._connection = _open(home)
        try:
            self.schema_version = _migrate(self)
            self.run(macros.text())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def run(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Execute and forget the answer."""
        with _as_store_error():
            self._connection.execute(sql, dict(parameters) if parameters else None)

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with _as_store_error():
            return self._connection.execute(
                sql, dict(parameters) if parameters else None
            ).fetchall()

    def stream(
        self, sql: str, parameters: Mapping[str, Any], size: int
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Rows in lists of `size`; to be taken before anything else is run."""
        with _as_store_error():
            result = self._connection.execute(sql, dict(parameters))
            while rows := result.fetchmany(size):
                yield rows

    def value(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row; None when there is none."""
        found = self.rows(sql, parameters)
        return found[0][0] if found else None

    def count(self, sql: str, parameters: Mapping[str, Any] | None = None) -> int:
        """Execute what inserts, deletes or creates; how many rows that were."""
        return int(self.value(sql, parameters) or 0)

    def threads(self, count: int) -> None:
        """How many threads a statement may use from now on."""
        self.run(f"SET threads = {count}")

    def tables_in(self, sql: str) -> set[str]:
        """Names of the tables and views that a query reads, also of those that are not there."""
        if sql not in self._read_by:
            if len(self._read_by) >= PARSED_QUERIES:
                self._read_by.clear()
            serialized = self.value("SELECT json_serialize_sql($sql)", {"sql": sql})
            try:
                self._read_by[sql] = parsed.tables(serialized)
            except ValueError as error:
                raise StoreError(str(error)) from error
        return set(self._read_by[sql])

    def interrupt(self) -> None:
        """End the statement under way, from another thread."""
        self._connection.interrupt()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing of it."""
        self.run("BEGIN")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        try:
            self._connection.rollback()
        except duckdb.InterruptException:
            # The interrupt was meant for the statement before; nothing else was begun since.
            self._roll_back()
        except duckdb.Error as error:
            # A fatal error, such as a full disk in mid-commit, has ended the transaction already.
            if "no transaction is active" not in str(error) and not isinstance(
                error, duckdb.FatalException
            ):
                raise


@contextmanager
def _as_store_error() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        full = "No space left" in str(error)
        raise StoreError(
            str(error).splitlines()[0],
            hint="free some disk space; the next tick goes on" if full else "",
        ) from error


def _open(home: Home) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "threads": THREADS,
        "checkpoint_threshold": CHECKPOINT_THRESHOLD,
        "default_block_size": str(BLOCK_BYTES),
        "temp_directory": str(home.work / "spill"),
        # An ASOF join compares all with all where it expects few rows; it expects wrongly.
        "asof_loop_join_threshold": 0,
    }
    try:
        return duckdb.connect(str(home.database), config=config)
    except (duckdb.Error, OSError) as error:
        raise StoreError(
            f"{home.database} cannot be opened: {str(error).splitlines()[0]}",
            hint="end whoever has it open; damaged, move it away: the last generation replaces it",
        ) from error


def _restore(home: Home) -> int | None:
    """Put the newest good generation in place of a database that is gone; its number, or None.

    Transcripts vanish and the log is trimmed, so a generation is the only full copy.
    """
    if home.database.exists():
        return None
    for generation in generations.all_published(home):
        try:
            with generations.open_reader(generation) as connection:
                generations.check(generation, connection)
        except GenerationError:
            continue
        _copy_writable(generation.path, home.database)
        return generation.number
    return None


def _copy_writable(source: Path, target: Path) -> None:
    fresh = target.with_suffix(".restoring")
    target.with_name(target.name + ".wal").unlink(missing_ok=True)
    try:
        shutil.copyfile(source, fresh)
        fresh.chmod(0o600)
        fresh.replace(target)
    except OSError as error:
        raise StoreError(
            f"{target} cannot be restored: {error.strerror}", hint="free some disk space"
        ) from error


def _migrate(database: Database) -> int:
    """Apply the migrations that are missing, each recorded in its own transaction."""
    database.run("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
    done: int = database.value("SELECT coalesce(max(version), 0) FROM schema_version")
    scripts = _migrations()
    if done > len(scripts):
        raise StoreError(
            f"the store has schema {done}, this program knows {len(scripts)}",
            hint="a newer session-lattice wrote it: upgrade this one",
        )
    for version, script in enumerate(scripts[done:], start=done + 1):
        with database.transaction():
            database.run(script)
            database.run("INSERT INTO schema_version VALUES ($version)", {"version": version})
    return len(scripts)


def _migrations() -> list[str]:
    folder = resources.files(__package__).joinpath(MIGRATIONS)
    found = sorted(
        (item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda i: i.name
    )
    return [item.read_text("utf-8") for item in found]
