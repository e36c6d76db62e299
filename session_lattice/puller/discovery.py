"""Finds the agents' homes and makes a source for each."""

from collections.abc import Sequence
from pathlib import Path

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
