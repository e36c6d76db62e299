"""What happened in a session: the events of `session/<agent>/<uuid>`."""

from typing import Literal

import msgspec

from session_lattice.events.base import Count, Event, Text
from session_lattice.events.repository import ReferenceKind

Action = Literal["read", "search", "create", "edit", "delete", "move"]
MessageKind = Literal[
    "prompt",  # typed by a person
    "command",  # a slash or ! command, and what it printed
    "injected",  # put there by the agent's own harness
    "summary",  # the summary that stands for compacted history
    "notification",  # a background task or another agent reports
    "interrupt",  # the person stopped the turn
    "reply",  # what the model said
]
TranscriptState = Literal[
    "present", "moved", "archived", "rewritten", "truncated", "replaced", "deleted", "unreadable"
]


class Touch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One file that a tool call names: an absolute path where the line's cwd allows it.

    `added` and `removed` are sketches of the lines that an edit wrote and took (`sources.sketch`).
    """

    path: str
    action: Action
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()


class SessionEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Fields every event of a session has. `subagent` is "" on the main thread."""

    agent: str
    session: str
    subagent: str = ""
    cwd: str = ""
    branch: str = ""


class SessionObserved(SessionEvent, frozen=True, kw_only=True, tag="session.observed"):
    """Facts about a session; each event carries the ones that are new or changed.

    `title_rank` orders titles by who gave them (higher wins, then the later one):
    1 first prompt, 2 summary, 3 generated title, 4 the person's own title.
    """

    path: str = ""
    title: str = ""
    title_rank: int = 0
    version: str = ""
    entrypoint: str = ""
    parent_session: str = ""
    forked_from: str = ""
    repository_url: str = ""
    sample: bool = False


class TranscriptChanged(SessionEvent, frozen=True, kw_only=True, tag="transcript.changed"):
    """The file behind a session moved, vanished, came back or was rewritten."""

    path: str
    state: TranscriptState
    former_path: str = ""


class MessageUser(SessionEvent, frozen=True, kw_only=True, tag="message.user"):
    """Text that went to the model. `text_bytes` is its full size when `text` was cut."""

    message: str
    kind: MessageKind
    text: Text
    text_bytes: int


class MessageAssistant(SessionEvent, frozen=True, kw_only=True, tag="message.assistant"):
    """Text that the model answered with."""

    message: str
    kind: MessageKind = "reply"
    text: Text
    text_bytes: int
    model: str = ""
    response: str = ""


class UsageReported(SessionEvent, frozen=True, kw_only=True, tag="usage.reported"):
    """The usage of one answer of the model's API, as far as it is known by now.

    `response` identifies the answer over all files of the agent; of several events for one
    response the greatest `total` counts, and session, time and place are the first one's.
    `input_tokens` leaves cache reads and writes out; `output_tokens` includes reasoning.
    """

    response: str
    model: str
    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_write_tokens: Count = 0
    cache_write_1h_tokens: Count = 0
    cache_read_tokens: Count = 0
    reasoning_tokens: Count = 0
    speed: str = ""

    @property
    def total(self) -> int:
        return (
            self.input_tokens
            + self.output_tokens
            + self.cache_write_tokens
            + self.cache_read_tokens
        )


class ToolCalled(SessionEvent, frozen=True, kw_only=True, tag="tool.called"):
    """The model called a tool. `input` is JSON or text as given, cut like message text."""

    call: str
    name: str
    response: str = ""
    input: Text = ""
    input_bytes: int = 0
    files: tuple[Touch, ...] = ()


class ToolReturned(SessionEvent, frozen=True, kw_only=True, tag="tool.returned"):
    """A call's result. `ok` is None when the transcript has no flag that tells.

    `files` is set where the result names what really changed. `output` is an excerpt.
    """

    call: str
    ok: bool | None = None
    denied: bool = False
    exit_code: int | None = None
    duration_ms: int | None = None
    output: Text = ""
    output_bytes: int = 0
    files: tuple[Touch, ...] = ()


class SessionCompacted(SessionEvent, frozen=True, kw_only=True, tag="session.compacted"):
    """History was replaced by a summary. `trigger` is "auto", "manual" or ""."""

    trigger: str = ""
    pre_tokens: int | None = None


class SubagentLinked(SessionEvent, frozen=True, kw_only=True, tag="subagent.linked"):
    """The call `call` of this session (of its `subagent`) started another agent.

    The child is `(child_session, child_subagent)`: for Claude Code the same session and an
    agent id, for Codex a thread of its own and "". `evidence` names the record that says so.
    """

    child_session: str
    child_subagent: str = ""
    call: str = ""
    kind: str = ""
    description: str = ""
    evidence: str = ""


class ReferenceObserved(SessionEvent, frozen=True, kw_only=True, tag="reference.observed"):
    """The session named a pull request or an issue; fields as those of `Reference`.

    `evidence` is "pr_link" for a record of the agent's own, "url" for an address in a text,
    "mention" for `owner/repo#12`. It was read in the call `call` or the message `message`.
    """

    number: Count
    slug: str = ""
    host: str = ""
    kind: ReferenceKind = "either"
    evidence: Literal["pr_link", "url", "mention"]
    call: str = ""
    message: str = ""
