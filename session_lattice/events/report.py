"""What an upstream tells of a session as a whole, beside what its transcript tells line by line."""

import msgspec

from session_lattice.events.base import Count, Text
from session_lattice.events.session import SessionEvent


class ToolCount(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How often a tool was called, and how many of its results were errors."""

    name: str
    calls: Count
    errors: Count


class StopCount(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many answers of the model ended for a reason, such as "end_turn"."""

    reason: str
    count: Count


class RepoLink(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A repository that the session has to do with; `repo` is its path."""

    repo: str
    name: str


class SessionReported(
    SessionEvent, frozen=True, kw_only=True, omit_defaults=True, tag="session.reported"
):
    """An upstream's claim about a session, whole: each report replaces the one before it.

    The transcript's own counts win over these. `upstream` is where the claim comes from, an
    address without what is secret in it. `path` is the transcript as the upstream sees it.
    Times are microseconds, None where the upstream does not know them. `input_tokens` leaves
    cache reads and writes out. `parent_uuid`, `request_id` and `message_id` are the last line's.
    """

    upstream: str
    path: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    duration_ms: Count | None = None
    messages: Count = 0
    user_messages: Count = 0
    assistant_messages: Count = 0
    sidechain_messages: Count = 0
    last_prompt: Text = ""
    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_write_tokens: Count = 0
    cache_read_tokens: Count = 0
    models: tuple[str, ...] = ()
    tools_used: tuple[str, ...] = ()
    tool_counts: tuple[ToolCount, ...] = ()
    stop_counts: tuple[StopCount, ...] = ()
    repos: tuple[RepoLink, ...] = ()
    parent_uuid: str = ""
    request_id: str = ""
    message_id: str = ""
