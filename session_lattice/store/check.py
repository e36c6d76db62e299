"""Tries a view out on a copy of a generation: does it hold what its header promises?"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from session_lattice.home import Home
from session_lattice.store import changes
from session_lattice.store.catalog import MAX_VIEW_BYTES, View
from session_lattice.store.changes import Change
from session_lattice.store.clone import clone
from session_lattice.store.database import BASE_TABLES, Database
from session_lattice.store.lattice import Lattice, utc_now

MAX_SHOWN = 3
"""Rows that are named of those that are wrong."""

TWICE = "SELECT {grain} FROM {view} GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT {limit}"
MISSING = "SELECT count(*) FROM {view} WHERE {condition}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `wrong` says what is not as promised."""

    what: str
    figure: str
    wrong: bool = False
    advice: str = ""


class Trial:
    """A copy of a home's newest generation in a directory of its own, with the view in it."""

    def __init__(self, home: Home, view: View, seed: int) -> None:
        self._view = view
        self._random = Random(seed)
        self._database = Database(home)
        # The clock stands still: what changes with it would count as missed.
        now = utc_now()
        self._lattice = Lattice(
            self._database, home, interval_seconds=0.0, clock=lambda: now, tried=view.name
        )

    def close(self) -> None:
        self._database.close()

    def findings(self) -> Iterator[Finding]:
        """All that is looked at, one after the other. Raises ViewError where it cannot be made."""
        self._lattice.load()
        self._raise_broken()
        self._lattice.keep_only(self._view.name)
        self._lattice.refresh()
        began = time.perf_counter()
        self._anew()
        seconds = time.perf_counter() - began
        rows = int(self._database.value(f"SELECT count(*) FROM {self._view.name}"))
        yield Finding("made anew", f"{rows:,} rows in {seconds * 1000:,.0f} ms")
        yield self._grain()
        yield self._columns()
        yield from self._changes()

    def _raise_broken(self) -> None:
        for error in self._lattice.errors:
            if error.view == self._view.name:
                raise error

    def _anew(self) -> None:
        self._lattice.rebuild(self._view.name)
        self._raise_broken()

    def _grain(self) -> Finding:
        grain = ", ".join(self._view.grain)
        nulls = " OR ".join(f"{name} IS NULL" for name in self._view.grain)
        without = int(self._database.value(MISSING.format(view=self._view.name, condition=nulls)))
        twice = self._database.rows(
            TWICE.format(grain=grain, view=self._view.name, limit=MAX_SHOWN)
        )
        if without:
            return Finding("grain", f"{without:,} rows have none", True, "leave NULLs out")
        if twice:
            shown = "; ".join(", ".join(map(str, row)) for row in twice)
            return Finding("grain", f"{grain} is not unique: {shown}", True, "GROUP BY the grain")
        return Finding("grain", f"{grain} is unique")

    def _columns(self) -> Finding:
        there = [row[0] for row in self._database.rows(f"DESCRIBE {self._view.name}")]
        unknown = sorted(self._view.documented.keys() - set(there))
        silent = [name for name in there if name not in self._view.documented]
        if unknown:
            return Finding(
                "columns", f"{', '.join(unknown)}: described, not selected", True, "mend the header"
            )
        rest = f"; not described: {', '.join(silent)}" if silent else ""
        return Finding("columns", f"{len(there)}{rest}")

    def _changes(self) -> Iterator[Finding]:
        """Change something in each column of each table that the view is made of."""
        if not self._view.dirt:
            yield Finding("dirty", "no such line: it is made whole on each tick")
            return
        tried, slowest = 0, 0.0
        for change in changes.of(self._database, sorted(self._tables()), self._random):
            slowest = max(slowest, self._refresh_after(change))
            tried += 1
            missed = self._missed()
            if missed:
                yield Finding(
                    "dirty",
                    f"{missed:,} rows stay as they were after {change.what}",
                    True,
                    f"add `-- dirty: {change.table}...`",
                )
                return
        yield Finding("dirty", f"{tried} changes, each seen")
        yield Finding("one change", f"{slowest * 1000:,.0f} ms at most")

    def _refresh_after(self, change: Change) -> float:
        """Seconds that the view's own refresh took."""
        change.make(self._database)
        done = self._lattice.refresh()
        self._raise_broken()
        return sum(one.duration_ms / 1000 for one in done if one.view == self._view.name)

    def _missed(self) -> int:
        """Rows that a refresh left otherwise than a rebuild makes them."""
        name = self._view.name
        self._database.run(f"CREATE OR REPLACE TEMP TABLE refreshed AS SELECT * FROM {name}")
        self._anew()
        return int(
            self._database.value(
                f"SELECT count(*) FROM ((SELECT * FROM refreshed EXCEPT ALL SELECT * FROM {name})"
                f" UNION ALL (SELECT * FROM {name} EXCEPT ALL SELECT * FROM refreshed))"
            )
        )

    def _tables(self) -> set[str]:
        """Base tables below the view, through whatever views it reads."""
        return {name for view in self._lattice.views for name in view.reads} & {*BASE_TABLES}


@contextmanager
def trial(home: Home, generation: Path, file: Path, view: View, seed: int) -> Iterator[Trial]:
    """The view of `file` beside the home's other ones, over a copy of the generation."""
    home.work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="check-", dir=home.work) as folder:
        scratch = Home(Path(folder))
        scratch.create()
        clone(generation, scratch.database)
        scratch.database.chmod(0o600)
        for other in home.views.glob("*.sql"):
            if other.stem != view.name and other.stat().st_size <= MAX_VIEW_BYTES:
                (scratch.views / other.name).write_bytes(other.read_bytes())
        (scratch.views / f"{view.name}.sql").write_bytes(file.read_bytes())
        tried = Trial(scratch, view, seed)
        try:
            yield tried
        finally:
            tried.close()
