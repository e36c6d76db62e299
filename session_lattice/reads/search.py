"""What was said, run and went wrong with these words in it."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import msgspec

from session_lattice.errors import QueryError, RequestError
from session_lattice.heartbeat import Heartbeat
from session_lattice.reads import times
from session_lattice.reads.freshness import freshness
from session_lattice.reads.paging import MAX_CURSOR_CHARS
from session_lattice.reads.queries import sample
from session_lattice.reads.sessions import ending, find_session
from session_lattice.reads.shapes import SearchAnswer, SearchHit, SearchIndex
from session_lattice.reads.snapshot import Snapshot
from session_lattice.reads.sql import statement
from session_lattice.search.document import CALL, ERROR, KINDS
from session_lattice.search.finder import LAST, Found, Hit, Wanted, find
from session_lattice.search.index import State

DEFAULT_HITS = 20
MAX_HITS = 100
"""Of one page."""

MAX_CWDS = 10_000
"""Directories of the repositories that one search asks for."""

MAX_NAMES = 20_000
"""Titles and repositories that are kept of one generation."""

MAX_ALTERNATIVES = 50
"""Agents, tools or kinds that one search asks for."""

PARAMETERS = (
    *("q", "repo", "agent", "tool", "kind", "session", "since", "until", "limit", "after"),
)

_cursor = msgspec.json.Decoder(tuple[str, int, list[int]])


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for, as texts; "" for any. Alternatives are separated by commas."""

    q: str
    repo: str = ""
    agent: str = ""
    tool: str = ""
    kind: str = ""
    session: str = ""
    since: str = ""
    until: str = ""
    limit: int = DEFAULT_HITS
    after: str = ""

    def fingerprint(self, state: State) -> str:
        """What a cursor belongs to: the same search, whatever its pages, in the same index."""
        given = {**asdict(self), "limit": 0, "after": state.life}
        return blake2b(msgspec.json.encode(given), digest_size=6).hexdigest()


def asked(named: Mapping[str, str]) -> Search:
    """From the parameters of a request. Raises RequestError."""
    limit = named.get("limit") or str(DEFAULT_HITS)
    if not (
        limit.isascii() and limit.isdigit() and len(limit) < 10 and 1 <= int(limit) <= MAX_HITS
    ):
        raise RequestError(
            f"limit is {limit[:80]!r}", hint=f"use a whole number from 1 to {MAX_HITS}"
        )
    if "q" not in named:
        raise QueryError("there is no query", hint="say in q what to search for")
    texts = {name: text for name, text in named.items() if name != "limit"}
    return Search(**texts, limit=int(limit))


def search(snapshot: Snapshot, beat: Heartbeat | None, index: Path, wanted: Search) -> SearchAnswer:
    """A page of the documents in the file `index` that match, the best of the newest first.

    Raises QueryError for words that cannot be meant, RequestError for filters that cannot,
    SearchError for an index that cannot be read.
    """
    told, last, seen = _decoded(wanted.after)
    found = find(index, _wanted(snapshot, wanted, last, seen))
    mark = wanted.fingerprint(found.state)
    if wanted.after and told != mark:
        raise RequestError(
            "the cursor belongs to another search, or to an index that was made anew since",
            hint="use it with the request that returned it, or leave it out to begin anew",
        )
    return SearchAnswer(
        generation=snapshot.generation,
        sample=sample(snapshot),
        freshness=freshness(snapshot, beat, None),
        query=wanted.q,
        hits=_hits(snapshot, found.hits),
        ranked=found.ranked,
        ranked_all=found.ranked_all,
        next=_encoded(mark, *found.next) if found.next else None,
        index=_index(snapshot, found),
    )


def _wanted(snapshot: Snapshot, wanted: Search, last: int, seen: list[int]) -> Wanted:
    return Wanted(
        query=wanted.q,
        limit=wanted.limit,
        sessions=[find_session(snapshot, wanted.session)] if wanted.session else None,
        agents=_alternatives(wanted.agent),
        kinds=_kinds(wanted.kind),
        tools=_alternatives(wanted.tool),
        cwds=_cwds(snapshot, wanted.repo) if wanted.repo else None,
        since=_micros(wanted.since),
        until=_micros(wanted.until),
        last=last,
        seen=frozenset(seen),
    )


