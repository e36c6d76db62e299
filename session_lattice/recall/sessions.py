"""Writes the sessions of a generation to a file, page by page, as the API lists them."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from session_lattice.recall.home import RecallHome
from session_lattice.recall.records import Session, SessionWithRepos, identity, link
from session_lattice.recall.sql import statement

if TYPE_CHECKING:
    import duckdb

PAGE_SESSIONS = 2_000
"""Sessions that are in memory at a time; each page looks through all messages once."""

RECENT_SESSIONS = 15
"""Sessions that `/` shows."""

HEAD = b'{"sessions":['
END = b"]"
NEWEST = datetime.max
"""Every session began before it."""

FIELDS = (
    *("began", "session", "cwd", "started_at", "ended_at", "prompts", "replies", "source_file"),
    *("duration_ms", "input_tokens", "output_tokens", "cache_read_tokens"),
    *("cache_creation_tokens", "models_used"),
)
"""Columns of sessions.sql."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """What other tables say of a page's sessions, by session."""

    last_prompts: dict[str, str]
    delegated: dict[str, int]
    tools: dict[str, list[tuple[str, int, int]]]
    worked: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Listed:
    """The file's content by its hash, the newest sessions as they stand in it, and all links."""

    digest: str
    recent: list[bytes]
    links: int


class Listing:
    """One pass over the sessions of a generation."""

    def __init__(
        self, connection: "duckdb.DuckDBPyConnection", proceed: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._proceed = proceed
        self._recent: list[bytes] = []
        self._links = 0

    def write(self, home: RecallHome) -> Listed:
        """Raises OSError, and what `proceed` raises, which is called before each page."""
        fresh = home.root / "sessions.new"
        hashed = blake2b(digest_size=16)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(handle, "wb") as file:  # noqa: PTH123 - of the handle that nobody else may read
            for chunk in self._chunks():
                hashed.update(chunk)
                file.write(chunk)
        digest = hashed.hexdigest()
        fresh.replace(home.sessions(digest))
        return Listed(digest, self._recent, self._links)

    def _chunks(self) -> Iterator[bytes]:
        yield HEAD
        separator = b""
        for rows in self._pages():
            parts = self._parts([row["session"] for row in rows])
            yield separator + b",".join([self._encoded(row, parts) for row in rows])
            separator = b","
        yield END

    def _pages(self) -> Iterator[list[Row]]:
        began, session = NEWEST, ""
        while True:
            self._proceed()
            place = {"began": began, "session": session, "limit": PAGE_SESSIONS}
            found = self._connection.execute(statement("sessions"), place).fetchall()
            if found:
                yield [dict(zip(FIELDS, row, strict=True)) for row in found]
            if len(found) < PAGE_SESSIONS:
                return
            began, session = found[-1][:2]

    def _parts(self, sessions: list[str]) -> Parts:
        """One query for each: in one statement they take more memory than a reader has."""

        def of(name: str) -> dict[str, Any]:
            found = self._connection.execute(statement(name), {"sessions": sessions})
            return dict(found.fetchall())

        return Parts(of("last_prompts"), of("delegated"), of("tools"), of("worked"))

    def _encoded(self, row: Row, parts: Parts) -> bytes:
        repos = [link(repo) for repo in parts.worked.get(row["session"], ())]
        self._links += len(repos)
        repos.sort(key=lambda one: (one[1].lower(), one[2]))
        encoded = msgspec.json.encode(SessionWithRepos(_session(row, parts), repos))
        if len(self._recent) < RECENT_SESSIONS:
            self._recent.append(encoded)
        return encoded


def _session(row: Row, parts: Parts) -> Session:
    session = row["session"]
    tools = parts.tools.get(session, ())
    counts = {tool: {"calls": calls, "errors": errors} for tool, calls, errors in tools}
    same = {name: row[name] for name in FIELDS if name in Session.__struct_fields__}
    return Session(
        **same,
        id=identity(session),
        session_uuid=session.partition("/")[2],
        message_count=row["prompts"] + row["replies"],
        user_message_count=row["prompts"],
        assistant_message_count=row["replies"],
        last_prompt=parts.last_prompts.get(session),
        is_sidechain_count=parts.delegated.get(session, 0),
        tools_used=sorted(counts),
        tool_call_counts_json=msgspec.json.encode(counts).decode(),
    )
