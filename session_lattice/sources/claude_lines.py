"""The parts of Claude Code's lines that are used, and what kind of message a text is."""

import re
from typing import Any

import msgspec

from session_lattice.events import MessageKind
from session_lattice.sources.claude_usage import Usage

PROBE_CHARS = 200
"""Characters at the beginning of a text that decide what kind of message it is."""

KNOWN_TYPES = frozenset(
    {
        "agent-name",
        "atis-latch",
        "bridge-session",
        "file-history-delta",
        "file-history-snapshot",
        "fork-context-ref",
        "frame-link",
        "last-prompt",
        "mode",
        "permission-mode",
        "queue-operation",
        "relocated",
        "worktree-state",
    }
)
"""Types of lines that make no event."""

KNOWN_SUBTYPES = frozenset(
    {
        "api_error",
        "away_summary",
        "bridge_status",
        "compact_boundary",
        "informational",
        "local_command",
        "microcompact_boundary",
        "model_refusal_fallback",
        "scheduled_task_fire",
        "stop_hook_summary",
        "turn_duration",
    }
)

KNOWN_BLOCKS = frozenset({"thinking", "redacted_thinking", "fallback"})
"""Types of an assistant's blocks that make no event: thinking is not kept."""

KNOWN_MAJORS = ("1.", "2.")
"""Beginnings of the versions whose lines are known; others are read alike and counted."""


class Part(msgspec.Struct, gc=False):
    """One part of a tool result's content."""

    type: Any = None
    text: Any = None


Content = str | list[Part] | dict[str, msgspec.Raw] | int | float | bool | None


class Block(msgspec.Struct, gc=False):
    """One block of a message's content; which fields are set depends on `type`."""

    type: str = ""
    text: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw()
    tool_use_id: str | None = None
    content: Content = None
    is_error: bool | None = None


