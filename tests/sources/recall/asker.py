"""A recall source over a log in memory, as a lane of the puller drives it."""

from session_lattice.errors import UpstreamError
from session_lattice.events import SessionReported, decode
from session_lattice.log.drainer import encode
from session_lattice.sources.base import Batch
from session_lattice.sources.recall import Limits, Recall
from session_lattice.testing import MemoryEventLog

FAST = Limits(connect=1.0, read=0.4, write=1.0, pool=1.0, body=1.8)
"""So short that a test of what takes too long does not take long."""


class Asker:
    """Pulls; what a pull appended is in `log`, in transactions with its checkpoints."""

    def __init__(self, url: str, limits: Limits = FAST) -> None:
        self.log = MemoryEventLog()
        self._address = url, limits
        self.source = Recall(url, limits)

    def pull(self) -> int:
        """One pull to its end; how many sessions it told of. Raises UpstreamError."""
        before = len(self.reports())
        try:
            self.source.pending()
            for batch in self.source.batches():
                self.append(batch)
        except UpstreamError:
            self.source.load(self.log.checkpoints(self.source.name))
            raise
        return len(self.reports()) - before

    def again(self) -> None:
        """As after a restart: all that is known is what the log has."""
        url, limits = self._address
        self.source.close()
        self.source = Recall(url, limits)
        self.source.load(self.log.checkpoints(self.source.name))

    def append(self, batch: Batch) -> None:
        self.log.append(encode(batch.drafts), {self.source.name: batch.checkpoints})

    def outcome(self) -> str:
        """What a pull fails with; empty when it does not."""
        try:
            self.pull()
        except UpstreamError as error:
            return error.what
        return ""

    def reports(self) -> list[SessionReported]:
        """Every session.reported, in order."""
        found = [decode(e.data) for e in self.log.read(0) if e.type == "session.reported"]
        assert all(isinstance(event, SessionReported) for event in found)
        return found

    def latest(self) -> dict[str, bytes]:
        """Stream and type → the last event of it, as the store would come to know it."""
        kept = ("session.reported", "repo.observed")
        return {f"{e.stream} {e.type}": e.data for e in self.log.read(0) if e.type in kept}
