"""The sources that the settings ask for, each in the lane that it runs in."""

from collections.abc import Callable

from session_lattice.config import Settings
from session_lattice.home import Home
from session_lattice.log.base import EventLog
from session_lattice.log.drainer import Drainer
from session_lattice.puller.bulk import BulkReader
from session_lattice.puller.discovery import Discovery, Once, Upstream
from session_lattice.puller.ingest import Finder, Ingest
from session_lattice.puller.lanes import Lanes
from session_lattice.puller.progress import Progress, Unmeasured
from session_lattice.sources.git.source import GitSource


class Sources:
    """Transcripts on disk, an upstream, and the repositories that both name.

    `repositories` is None where the settings want none read.
    """

    def __init__(
        self,
        settings: Settings,
        home: Home,
        progress: Progress,
        on_error: Callable[[Exception], None],
        *,
        sample: bool,
    ) -> None:
        self._settings = settings
        self._progress = progress
        self._on_error = on_error
        self._sample = sample
        self.discovery = Discovery(settings.agents_homes, sample=sample)
        self.repositories = _repositories(settings, home, sample)

    def start(self, log: EventLog, drainer: Drainer) -> Lanes:
        """A thread for each lane; repositories have their turn after the others."""
        on_disk = Ingest(
            log,
            drainer,
            self.discovery,
            progress=self._progress,
            on_error=self._on_error,
            bulk=BulkReader(self._settings.agents_homes, self._sample),
        )
        first, last = [on_disk], None
        if self._settings.repo_recall_url:
            upstream = Upstream(self._settings)
            first.append(self._beside(log, drainer, upstream, "asking the recall service"))
        if self.repositories:
            last = self._beside(log, drainer, Once(self.repositories), "reading repositories")
        return Lanes(*first, last=last)

    def _beside(self, log: EventLog, drainer: Drainer, finder: Finder, doing: str) -> Ingest:
        return Ingest(
            *(log, drainer, finder), progress=Unmeasured(), on_error=self._on_error, doing=doing
        )


def _repositories(settings: Settings, home: Home, sample: bool) -> GitSource | None:
    if settings.repositories is None:
        return None
    return GitSource(settings.repositories, sample_at=home.sample_repository if sample else None)
