"""Refreshes the views: only dirty keys, always equal to a rebuild from nothing."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from session_lattice.errors import StoreError, ViewError
from session_lattice.home import Home
from session_lattice.store import catalog
from session_lattice.store.catalog import View
from session_lattice.store.database import BASE_TABLES, Database
from session_lattice.store.refresh import Refresh
from session_lattice.store.register import Known, Pass, Refreshed, Register

VIEW_SECONDS = 60.0
"""A view that takes longer to refresh is ended and reported."""

ROW_COUNT = "SELECT count(*) FROM {}"
CLOCK = "CREATE OR REPLACE TEMP MACRO clock() AS TIMESTAMP '{now}'"
TO_REBUILD = "UPDATE catalog SET definition = '' WHERE list_contains($names, name)"


def unhindered() -> None:
    """Nothing keeps the refresh from going on."""


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Lattice:
    """The views of the catalog as tables beside the base tables.

    What is refreshed also records the position up to which it is current, in one transaction,
    so that a crash or a broken view leaves the others as they are. `clock` gives the time, UTC;
    the home's view `tried` stands for a built-in one.
    """

    def __init__(
        self,
        database: Database,
        home: Home,
        interval_seconds: float,
        clock: Callable[[], datetime] = utc_now,
        tried: str = "",
    ) -> None:
        self._database = database
        self._home = home
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._catalog = catalog.Catalog([])
        self._tried = tried
        self._seen: object = None
        self._expires_at: datetime | None = None
        self._tell_time(clock())
        self._refresh = Refresh(database)
        self._register = Register(database, interval_seconds)

    def load(self) -> bool:
        """Read the catalog anew, drop what left it; whether any view came, went or changed."""
        seen = catalog.signature(self._home.views)
        if seen == self._seen:
            return False
        self._refresh.everything()
        self._catalog = catalog.load(self._home.views, self._database.tables_in, tried=self._tried)
        self._refresh.serve(self._catalog.views)
        known = self._register.known()
        names = {view.name for view in self._catalog.views}
        for name in known.keys() - names:
            self._drop(name)
        for name in self._refresh.deltas.missing():
            self._rebuild_followers(name)
        known = self._register.known()
        self._seen = seen
        self._expires_at = self._next_expiry(known)
        due = [
            v
            for v in self._catalog.views
            if v.name not in known or known[v.name].definition != v.definition
        ]
        return bool(due) or bool(known.keys() - names)

    @property
    def views(self) -> list[View]:
        """Those of the catalog, each behind what it reads."""
        return list(self._catalog.views)

    def keep_only(self, name: str) -> None:
        """Leave of the catalog the one view and those that it is made of."""
        kept = {name}
        for view in reversed(self._catalog.views):
            if view.name in kept:
                kept |= view.reads
        self._catalog = catalog.Catalog([v for v in self._catalog.views if v.name in kept])
        self._refresh.serve(self._catalog.views)

    def rebuild(self, name: str) -> None:
        """Make one view from nothing, on what those that it reads hold."""
        self._database.run(TO_REBUILD, {"names": [name]})
        self.refresh()

    @property
    def errors(self) -> list[ViewError]:
        """Views that are left out or whose last refresh failed."""
        failed = [
            ViewError(name, known.error)
            for name, known in self._register.known().items()
            if known.error
        ]
        return [*self._catalog.errors, *failed]

    @property
    def expired(self) -> bool:
        """Whether some row's answer has changed with the clock alone."""
        return self._expires_at is not None and self._expires_at <= self._clock()

    def refresh(self, proceed: Callable[[], None] = unhindered) -> list[Refreshed]:
        """Bring every view up to the applied position; broken ones keep their last rows.

        `proceed` is called before each view, and raises where there is to be no further one.
        """
        known = self._register.known()
        number = max((one.of_pass for one in known.values()), default=0) + 1
        position = int(self._database.value("SELECT position FROM applied") or 0)
        now = self._clock()
        current = Pass(number, position, now)
        self._tell_time(now)
        due = [v for v in self._catalog.views if not self._resting(v, known, now)]
        try:
            done = self._refresh_all(due, known, current, proceed)
        finally:
            self._refresh.end_pass()
        known = self._register.known()
        self._refresh.deltas.forget(number, {name: one.of_pass for name, one in known.items()})
        self._expires_at = self._next_expiry(known)
        return done

    def _refresh_all(
        self,
        due: list[View],
        known: dict[str, Known],
        current: Pass,
        proceed: Callable[[], None],
    ) -> list[Refreshed]:
        """In one transaction, which is quickest; one by one where a view is new or breaks."""
        self._refresh.begin_pass(
            (v, known[v.name].since) for v in due if v.within and not _is_new(v, known)
        )
        if not any(_is_new(view, known) for view in due):
            try:
                with self._database.transaction():
                    done = [self._update(v, known[v.name], current, proceed) for v in due]
                    self._register.stand(due, done, current)
                return done
            except StoreError:
                self._refresh.settle()
                proceed()
        return self._one_by_one(due, known, current, proceed)

    def _one_by_one(
        self,
        due: list[View],
        known: dict[str, Known],
        current: Pass,
        proceed: Callable[[], None],
    ) -> list[Refreshed]:
        done: list[Refreshed] = []
        anew: set[str] = set()
        for view in due:
            try:
                with self._database.transaction():
                    if _is_new(view, known) or view.name in anew:
                        one = self._rebuild(view, current, proceed)
                        anew.update(self._rebuild_followers(view.name))
                    else:
                        one = self._update(view, known[view.name], current, proceed)
                        self._register.stand([view], [one], current)
            except StoreError as error:
                self._refresh.settle()
                # What was interrupted because time is up is no fault of the view's.
                proceed()
                self._fail(view, known.get(view.name), error)
                anew.update(self._refresh.deltas.followers(view.name))
                continue
            done.append(one)
        return done

    def _resting(self, view: View, known: dict[str, Known], now: datetime) -> bool:
        """A view with an interval of its own waits for it, give or take half a tick."""
        before = known.get(view.name)
        if before is None or _is_new(view, known) or not before.materialized_at or before.error:
            return False
        if before.interval_seconds <= self._interval_seconds:
            return False
        age = (now - before.materialized_at).total_seconds()
        return 0 <= age < before.interval_seconds - self._interval_seconds / 2

    def _update(
        self, view: View, known: Known, current: Pass, proceed: Callable[[], None]
    ) -> Refreshed:
        """Recompute the keys that are dirty; a view that does not say which, whole."""
        proceed()
        if not view.dirt and not view.expires:
            return self._rebuild(view, current, unhindered)
        began = time.monotonic()
        with self._deadline(view):
            dirty = self._refresh.find_keys(view, known.since)
            more = self._refresh.recompute(view, current.number) if dirty else 0
        milliseconds = int((time.monotonic() - began) * 1000) if dirty else 0
        return Refreshed(view.name, dirty, known.rows + more, milliseconds)

    def _rebuild(self, view: View, current: Pass, proceed: Callable[[], None]) -> Refreshed:
        proceed()
        began = time.monotonic()
        with self._deadline(view):
            self._refresh.rebuild(view)
        rows = int(self._database.value(ROW_COUNT.format(view.name)))
        milliseconds = int((time.monotonic() - began) * 1000)
        self._register.record(view, current, rows, milliseconds, None)
        return Refreshed(view.name, None, rows, milliseconds)

    def _rebuild_followers(self, name: str) -> list[str]:
        """Those that follow a view that was made anew cannot know what changed in it."""
        followers = self._refresh.deltas.followers(name)
        self._database.run(TO_REBUILD, {"names": followers})
        return followers

    @contextmanager
    def _deadline(self, view: View) -> Iterator[None]:
        timer = threading.Timer(VIEW_SECONDS, self._database.interrupt)
        timer.name = f"deadline of {view.name}"
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _fail(self, view: View, known: Known | None, error: StoreError) -> None:
        stood = known.stood if known else Pass(0, 0, None)
        with self._database.transaction():
            self._register.record(view, stood, self._register.kept(view), 0, error.what)

    def _next_expiry(self, known: dict[str, Known]) -> datetime | None:
        times = [
            self._database.value(f"SELECT min({view.expires}) FROM {view.name}")
            for view in self._catalog.views
            if view.expires and view.name in known and known[view.name].definition
        ]
        return min((time for time in times if time), default=None)

    def _tell_time(self, now: datetime) -> None:
        self._database.run(CLOCK.format(now=now.isoformat(sep=" ")))

    def _drop(self, name: str) -> None:
        with self._database.transaction():
            self._database.run(f"DROP TABLE IF EXISTS {name}")
            self._database.run("DELETE FROM catalog WHERE name = $name", {"name": name})

    def row_count(self) -> int:
        """Rows of all base tables."""
        return sum(int(self._database.value(ROW_COUNT.format(table))) for table in BASE_TABLES)


def _is_new(view: View, known: dict[str, Known]) -> bool:
    """Whether the view has to be made from nothing."""
    return view.name not in known or known[view.name].definition != view.definition
