"""Where one stands, for an agent that asks for the first time."""

from typing import Any

import msgspec

from session_lattice.reads import queries
from session_lattice.reads.replies import Orientation, ViewSummary
from session_lattice.reads.snapshot import Snapshot
from session_lattice.reads.status import Status

SUGGESTIONS = [
    "list_sessions: which sessions worked in a repo, on a branch, touched a file, used a tool",
    "get_session: what one session said, called, changed and cost",
    "search: what was said, run or went wrong with some words in it",
    "list_views, then read_view: totals by model, day, tool, file or repository",
]


def lost(status: Status) -> Orientation:
    """Nothing has been published yet."""
    return Orientation(
        **_state(status),
        sessions=0,
        repos=0,
        agents=[],
        first_at=None,
        last_at=None,
        views=[],
        suggestions=["call orient again once the first pull is done"],
    )


def oriented(status: Status, snapshot: Snapshot) -> Orientation:
    totals = queries.totals(snapshot)
    return Orientation(
        **_state(status),
        **msgspec.to_builtins(totals),
        views=[
            ViewSummary(name=view.name, question=view.question, rows=view.rows)
            for view in snapshot.catalog.values()
        ],
        suggestions=SUGGESTIONS,
    )


def _state(status: Status) -> dict[str, Any]:
    return {
        "state": status.state,
        "generation": status.generation,
        "sample": status.sample,
        "age_seconds": status.age_seconds,
        "problems": [f"{one.what}. Try: {one.advice}" for one in status.problems],
    }
