"""A pull's course: the events of `pull/<id>`, of which exactly one is terminal."""

from session_lattice.events.base import Event


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


TERMINAL = (PullFinished, PullFailed, PullCancelled)