class Message(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    content: str | list[Block] | None = None
    usage: Usage | None = None


class Origin(msgspec.Struct, gc=False):
    kind: str | None = None


class Compaction(msgspec.Struct, rename="camel", gc=False):
    trigger: str | None = None
    pre_tokens: int | None = None


class Result(msgspec.Struct, rename="camel", gc=False):
    """`toolUseResult` when it is an object; each tool fills in others of these."""

    type: Any = None
    file_path: Any = None
    content: msgspec.Raw = msgspec.Raw()
    structured_patch: msgspec.Raw = msgspec.Raw()
    agent_id: Any = None
    interrupted: Any = None
    background_task_id: Any = None
    return_code_interpretation: Any = None
    total_duration_ms: Any = None
    duration_ms: Any = None
    duration_seconds: Any = None


class ProgressMessage(msgspec.Struct, rename="camel", gc=False):
    request_id: str | None = None
    message: Message | None = None


class Progress(msgspec.Struct, rename="camel", gc=False):
    """The `data` of a progress line; that of `agent_progress` holds a subagent's message."""

    type: Any = None
    agent_id: Any = None
    message: msgspec.Raw = msgspec.Raw()


class Attachment(msgspec.Struct, gc=False):
    type: Any = None
    prompt: msgspec.Raw = msgspec.Raw()


class Line(msgspec.Struct, rename="camel", gc=False):
    """One line; None stands for what is not there."""

    type: str = ""
    uuid: str | None = None
    parent_uuid: str | None = None
    session_id: str | None = None
    timestamp: str | None = None
    cwd: str | None = None
    git_branch: str | None = None
    version: str | None = None
    entrypoint: str | None = None
    agent_id: str | None = None
    request_id: str | None = None
    is_sidechain: bool | None = None
    is_meta: bool | None = None
    is_compact_summary: bool | None = None
    origin: Origin | None = None
    prompt_source: str | None = None
    tool_denial_kind: str | None = None
    message: Message | None = None
    tool_use_result: Result | str | list[msgspec.Raw] | int | float | bool | None = None
    subtype: str | None = None
    content: Content = None
    compact_metadata: Compaction | None = None
    data: Progress | None = None
    parent_tool_use_id: str | None = msgspec.field(default=None, name="parentToolUseID")
    attachment: Attachment | None = None
    summary: str | None = None
    leaf_uuid: str | None = None
    ai_title: str | None = None
    custom_title: str | None = None
    pr_number: Any = None
    pr_url: Any = None
    pr_repository: Any = None


_LATER = {
    Result: frozenset({"content", "structured_patch"}),
    Line: frozenset({"pr_number", "pr_url", "pr_repository"}),
}
"""Fields that were not read from the beginning: events have keys from before."""


def content_of(line: Line) -> bytes:
    """What a line says, to know it again where it has no uuid."""
    fields = _known(line)
    if isinstance(line.tool_use_result, Result):
        fields["toolUseResult"] = _known(line.tool_use_result)
    return msgspec.json.encode(fields)


def _known(told: Line | Result) -> dict[str, Any]:
    fields = msgspec.structs.fields(type(told))
    later = _LATER[type(told)]
    return {
        field.encode_name: getattr(told, field.name) for field in fields if field.name not in later
    }


_TAG = re.compile(r"<([a-z][a-z_-]*)")
_TAG_KINDS: dict[str, MessageKind] = {
    "command-name": "command",
    "command-message": "command",
    "command-args": "command",
    "local-command-stdout": "command",
    "local-command-stderr": "command",
    "bash-input": "command",
    "bash-stdout": "command",
    "bash-stderr": "command",
    "user-memory-input": "command",
    "local-command-caveat": "injected",
    "system-reminder": "injected",
    "ide_opened_file": "injected",
    "ide_selection": "injected",
    "ide_diagnostics": "injected",
    "user-prompt-submit-hook": "injected",
    "new-diagnostics": "injected",
    "task-notification": "notification",
    "teammate-message": "notification",
}
_BEGINNINGS: tuple[tuple[str, MessageKind], ...] = (
    ("[Request interrupted by user", "interrupt"),
    ("This session is being continued from a previous conversation", "summary"),
    ("Caveat: The messages below were generated by the user while running", "injected"),
)
_ORIGIN_KINDS: dict[str, MessageKind] = {
    "peer": "notification",
    "coordinator": "notification",
    "task-notification": "notification",
}


def kind_of(line: Line, text: str, *, in_subagent: bool) -> MessageKind:
    """Whose words a user line's text is. No person typed a subagent's prompt."""
    if line.is_compact_summary:
        return "summary"
    beginning = text[:PROBE_CHARS].lstrip()
    if beginning.startswith("<"):
        tag = _TAG.match(beginning)
        if tag and (kind := _TAG_KINDS.get(tag[1])):
            return kind
    else:
        for start, kind in _BEGINNINGS:
            if beginning.startswith(start):
                return kind
    if line.origin and line.origin.kind in _ORIGIN_KINDS:
        return _ORIGIN_KINDS[line.origin.kind]
    injected = line.is_meta or in_subagent or line.prompt_source == "system"
    return "injected" if injected else "prompt"


_PLACEHOLDERS = {
    "image": "[image]",
    "document": "[document]",
    "tool_reference": "[tool reference]",
}
_content = msgspec.json.Decoder(Content)
_progress_message = msgspec.json.Decoder(ProgressMessage)


def text_of(content: Content) -> str:
    """What a result or a system line says; other shapes as JSON."""
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if isinstance(content, list):
        return "\n".join(filter(None, map(_part_text, content)))
    return msgspec.json.encode(content).decode()


def _part_text(part: Part) -> str:
    if isinstance(part.text, str):
        return part.text
    return _PLACEHOLDERS.get(part.type, "") if isinstance(part.type, str) else ""


def prompt_of(attachment: Attachment) -> str:
    """The text of a queued prompt; "" when it is of a shape not known."""
    try:
        return text_of(_content.decode(attachment.prompt))
    except msgspec.DecodeError:
        return ""


def message_of(progress: Progress) -> ProgressMessage | None:
    """The subagent's message in a progress line; None when it is of a shape not known."""
    try:
        return _progress_message.decode(progress.message)
    except msgspec.DecodeError:
        return None


def block_text(block: Block) -> str:
    return block.text or _PLACEHOLDERS.get(block.type, "")