def _alternatives(text: str) -> list[str] | None:
    found = [part.strip() for part in text.split(",") if part.strip()]
    if len(found) > MAX_ALTERNATIVES:
        raise RequestError(f"{len(found)} alternatives", hint=f"at most {MAX_ALTERNATIVES}")
    return found or None


def _kinds(text: str) -> list[str] | None:
    found = _alternatives(text)
    if unknown := sorted({*(found or ())} - {*KINDS}):
        raise RequestError(
            f"there is no kind {unknown[0][:80]!r}", hint=f"the kinds are {', '.join(KINDS)}"
        )
    return found


def _cwds(snapshot: Snapshot, repo: str) -> list[str]:
    """Where a repository's sessions worked, by what is known of it now."""
    name = ending(repo)
    given = (name, name, MAX_CWDS + 1)
    found = snapshot.connection.execute(statement("repo_cwds"), given).fetchall()
    if len(found) > MAX_CWDS:
        raise RequestError(
            f"more than {MAX_CWDS} directories are in a repository {repo[:80]!r}",
            hint="say more of its path",
        )
    return [cwd for (cwd,) in found]


def _micros(text: str) -> int | None:
    return times.micros(times.parse(text, datetime.now(UTC))) if text else None


def _hits(snapshot: Snapshot, hits: list[Hit]) -> list[SearchHit]:
    titles = _looked_up(snapshot, "titles", {hit.session for hit in hits})
    repos = _looked_up(snapshot, "cwd_repos", {hit.cwd for hit in hits})
    return [_hit(hit, titles.get(hit.session), repos.get(hit.cwd)) for hit in hits]


def _looked_up(snapshot: Snapshot, name: str, keys: set[str]) -> dict[str, str | None]:
    """What the generation says of each key; it is asked for each only once."""
    kept = snapshot.served.names
    found: dict[str, str | None] = {key: kept[name, key] for key in keys if (name, key) in kept}
    if missing := sorted(keys - found.keys()):
        rows = snapshot.connection.execute(statement(name), (missing,)).fetchall()
        fresh = {**dict.fromkeys(missing), **dict(rows)}
        if len(kept) + len(fresh) <= MAX_NAMES:
            kept.update({(name, key): value for key, value in fresh.items()})
        found.update(fresh)
    return found


def _hit(hit: Hit, title: str | None, repo: str | None) -> SearchHit:
    of_call = hit.kind in (CALL, ERROR)
    return SearchHit(
        session=hit.session,
        title=title,
        ts=times.from_micros(hit.ts),
        kind=hit.kind,
        snippet=hit.snippet.text,
        marks=hit.snippet.marks,
        score=hit.score,
        agent=hit.agent,
        repo=repo,
        cwd=hit.cwd or None,
        tool=hit.tool or None,
        subagent=hit.subagent,
        message=None if of_call else hit.source,
        call=hit.source if of_call else None,
    )


def _index(snapshot: Snapshot, found: Found) -> SearchIndex:
    state, stamp = found.state, snapshot.stamp
    return SearchIndex(
        documents=found.documents,
        complete=state.epoch == stamp.log_epoch and state.position >= stamp.log_position,
        whole_at=times.from_micros(state.whole_at) if state.whole_at else None,
    )


def _encoded(mark: str, last: int, seen: list[int]) -> str:
    """What was told goes into the cursor: new documents change every score a little, and so
    the order, but never what is still to come."""
    encoded = msgspec.json.encode((mark, last, seen))
    return base64.urlsafe_b64encode(encoded).rstrip(b"=").decode()


def _decoded(cursor: str) -> tuple[str, int, list[int]]:
    if not cursor:
        return "", LAST, []
    try:
        if len(cursor) > MAX_CURSOR_CHARS:
            raise ValueError("too long")
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        mark, last, seen = _cursor.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
        return mark, max(0, min(last, LAST)), seen
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise RequestError(
            "the cursor cannot be read", hint="use `next` of the page before, unchanged"
        ) from error
