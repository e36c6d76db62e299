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
class SourceStatus:
    """A source's state for `status`: "ok", "missing" or "unreadable", and what it counted.

    `warnings` counts bad input by kind over all that was read so far, restarts included.
    """

    name: str
    state: str
    root: str
    files: int
    warnings: Mapping[str, int] = field(default_factory=dict)


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
        """Look at the upstream once; bytes that `batches` would read now."""
        ...

    def batches(self) -> Iterator[Batch]:
        """Everything found by the last `pending`, in bounded batches, oldest file first."""
        ...

    def status(self) -> SourceStatus: ...
