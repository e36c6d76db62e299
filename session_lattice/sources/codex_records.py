"""The lines of a rollout file, as far as they are read.

One struct stands for all payloads and one for all lines: a line is decoded in one pass, and
what no field names is skipped without being built (the encrypted reasoning is most of a
file). Every field may be missing, in any version.
"""

from typing import Any

from msgspec import Struct, field


class Usage(Struct, frozen=True, omit_defaults=True, gc=False):
    """Tokens; input includes cached and cache-write tokens, output includes reasoning."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_output_tokens: int = 0
    total_tokens: int = 0


class TokenInfo(Struct, gc=False):
    total_token_usage: Usage | None = None
    last_token_usage: Usage | None = None


class Git(Struct, gc=False):
    branch: str | None = None
    repository_url: str | None = None


class HistoryBase(Struct, gc=False):
    """Where another rollout is cut off that this one goes on from without copying it."""

    thread_id: str | None = None


class Block(Struct, gc=False):
    """A part of a message; only text is kept."""

    type: str | None = None
    text: str | None = None


class ParsedCommand(Struct, gc=False):
    type: str | None = None
    cmd: str | None = None
    path: str | None = None


class FileChange(Struct, gc=False):
    type: str | None = None
    move_path: str | None = None
    content: Any = None
    unified_diff: Any = None


class TurnItem(Struct, gc=False):
    """What `item_completed` reports, in files of paginated history mostly."""

    type: str | None = None
    id: str | None = None
    content: list[Block] | None = None
    changes: dict[str, FileChange] | None = None
    cwd: str | None = None
    status: Any = None
    duration: Any = None
    kind: Any = None
    parsed_cmd: list[ParsedCommand] | None = field(default=None, name="parsedCmd")
    exit_code: int | None = field(default=None, name="exitCode")
    aggregated_output: str | None = field(default=None, name="aggregatedOutput")
    agent_thread_id: str | None = field(default=None, name="agentThreadId")


class Payload(Struct, gc=False):
    """The fields of every kind of payload, by what they are called there."""

    type: str | None = None
    id: str | None = None
    timestamp: str | None = None
    # session_meta, turn_context
    cwd: str | None = None
    model: str | None = None
    turn_id: str | None = None
    originator: str | None = None
    cli_version: str | None = None
    source: Any = None
    git: Git | None = None
    session_id: str | None = None
    forked_from_id: str | None = None
    parent_thread_id: str | None = None
    thread_source: str | None = None
    agent_role: str | None = None
    history_base: HistoryBase | None = None
    subagent_history_start_ordinal: int | None = None
    # response_item
    role: str | None = None
    content: str | list[Block] | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: Any = None
    input: Any = None
    call_id: str | None = None
    output: Any = None
    action: Any = None
    status: Any = None
    revised_prompt: str | None = None
    # event_msg
    message: Any = None
    text: str | None = None
    info: TokenInfo | None = None
    thread_name: str | None = None
    parsed_cmd: list[ParsedCommand] | None = None
    exit_code: int | None = None
    duration: Any = None
    stdout: str | None = None
    stderr: str | None = None
    aggregated_output: str | None = None
    success: bool | None = None
    changes: dict[str, FileChange] | None = None
    result: Any = None
    reason: Any = None
    item: TurnItem | None = None
    kind: Any = None
    event_id: str | None = None
    agent_thread_id: str | None = None
    new_thread_id: str | None = None
    # token_usage_record
    thread_id: str | None = None
    response_id: str | None = None
    usage: Usage | None = None


class Line(Payload, gc=False):
    """A line. Before the envelope of version 0.32 or so the payload's fields are the line's."""

    ordinal: int | None = None
    record_type: str | None = None
    payload: Payload | None = None
