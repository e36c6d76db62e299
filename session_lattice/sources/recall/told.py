"""What one pull of a recall service has to tell, and what is remembered of it."""

import time
from typing import Any

import msgspec

from session_lattice.events import Draft, Event, SessionReported, session_stream
from session_lattice.sources.base import Batch, count_warning
from session_lattice.sources.checkouts import Checkouts, Named
from session_lattice.sources.recall.answer import wrong
from session_lattice.sources.recall.body import Record
from session_lattice.sources.recall.checkpoints import (
    REPO,
    SESSION,
    UNSEEN,
    Known,
    Memory,
    Scan,
    State,
    content_of,
    hash_of,
    packed,
)
from session_lattice.sources.recall.records import (
    ENTRY_FIELDS,
    REPO_FIELDS,
    SESSION_FIELDS,
    RepoRecord,
    SessionRecord,
    Warnings,
    agent_of,
    links,
    repo_observed,
    session_reported,
)
from session_lattice.sources.text import digest

BATCH_RECORDS = 2_000
"""Records with news that one batch tells of at most."""

LOGGED_SKIPS = 20
"""Records left out of one answer that the process's log names one by one."""

MAX_REPEATED = 10_000
"""Sessions that an answer may list twice before it is taken for one without an end."""

NAMED_CHARS = 200
"""Of what a record that is left out calls itself."""

MICROSECONDS = 1_000_000


class Told:
    """Records of one pull, turned into drafts where they say something new, by the batch."""

    def __init__(self, memory: Memory, upstream: str, scan: Scan, logger: Any) -> None:
        self._memory = memory
        self._upstream = upstream
        self._source = digest(upstream)
        self._at = scan.last_scan * MICROSECONDS if scan.last_scan else time.time_ns() // 1000
        self._logger = logger
        self._seen: set[str] = set()
        self._repos = Named()
        self._checkouts = Checkouts(self._repos)
        self._warnings = Warnings()
        self._skipped = 0
        self._drafts: list[Draft] = []
        self._checkpoints: dict[str, bytes | None] = {}
        self.state = State(scan=scan)

    @property
    def full(self) -> bool:
        return len(self._checkpoints) >= BATCH_RECORDS

    def take(self, read_bytes: int) -> Batch:
        batch = Batch(self._drafts, self._checkpoints, read_bytes)
        self._drafts, self._checkpoints = [], {}
        return batch

    def unchanged(self, path: str, etag: str, *, is_sessions: bool) -> None:
        """An answer that is what the last pull took, by a tag that can be trusted."""
        self.tag(path, etag)
        if is_sessions:
            self.state.sessions = self._memory.state.sessions
            self._warnings.counts |= self._memory.state.warnings

    def tag(self, path: str, etag: str) -> None:
        """Remember a tag, unless it is the scan's number, which comes again for other content."""
        if not etag.removeprefix("W/").strip('"').isdecimal():
            self.state.etags = {**self.state.etags, path: etag}

    def repo(self, found: Record) -> None:
        """One of `repos` of `/`."""
        try:
            record = msgspec.convert(found.value, RepoRecord)
        except msgspec.ValidationError as error:
            self._skip("repository", found.value, "path", error)
            return
        self._repos.add(record.path)
        self._warnings.unknown(found.value, REPO_FIELDS)
        event = repo_observed(self._upstream, record, self._warnings)
        key = digest(record.path)
        if change := self._change(REPO + key, UNSEEN, content_of(event)):
            self._tell(f"repo/{key}", REPO + key, self._at, event, change)

    def session(self, found: Record) -> None:
        """One of `/api/sessions`; words that were heard before are not weighed again."""
        fields = found.value.get("session") if isinstance(found.value, dict) else None
        key = _key_of(fields)
        if key and key in self._seen:
            self._repeated()
            return
        self._seen.add(key)
        text = hash_of(found.text.encode())
        if key and self._memory.has_text(key, text):
            self.state.sessions += 1
            return
        before = self._warnings.total
        try:
            record = msgspec.convert(fields, SessionRecord)
        except msgspec.ValidationError as error:
            self._skip("session", fields, "session_uuid", error)
            return
        self.state.sessions += 1
        self._warnings.unknown(found.value, ENTRY_FIELDS)
        self._warnings.unknown(fields, SESSION_FIELDS)
        linked = links(found.value.get("repos"), self._warnings)
        event = session_reported(self._upstream, record, linked, self._warnings)
        if self._warnings.total > before:
            text = UNSEEN
        if change := self._change(key, text, content_of(event)):
            self._report(event, key, change)

    def _repeated(self) -> None:
        """The first one counts: to take the last would be news in every pull."""
        self._warnings.add("repeated_session")
        if self._warnings.counts["repeated_session"] > MAX_REPEATED:
            raise wrong(self._upstream, "lists the same sessions over and over", transient=True)

    def _change(self, key: str, text: bytes, content: bytes) -> Known | None:
        """What is known from now on if the content is new; else at most its text is remembered."""
        known = self._memory.known(key)
        if known.content != content:
            return Known(text, content, known.changes + 1)
        if known.text != text:
            self._checkpoints[key] = packed(known._replace(text=text))
        return None

    def _report(self, event: SessionReported, key: str, change: Known) -> None:
        at = event.ended_at or event.started_at or self._at
        for link in event.repos:
            self._repos.add(link.repo)
        checkout = self._checkouts.observe(event.cwd, at)
        if checkout:
            self._drafts.append(checkout)
        self._tell(session_stream(event.agent, event.session), key, at, event, change)

    def _tell(self, stream: str, key: str, at: int, event: Event, change: Known) -> None:
        """The number of the change is in the key: what is said again later is news again."""
        draft_key = f"recall/{self._source}/{key}/{change.changes}/{change.content.hex()}"
        self._drafts.append(Draft(stream, draft_key, at, event))
        self._checkpoints[key] = packed(change)

    def _skip(self, what: str, fields: Any, name: str, error: Exception) -> None:
        """Leave one record out by name; the rest lands."""
        self._skipped += 1
        self._warnings.add(f"skipped_{what}")
        if self._skipped <= LOGGED_SKIPS:
            named = fields.get(name) if isinstance(fields, dict) else None
            said = {"uuid" if what == "session" else name: str(named)[:NAMED_CHARS]}
            self._logger.warning(f"{what}_skipped", why=str(error), **(said if named else {}))

    def summarize(self) -> None:
        """All was read: what was odd, by kind, and how much was left out without a line."""
        if self._skipped > LOGGED_SKIPS:
            self._logger.warning("more_skipped", records=self._skipped - LOGGED_SKIPS)
        for kind, times in self._warnings.counts.items():
            count_warning(self.state.warnings, kind, times)


def _key_of(fields: Any) -> str:
    """The checkpoint's key of a session; empty for what is none and will be skipped."""
    if not isinstance(fields, dict):
        return ""
    uuid, path = fields.get("session_uuid"), fields.get("source_file")
    if not isinstance(uuid, str) or not isinstance(path, str):
        return ""
    return f"{SESSION}{agent_of(path)}/{uuid}"
