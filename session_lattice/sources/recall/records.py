"""What a recall service says of a session and of a repository, and the events that it makes.

The fields are those of docs/upstream.md. Times come in seconds (a duration in milliseconds) and
leave in microseconds. Ids are handed out anew when the service likes, so none is kept.
"""

from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from session_lattice.config import shown
from session_lattice.events import RepoLink, RepoObserved, SessionReported, StopCount, ToolCount
from session_lattice.sources.text import clip

MAX_NUMBER = 10**15
"""A count above this is garbage."""

MAX_SECONDS = 4_102_444_800
"""The year 2100: a time behind it was given in another unit."""

MAX_NAMES = 1_000
"""Models, tools, reasons, links or branches kept of one record."""

CACHED_NAMES = 4_096
"""Lists of models or tools, of which many sessions have the same."""

NAME_BYTES = 512
TEXT_BYTES = 4 * 1024
"""Of a path or an address."""

PROMPT_BYTES = 1024
UTF8_BYTES = 4
"""Of a character at most."""

MAX_UUID_CHARS = 200
MICROSECONDS = 1_000_000

CLAUDE_CODE, CODEX = "claude_code", "codex"
ROLLOUT = "rollout-"
"""How Codex calls its transcripts; Claude Code's are called by a uuid."""

Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
Uuid = Annotated[str, Meta(min_length=1, max_length=MAX_UUID_CHARS)]


class SessionRecord(msgspec.Struct, kw_only=True, gc=False):
    """`session` of one entry of `/api/sessions`; what has no default must be there."""

    session_uuid: Uuid
    source_file: str
    message_count: Number
    user_message_count: Number
    assistant_message_count: Number
    is_sidechain_count: Number
    input_tokens: Number
    output_tokens: Number
    cache_read_tokens: Number
    cache_creation_tokens: Number
    models_used: list[str]
    tools_used: list[str]
    tool_call_counts_json: str
    stop_reason_counts_json: str
    cwd: str | None = None
    started_at: int | float | None = None
    ended_at: int | float | None = None
    duration_ms: Number | None = None
    last_prompt: str | None = None
    parent_uuid: str | None = None
    request_id: str | None = None
    message_id: str | None = None


class Branch(msgspec.Struct, gc=False):
    """A branch that nobody has worked on for long; its age grows, so only the name is kept."""

    name: str


class RepoRecord(msgspec.Struct, kw_only=True, gc=False):
    """One of `repos` of `/`, as far as it is kept; only the path must be there."""

    path: Annotated[str, Meta(min_length=1)]
    name: str = ""
    commits_30d: Number = 0
    loc_churn_30d: Number = 0
    authors_30d: Number = 0
    untracked_files: Number = 0
    modified_files: Number = 0
    commits_ahead: Number = 0
    commits_behind: Number = 0
    stash_count: Number = 0
    head_ref: str | None = None
    in_progress_op: str | None = None
    stale_branches: list[Branch] = []
    open_prs: Number = 0
    draft_prs: Number = 0
    open_issues: Number = 0
    prs_awaiting_my_review: Number = 0
    prs_mine_awaiting_review: Number = 0
    prs_mine_no_reviewer: Number = 0
    my_draft_prs: Number = 0
    issues_assigned_to_me: Number = 0
    deploy_workflow: str | None = None
    deploy_status: str | None = None
    deploy_last_success_ts: int | float | None = None
    remote_url: str | None = None
    default_branch: str | None = None


class _Calls(msgspec.Struct, gc=False):
    calls: Number = 0
    errors: Number = 0


ENTRY_FIELDS = frozenset({"session", "repos"})
SESSION_FIELDS = frozenset(SessionRecord.__struct_fields__) | {"id"}
REPO_FIELDS = frozenset(RepoRecord.__struct_fields__) | {
    *("id", "session_count", "action_required", "action_signals", "activity_score"),
}
"""Fields that are known; those not kept change with every look, or follow from others."""

_tools = msgspec.json.Decoder(dict[str, _Calls])
_stops = msgspec.json.Decoder(dict[str, Number])


