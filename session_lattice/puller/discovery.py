"""Finds the agents' homes and the upstream, and makes a source for each."""

from collections.abc import Sequence
from pathlib import Path

from session_lattice.config import Settings
from session_lattice.sources.base import Source
from session_lattice.sources.claude_code import ClaudeCode
from session_lattice.sources.codex import Codex


class Discovery:
    """Knows a home by its layout; one that is not there yet is found when it comes."""

    def __init__(self, roots: Sequence[Path], *, sample: bool) -> None:
        self._waiting = list(dict.fromkeys(root.absolute() for root in roots))
        self._sample = sample

    def found(self) -> list[Source]:
        """Sources for the homes that appeared since the last call."""
        sources: list[Source] = []
        for root in tuple(self._waiting):
            made = self._sources(root)
            if made:
                self._waiting.remove(root)
                sources += made
        return sources

    @property
    def missing(self) -> list[Path]:
        """Homes that are not there or hold no transcripts of a known layout."""
        return list(self._waiting)

    def _sources(self, root: Path) -> list[Source]:
        made: list[Source] = []
        if (root / "projects").is_dir():
            made.append(ClaudeCode(root, sample=self._sample))
        if (root / "sessions").is_dir() or (root / "archived_sessions").is_dir():
            made.append(Codex(root, sample=self._sample))
        return made


class Once:
    """Tells of a source that is there from the beginning."""

    def __init__(self, source: Source) -> None:
        self._sources = [source]

    def found(self) -> list[Source]:
        """The source, once."""
        found, self._sources = self._sources, []
        return found


class Upstream:
    """Makes the source of the recall service that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings: Settings | None = settings

    def found(self) -> list[Source]:
        """The source, once."""
        settings, self._settings = self._settings, None
        if settings is None or settings.repo_recall_url is None:
            return []
        # The HTTP client is slow to import, and only who has an upstream needs it.
        from session_lattice.sources.recall import Limits, Recall

        limits = Limits(
            connect=settings.repo_recall_connect_seconds,
            read=settings.repo_recall_read_seconds,
            write=settings.repo_recall_write_seconds,
            pool=settings.repo_recall_pool_seconds,
            body=settings.repo_recall_body_seconds,
        )
        return [Recall(settings.repo_recall_url, limits)]
