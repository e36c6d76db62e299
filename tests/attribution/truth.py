"""Which session made which commit of the sample's repository, found out by hand.

By reading the sample's transcripts beside `sample/repository/history.toml`. `evidence` and
`confidence` are of the best candidate; None where no session made the commit. A session that
touched the same file at about the same time may still be named, but never as more than weak.
"""

from typing import Literal, NamedTuple

ALIGN = "db5b5fab-8f4d-4e27-9da1-494c73cf256d"
MOON = "3e1c26d3-23ef-423e-a848-f808f54d35bf"
JSON = "3bb427c1-a1da-459d-aad1-245c92010b38"
NOON = "b39cfd4b-8abe-4d78-8520-10116895cea8"
SPRINGS = "c7d10f52-6a3e-4b8f-9d27-58e04ab1f6c3"
UNKNOWN_STATION = "01a1d94a-f7da-72cf-a9da-a37e51b591d7"
KINDS = "01a1e572-8ce9-71ec-a781-ef86f5c8cc1a"

Evidence = Literal["printed", "trailer", "text"]
Confidence = Literal["exact", "strong"]


class Made(NamedTuple):
    """The session that made a commit, and what shows it."""

    session: str
    evidence: Evidence
    confidence: Confidence


TRUTH: dict[str, Made | None] = {
    # Before any session, by a person.
    "Print the tides of a day": None,
    "Add Saint-Malo": None,
    # `git commit` of the session printed its hash.
    "Align heights and tell highs from lows": Made(ALIGN, "printed", "exact"),
    # A person, between two sessions; renames a file.
    "Call the page on the command line what it is": None,
    "Tell the phase of the moon in the heading": Made(MOON, "printed", "exact"),
    "Merge pull request #5 from sam/feature/moon-phase": None,
    # The session committed quietly on a branch of its own: only its text shows it.
    "Print JSON for programs": Made(JSON, "text", "strong"),
    # A bot, on the README that the session had edited five minutes before.
    "Bump pytest from 8.4.1 to 9.0.0 (#6)": None,
    "Merge pull request #7 from sam/json-output": None,
    # Another person, another part of the repository.
    "Add Portland, whose table is in feet (#8)": None,
    # The session wrote it and left; a person committed it twelve hours later.
    "Tell the phase at the station's own noon": Made(NOON, "text", "strong"),
    # A person committed it and named the session in a trailer.
    "Tell programs of an unknown station (#9)": Made(UNKNOWN_STATION, "trailer", "exact"),
    "Tell highs from lows in the JSON": Made(KINDS, "printed", "exact"),
    # A bot, on a file that the session had edited a quarter of an hour before.
    "Release 0.3.0": None,
}
"""Commit's subject → who made it."""

PULL_REQUESTS = {
    "Merge pull request #5 from sam/feature/moon-phase": 5,
    "Bump pytest from 8.4.1 to 9.0.0 (#6)": 6,
    "Merge pull request #7 from sam/json-output": 7,
    "Add Portland, whose table is in feet (#8)": 8,
    "Tell programs of an unknown station (#9)": 9,
}
"""Commit's subject → the pull request that it names."""

ISSUES = {"Call the page on the command line what it is": 4}
"""Commit's subject → the issue that it names."""

UNSHIPPED = {SPRINGS: 3}
"""Session that edited and whose lines are in no commit → the issue that it was asked about.

It worked in the same minutes as NOON and edited tidewatch/moon.py 21 seconds after NOON's last
edit there; neither took away a line of the other's.
"""
