"""The typed events, the draft that a source makes and the envelope that the log keeps.

Events are frozen msgspec structs of a union discriminated by `type`, because a first ingest
makes hundreds of thousands of them: one is built and encoded in about 2 µs, where a Pydantic
model took 5. Times are integer microseconds since the Unix epoch, UTC; sizes are bytes.
They hold no cycles, so the garbage collector need not look at them.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

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
Text = str
Tokens = Annotated[int, Meta(ge=0)]


class Event(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", gc=False
):
    """What happened; the fields that place it are in the draft and the envelope."""


class Touch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One file that a tool call names: an absolute path where the line's cwd allows it."""

    path: str
    action: Action


# --- session/<agent>/<uuid> -------------------------------------------------------------


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
    input_tokens: Tokens = 0
    output_tokens: Tokens = 0
    cache_write_tokens: Tokens = 0
    cache_write_1h_tokens: Tokens = 0
    cache_read_tokens: Tokens = 0
    reasoning_tokens: Tokens = 0
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


# --- repo/<id> --------------------------------------------------------------------------


class CheckoutObserved(Event, frozen=True, kw_only=True, tag="checkout.observed"):
    """A working directory belongs to `repo`; `worktree` is its checkout's top directory.

    `evidence` is "git" when a `.git` on disk says so, "layout" when the path itself does,
    "cwd" when nothing is known and the directory stands for itself.
    """

    cwd: str
    repo: str
    worktree: str
    evidence: Literal["git", "layout", "cwd"]


# --- pull/<id> --------------------------------------------------------------------------


class PullStarted(Event, frozen=True, kw_only=True, tag="pull.started"):
    """A pull began. `reason` is "start", "tick", "asked" or "once"."""

    pull: str
    reason: str


class PullProgressed(Event, frozen=True, kw_only=True, tag="pull.progressed"):
    """Bytes of transcripts read so far, of those that are to be read."""

    pull: str
    done_bytes: int
    total_bytes: int


class ViewMaterialized(Event, frozen=True, kw_only=True, tag="view.materialized"):
    """A view was refreshed: `dirty` keys recomputed, `rows` in it now."""

    pull: str
    view: str
    dirty: int
    rows: int
    duration_ms: int


class GenerationPublished(Event, frozen=True, kw_only=True, tag="generation.published"):
    """Generation `generation` is what readers get from now on."""

    pull: str
    generation: int
    bytes: int


class PullFinished(Event, frozen=True, kw_only=True, tag="pull.finished"):
    """The pull did all it had to; `generation` is None when nothing had changed."""

    pull: str
    generation: int | None
    events: int
    duration_ms: int


class PullFailed(Event, frozen=True, kw_only=True, tag="pull.failed"):
    """The pull gave up; the last good generation stays up.

    `reason` is "timeout", "source", "log", "store", "interrupted" (the puller died, and the
    next one says so) or "error".
    """

    pull: str
    error: str
    reason: str = ""
    hint: str = ""
    duration_ms: int = 0


class PullCancelled(Event, frozen=True, kw_only=True, tag="pull.cancelled"):
    """The pull was ended between two batches."""

    pull: str
    duration_ms: int = 0


AnyEvent = (
    SessionObserved
    | TranscriptChanged
    | MessageUser
    | MessageAssistant
    | UsageReported
    | ToolCalled
    | ToolReturned
    | SessionCompacted
    | SubagentLinked
    | CheckoutObserved
    | PullStarted
    | PullProgressed
    | ViewMaterialized
    | GenerationPublished
    | PullFinished
    | PullFailed
    | PullCancelled
)

TERMINAL = (PullFinished, PullFailed, PullCancelled)


class Draft(msgspec.Struct, frozen=True, gc=False):
    """An event on its way to the log.

    `key` is its natural identity over all time ("claude_code/<uuid>/0"): a second delivery
    is a silent no-op. `ts` is when it happened, microseconds since the epoch, UTC.
    """

    stream: str
    key: str
    ts: int
    event: Event


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """An event as the log keeps it; `data` is the JSON that was appended, type included."""

    position: int
    stream: str
    seq: int
    ts: int
    type: str
    terminal: bool
    origin: str
    data: bytes


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyEvent)


def encode(event: Event) -> bytes:
    """One line of JSON without a newline; fields at their default are left out."""
    return _encoder.encode(event)


def decode(data: bytes) -> Any:
    """The typed event, or a plain dict when its type is from a newer version."""
    try:
        return _decoder.decode(data)
    except msgspec.ValidationError:
        return msgspec.json.decode(data)


def validate(data: bytes) -> None:
    """Raise msgspec.ValidationError unless `data` is an event of this version."""
    _decoder.decode(data)


def session_stream(agent: str, session: str) -> str:
    return f"session/{agent}/{session}"


def is_bounded(stream: str) -> bool:
    """Whether the stream is a job's, which ends in exactly one terminal event."""
    return stream.startswith("pull/")
