"""What base tables must hold once a world has been pulled; times are microseconds."""

import json
from collections.abc import Mapping

from tests.upstream import records
from tests.upstream.records import Record
from tests.upstream.world import World

Row = tuple[object, ...]

REPORT_COLUMNS = (
    "session", "path", "cwd", "started_at", "ended_at", "messages", "user_messages",
    "assistant_messages", "sidechain_messages", "last_prompt", "input_tokens", "output_tokens",
    "cache_write_tokens", "cache_read_tokens",
)  # fmt: skip
"""Of the table `reports`, in the order of `reports`; text that is unknown is ""."""


def key(uuid: str) -> str:
    """A session's key in every table."""
    return f"claude_code/{uuid}"


def reports(world: World) -> set[Row]:
    return {_report(world.session(number)) for number in range(len(world))}


def reported_tools(world: World) -> set[Row]:
    """(session, tool, calls, errors)."""
    return {row for number in range(len(world)) for row in _tools(world.session(number))}


def session_repos(world: World) -> set[Row]:
    """(session, repo, name)."""
    return {
        (key(world.uuid(number)), place.path, place.name)
        for number in range(len(world))
        for place in world.places_of(number)
    }


def repos(world: World) -> set[Row]:
    """(repo, name)."""
    return {(records.repo_path(number), records.repo_name(number)) for number in range(world.repos)}


def _report(session: Record) -> Row:
    return (
        key(session["session_uuid"]),
        session["source_file"],
        session["cwd"] or "",
        _micros(session["started_at"]),
        _micros(session["ended_at"]),
        session["message_count"],
        session["user_message_count"],
        session["assistant_message_count"],
        session["is_sidechain_count"],
        session["last_prompt"] or "",
        session["input_tokens"],
        session["output_tokens"],
        session["cache_creation_tokens"],
        session["cache_read_tokens"],
    )


def _micros(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1_000_000


def _tools(session: Record) -> list[Row]:
    counts: Mapping[str, Mapping[str, int]] = json.loads(session["tool_call_counts_json"] or "{}")
    name = key(session["session_uuid"])
    return [(name, tool, count["calls"], count["errors"]) for tool, count in counts.items()]
