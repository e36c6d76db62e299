"""What every source of events offers the puller."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from session_lattice.events import Draft

BATCH_BYTES = 4 * 1024 * 1024
"""Bytes of transcript that one batch covers, give or take its last line."""

TEXT_BYTES = 32 * 1024
"""Bytes of a message's text that are kept; the event says how many there were."""

INPUT_BYTES = 4 * 1024
"""Bytes of a tool call's input that are kept."""

OUTPUT_BYTES = 1024
"""Bytes of a tool call's output that are kept: its beginning and its end."""


WARNING_KINDS = 40
"""Kinds of warnings kept per file and shown per source; others count as "other"."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Drafts in order, and the checkpoints that hold once they are in the log.

    A checkpoint of None means that the key is done with and is forgotten.
    `read_bytes` is how much of the upstream the batch covers, for progress.
    """

    drafts: list[Draft]
    checkpoints: dict[str, bytes | None]
    read_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a source tells nothing now: in one line, with what to try, and since when.

    `since` is in microseconds since the epoch.
    """

    what: str
    advice: str
    since: int


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source's state for `status`, and what it counted: files, an upstream's sessions, or
    repositories.

    "ok"; "missing" or "unreadable" transcripts; a service that is "unreachable", with its
    `trouble`, or "scanning" for the first time. `warnings` counts bad input by kind over all
    that was read so far, restarts included.
    """

    name: str
    state: str
    root: str
    files: int | None = None
    sessions: int | None = None
    repositories: int | None = None
    warnings: Mapping[str, int] = field(default_factory=dict)
    trouble: Trouble | None = None
    version: str = ""
    """Of a service: which of its scans was taken whole."""

    @property
    def silent(self) -> bool:
        """Whether there may be more than what it has told."""
        return self.state in ("unreachable", "scanning")


class Source(Protocol):
    """Turns one upstream into drafts plus checkpoints; owns nothing durable.

    The puller calls `load` once with the checkpoints that the log holds under `name`, then
    `pending` and `batches` whenever the upstream may have changed. `batches` may be left
    half consumed: what was not appended with its checkpoints is read again.
    """

    @property
    def name(self) -> str:
        """Unique among the sources of a puller; the namespace of its checkpoints."""
        ...

    @property
    def roots(self) -> tuple[Path, ...]:
        """Directories to watch; they need not exist."""
        ...

    def load(self, checkpoints: Mapping[str, bytes]) -> None:
        """Take the state that an earlier run left in the log."""
        ...

    def pending(self) -> int:
        """Look at the upstream once; bytes that `batches` would read now, 0 if it cannot know."""
        ...

    def batches(self) -> Iterator[Batch]:
        """Everything found by the last `pending`, in bounded batches, oldest file first."""
        ...

    def abandon(self) -> None:
        """End a wait under way, from another thread, where one can be ended: by a SourceError."""
        ...

    def close(self) -> None:
        """Let go of what is open; nothing is asked of the source after this."""
        ...

    def status(self) -> SourceStatus: ...


def count_warning(counts: dict[str, int], kind: str, more: int) -> None:
    """Add to `kind`, or to "other" once there are WARNING_KINDS of them."""
    if kind not in counts and len(counts) >= WARNING_KINDS:
        kind = "other"
    counts[kind] = counts.get(kind, 0) + more
