"""Every error the program raises: what happened, and what to try."""

from typing import ClassVar


class LatticeError(Exception):
    """The base of all errors meant for a person; `hint` is printed as "Try: ..."."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class ConfigError(LatticeError):
    """A setting has a value that cannot work."""

    exit_code = 2


class HomeError(LatticeError):
    """The home directory cannot be used."""


class HomeLockedError(HomeError):
    """Another puller holds the home; `holder` is its process id, 0 when unknown."""

    def __init__(self, what: str, *, holder: int, hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.holder = holder


class SourceError(LatticeError):
    """A source as a whole cannot be read; single bad files and lines are counted instead."""


class UpstreamError(SourceError):
    """An upstream service fails, or answers with what is no answer.

    `transient`: the same question may be answered a moment later. `retry_after_seconds` is how
    long the upstream asks to be left alone, None when it does not say.
    """

    def __init__(
        self,
        what: str,
        *,
        hint: str = "",
        transient: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(what, hint=hint)
        self.transient = transient
        self.retry_after_seconds = retry_after_seconds


class LogError(LatticeError):
    """The event log cannot be read or written."""


class NoLogError(LogError):
    """No event log has been begun yet: whatever comes is its first event."""


class LogLostError(LogError):
    """The event log was deleted, replaced or emptied while it was open; a new one is begun."""


class StoreError(LatticeError):
    """The store cannot be read or written."""


class ViewError(LatticeError):
    """A view of the catalog is wrong; `view` names it."""

    def __init__(self, view: str, what: str, *, hint: str = "") -> None:
        super().__init__(f"view {view}: {what}", hint=hint)
        self.view = view


class GenerationError(LatticeError):
    """A generation is missing, truncated or not a database."""


class NoGenerationError(GenerationError):
    """Nothing has been published yet."""


class SearchError(LatticeError):
    """The search index cannot be read or written."""


class NoSearchIndexError(SearchError):
    """No search index has been begun yet."""


class DamagedIndexError(SearchError):
    """The search index is no index of this version; a new one takes its place."""


class SlowSearchError(SearchError):
    """A search was ended because it took too long."""


class RequestError(LatticeError):
    """A read asks for something that cannot be answered as asked."""


class CursorError(RequestError):
    """A cursor is not of the form `<epoch>-<number>`."""


class QueryError(RequestError):
    """What is to be searched for cannot be meant."""


class NotFoundError(RequestError):
    """A read names a view or a session that is not there."""


class PullCancelledError(LatticeError):
    """A stop was asked for between two batches."""


class PullTimeoutError(LatticeError):
    """A pull took longer than it may."""
