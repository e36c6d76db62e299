"""Every read of the lattice, once: HTTP, MCP and the command line all call these.

Each takes a snapshot and the puller's last heartbeat. They raise RequestError for what
cannot be answered as asked, NotFoundError and ViewError.
"""

from datetime import datetime

import msgspec
from msgspec import UNSET

from session_lattice.errors import NotFoundError, ViewError
from session_lattice.heartbeat import Heartbeat
from session_lattice.reads import kinds
from session_lattice.reads.catalog import View
from session_lattice.reads.freshness import freshness
from session_lattice.reads.relation import Page, Reading, Relation
from session_lattice.reads.shapes import Budget, Sample, ViewAnswer, ViewList
from session_lattice.reads.snapshot import Snapshot
from session_lattice.reads.sql import statement
from session_lattice.reads.times import utc


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What there is altogether; times are those of the first and the last session."""

    sessions: int
    repos: int
    agents: list[str]
    first_at: datetime | None
    last_at: datetime | None


def list_views(snapshot: Snapshot, beat: Heartbeat | None) -> ViewList:
    """The catalog: every view with its question, grain and columns."""
    return ViewList(
        generation=snapshot.generation,
        sample=sample(snapshot),
        freshness=freshness(snapshot, beat, None),
        views=list(snapshot.catalog.values()),
    )


def read_view(
    snapshot: Snapshot, beat: Heartbeat | None, name: str, page: Page, budget: Budget
) -> ViewAnswer:
    """A page of the view `name`."""
    view = find_view(snapshot, name)
    reading = Reading(snapshot.connection, view_relation(view), page)
    rows = budget.take(reading)
    return ViewAnswer(
        view=name,
        generation=snapshot.generation,
        sample=sample(snapshot),
        freshness=freshness(snapshot, beat, view),
        columns=reading.columns,
        rows=rows,
        next=reading.next,
    )


def totals(snapshot: Snapshot) -> Totals:
    """Of the whole generation."""
    find_view(snapshot, "session_overview")
    row = snapshot.connection.execute(statement("totals")).fetchall()[0]
    sessions, repos, agents, first, last = row
    return Totals(
        sessions=sessions,
        repos=repos,
        agents=agents or [],
        first_at=first and utc(first),
        last_at=last and utc(last),
    )


def find_view(snapshot: Snapshot, name: str) -> View:
    """A view that can be read. Raises NotFoundError or ViewError."""
    view = snapshot.catalog.get(name)
    if view is None:
        known = ", ".join(snapshot.catalog) or "none yet"
        raise NotFoundError(f"there is no view {name[:80]!r}", hint=f"the views are {known}")
    if view.error and not view.columns:
        raise ViewError(name, view.error, hint="mend its .sql file; the next tick makes it anew")
    return view


def view_relation(view: View) -> Relation:
    return Relation(
        name=view.name,
        source=kinds.quoted(view.name),
        columns={column.name: column for column in view.columns},
        grain=view.grain,
    )


def sample(snapshot: Snapshot) -> Sample:
    return True if snapshot.stamp.sample else UNSET
