"""The home of the recall service, with a lock of its own beside its puller's."""

from pathlib import Path

from session_lattice.errors import HomeLockedError
from session_lattice.home import Home

FOLDER = "recall"
"""Below the settings' home."""


class RecallHome(Home):
    """Where the service and its puller keep everything; `lock` makes one service its only one."""

    def __init__(self, above: Path) -> None:
        super().__init__(above / FOLDER)
        self.lock_file = self.root / "recall.lock"
        self.scan = self.root / "scan.json"
        self.puller = Home(self.root)

    def sessions(self, digest: str) -> Path:
        """The file of the sessions with this content."""
        return self.root / f"sessions-{digest}.json"

    def _taken(self, holder: int) -> HomeLockedError:
        return HomeLockedError(
            f"process {holder or '?'} already serves recall from {self.root}",
            holder=holder,
            hint="stop it first, or choose another home with SESSION_LATTICE_HOME",
        )