class Warnings:
    """Counts of what is odd in one answer, by kind."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def add(self, kind: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def unknown(self, fields: Any, known: frozenset[str]) -> None:
        """Fields of a schema from the future: ignored, but not in silence."""
        if isinstance(fields, dict) and not fields.keys() <= known:
            for name in list(fields.keys() - known)[:MAX_NAMES]:
                self.add(f"unknown_field {str(name)[:40]}")


def agent_of(source_file: str) -> str:
    """Whose transcript it is, by where it lies: the service does not say."""
    is_codex = ROLLOUT in source_file or "/.codex/" in source_file
    return CODEX if is_codex else CLAUDE_CODE


def links(given: Any, warnings: Warnings) -> list[tuple[str, str]]:
    """(path, name) of `[[repo_id, name, path], …]`, in the order of the paths."""
    found = set()
    for one in given[:MAX_NAMES] if isinstance(given, list) else ():
        match one:
            case [_, str(name), str(path)] if path:
                found.add((path, name))
            case _:
                warnings.add("bad_repo_link")
    return sorted(found)


def session_reported(
    upstream: str, record: SessionRecord, linked: list[tuple[str, str]], warnings: Warnings
) -> SessionReported:
    return SessionReported(
        agent=agent_of(record.source_file),
        session=record.session_uuid,
        cwd=_text(record.cwd),
        upstream=upstream,
        path=_text(record.source_file),
        started_at=micros(record.started_at, warnings),
        ended_at=micros(record.ended_at, warnings),
        duration_ms=record.duration_ms,
        messages=record.message_count,
        user_messages=record.user_message_count,
        assistant_messages=record.assistant_message_count,
        sidechain_messages=record.is_sidechain_count,
        last_prompt=_cut(record.last_prompt, PROMPT_BYTES),
        input_tokens=record.input_tokens,
        output_tokens=record.output_tokens,
        cache_write_tokens=record.cache_creation_tokens,
        cache_read_tokens=record.cache_read_tokens,
        models=_names(record.models_used),
        tools_used=_names(record.tools_used),
        tool_counts=_tool_counts(record.tool_call_counts_json, warnings),
        stop_counts=_stop_counts(record.stop_reason_counts_json, warnings),
        repos=tuple(RepoLink(repo=_text(path), name=_name(name)) for path, name in linked),
        parent_uuid=_name(record.parent_uuid),
        request_id=_name(record.request_id),
        message_id=_name(record.message_id),
    )


def repo_observed(upstream: str, record: RepoRecord, warnings: Warnings) -> RepoObserved:
    return RepoObserved(
        repo=_text(record.path),
        upstream=upstream,
        name=_name(record.name),
        remote_url=shown(_text(record.remote_url)),
        default_branch=_name(record.default_branch),
        head=_name(record.head_ref),
        in_progress=_name(record.in_progress_op),
        commits_30d=record.commits_30d,
        changed_lines_30d=record.loc_churn_30d,
        authors_30d=record.authors_30d,
        untracked_files=record.untracked_files,
        modified_files=record.modified_files,
        commits_ahead=record.commits_ahead,
        commits_behind=record.commits_behind,
        stashes=record.stash_count,
        stale_branches=_names([branch.name for branch in record.stale_branches]),
        open_prs=record.open_prs,
        draft_prs=record.draft_prs,
        open_issues=record.open_issues,
        prs_awaiting_my_review=record.prs_awaiting_my_review,
        prs_mine_awaiting_review=record.prs_mine_awaiting_review,
        prs_mine_no_reviewer=record.prs_mine_no_reviewer,
        my_draft_prs=record.my_draft_prs,
        issues_assigned_to_me=record.issues_assigned_to_me,
        deploy_workflow=_name(record.deploy_workflow),
        deploy_status=_name(record.deploy_status),
        deployed_at=micros(record.deploy_last_success_ts, warnings),
    )


def micros(seconds: float | None, warnings: Warnings) -> int | None:
    """Seconds since the epoch as microseconds; None for none and for what is no such time."""
    if seconds is None:
        return None
    if not 0 <= seconds <= MAX_SECONDS:
        warnings.add("bad_time")
        return None
    return round(seconds * MICROSECONDS)


def _tool_counts(text: str, warnings: Warnings) -> tuple[ToolCount, ...]:
    try:
        counts = _tools.decode(text) if text else {}
    except (msgspec.DecodeError, UnicodeEncodeError):
        warnings.add("bad_tool_call_counts_json")
        return ()
    found = sorted(counts.items())[:MAX_NAMES]
    return tuple(ToolCount(name=_name(n), calls=c.calls, errors=c.errors) for n, c in found)


def _stop_counts(text: str, warnings: Warnings) -> tuple[StopCount, ...]:
    try:
        counts = _stops.decode(text) if text else {}
    except (msgspec.DecodeError, UnicodeEncodeError):
        warnings.add("bad_stop_reason_counts_json")
        return ()
    return tuple(
        StopCount(reason=_name(name), count=count)
        for name, count in sorted(counts.items())[:MAX_NAMES]
    )


def _names(given: list[str]) -> tuple[str, ...]:
    return _distinct(tuple(given[:MAX_NAMES]))


@lru_cache(CACHED_NAMES)
def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_name, names)))


def _name(text: str | None) -> str:
    return _cut(text, NAME_BYTES)


def _text(text: str | None) -> str:
    return _cut(text, TEXT_BYTES)


def _cut(text: str | None, limit: int) -> str:
    """At most `limit` bytes; what is short enough in any script need not be looked at."""
    if not text or len(text) * UTF8_BYTES <= limit:
        return text or ""
    return clip(text, limit)[0]
