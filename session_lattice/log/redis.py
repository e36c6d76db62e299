"""The event log for more than one machine: Redis Streams, written and read by any process."""

from collections.abc import Mapping, Sequence

from session_lattice.errors import LogError, NoLogError
from session_lattice.events import Envelope
from session_lattice.log.base import READ_LIMIT, Bounds, Clock, Encoded, Size, system_clock
from session_lattice.log.follow import Followable
from session_lattice.log.redis_reader import Reader
from session_lattice.log.redis_server import Server
from session_lattice.log.redis_writer import Writer


class RedisEventLog(Followable):
    """An EventLog in the database that `url` names; `origin` is the machine that appends.

    Any number of machines may append, but only one at a time to a stream: it holds the
    stream's lease for LEASE_MILLISECONDS behind its last event. `holder` is whose lease it is,
    this object's own if left out. Each origin has checkpoints of its own. Idempotence outlives
    the events: every key leaves its 64-bit hash behind.

    With `readonly` the log must exist and what writes raises. Raises ConfigError for a `url`
    that is no address, and LogError for whatever Redis says; after a failed append the log is
    as it was, unless the server's answer got lost, and then a second delivery adds nothing.
    """

    def __init__(
        self,
        url: str,
        *,
        origin: str = "",
        holder: str = "",
        readonly: bool = False,
        clock: Clock = system_clock,
    ) -> None:
        self._origin = origin
        self._server = Server(url)
        self._reader = Reader(self._server)
        self._written: Writer | None = None
        try:
            if readonly:
                self.bounds()
            else:
                self._written = Writer(self._server, origin, holder, clock)
        except BaseException:
            self._server.close()
            raise

    @property
    def epoch(self) -> str:
        return self.bounds().epoch

    def append(
        self,
        events: Sequence[Encoded],
        checkpoints: Mapping[str, Mapping[str, bytes | None]],
    ) -> int:
        return self._writer().append(events, checkpoints)

    def checkpoints(self, source: str) -> dict[str, bytes]:
        return self._reader.checkpoints(self._origin, source)

    def bounds(self, stream: str | None = None) -> Bounds:
        return self._reader.bounds(stream) or self._begun(stream)

    def _begun(self, stream: str | None) -> Bounds:
        """Of a server that has no log: it was flushed, or never had one."""
        if self._written is not None:
            self._written.begin()
        if found := self._reader.bounds(stream):
            return found
        raise NoLogError(
            f"there is no event log at {self._server.shown} yet",
            hint="start the puller, which makes it: session-lattice serve-puller",
        )

    def read(
        self, after: int, *, limit: int = READ_LIMIT, stream: str | None = None
    ) -> list[Envelope]:
        return self._reader.read(after, limit, stream)

    def latest(self, stream_prefix: str, *, terminal: bool) -> Envelope | None:
        return self._reader.latest(stream_prefix, terminal)

    def wait(self, seen: Bounds, seconds: float) -> Bounds:
        return self._reader.wait(seen, seconds) or self._begun(None)

    def trim(self, *, before: int, up_to: int, limit: int) -> int:
        return self._writer().trim(before, up_to, limit)

    def size(self) -> Size:
        return self._reader.size()

    def renew(self) -> None:
        self._writer().renew()

    def close(self) -> None:
        if self._written is not None:
            self._written.close()
        self._server.close()

    def _writer(self) -> Writer:
        if self._written is None:
            raise LogError(
                f"the event log {self._server.shown} is open for reading only",
                hint="report this as a bug: only the puller appends",
            )
        return self._written
