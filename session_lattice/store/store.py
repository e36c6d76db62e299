"""The store as the puller uses it: apply, refresh, publish."""

from collections.abc import Callable, Sequence
from datetime import datetime

from session_lattice.errors import ViewError
from session_lattice.events import Envelope
from session_lattice.home import Home
from session_lattice.store.database import BASE_TABLES, Database, statement
from session_lattice.store.generations import Generation
from session_lattice.store.lattice import Lattice, unhindered, utc_now
from session_lattice.store.project import Projection
from session_lattice.store.publish import Publisher, Stamp
from session_lattice.store.register import Refreshed
from session_lattice.store.texts import Texts, Window


class Store:
    """One home's database with everything that works on it.

    After any error the object is to be closed and another one made: what was not committed
    is then done again. Raises StoreError and GenerationError.
    """

    def __init__(
        self, home: Home, interval_seconds: float, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = Database(home)
        self._projection = Projection(self._database, home)
        self._lattice = Lattice(self._database, home, interval_seconds, clock)
        self._publisher = Publisher(self._database, home)
        self._texts = Texts(self._database)
        self._unpublished = self._lattice.load() or self._ahead_of_generation()
        self._repositories: tuple[str, ...] | None = None

    def close(self) -> None:
        self._database.close()

    @property
    def restored_from(self) -> int | None:
        """The generation that replaced a lost database when the store was opened."""
        return self._database.restored_from

    @property
    def unpublished(self) -> bool:
        """Whether readers would see something new in another generation."""
        return self._unpublished or self._lattice.expired

    @property
    def view_errors(self) -> list[ViewError]:
        return self._lattice.errors

    def interrupt(self) -> None:
        """End the statement under way with a StoreError, from another thread."""
        self._database.interrupt()

    def published_position(self, epoch: str) -> int:
        """Up to which position the newest generation holds the log of this epoch; 0 for none."""
        found = self._database.value(
            "SELECT log_position FROM stamp WHERE generation = $generation AND log_epoch = $epoch",
            {"generation": self._publisher.published(), "epoch": epoch},
        )
        return int(found or 0)

    def reload_views(self) -> None:
        """Notice .sql files that came, went or changed."""
        self._unpublished |= self._lattice.load()

    def applied(self, epoch: str) -> int:
        return self._projection.applied(epoch)

    def repositories(self) -> tuple[str, ...]:
        """Main checkouts that were found on this machine's disk, those seen last first."""
        if self._repositories is None:
            found = self._database.rows(statement("repositories"))
            self._repositories = tuple(repo for (repo,) in found)
        return self._repositories

    def apply(self, events: Sequence[Envelope]) -> None:
        self._repositories = None
        self._unpublished |= self._projection.apply(events) > 0

    def applied_to(self) -> tuple[str, int]:
        """Epoch of the log that is applied, "" for none yet, and up to which position."""
        found = self._database.rows("SELECT epoch, position FROM applied")
        return (found[0][0], int(found[0][1])) if found else ("", 0)

    def texts(self, changed_behind: int, after: int, limit: int) -> Window | None:
        """The next texts in order of time; None behind the last one. See Texts.window."""
        return self._texts.window(changed_behind, after, limit)

    def refresh(self, proceed: Callable[[], None] = unhindered) -> list[Refreshed]:
        """`proceed` is called before each view, and raises where there is to be no further one."""
        return self._lattice.refresh(proceed)

    def publish(self, pull: str, upstream: str, upstream_version: str, sample: bool) -> Generation:
        rows = self._lattice.row_count()
        generation = self._publisher.publish(Stamp(pull, upstream, upstream_version, sample, rows))
        self._unpublished = False
        return generation

    def _ahead_of_generation(self) -> bool:
        """True after a crash before publishing, or when the last generation is harmed."""
        stamped = self._database.rows("SELECT generation, log_epoch, log_position FROM stamp")
        if not stamped or not self._publisher.intact():
            return True
        number, epoch, position = stamped[0]
        if number != self._publisher.published() or epoch != self._database.value(
            "SELECT epoch FROM applied"
        ):
            return True
        newest = [
            self._database.value(f"SELECT max(changed) FROM {table}") for table in BASE_TABLES
        ]
        return any(changed and changed > position for changed in newest)
