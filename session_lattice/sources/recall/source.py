"""A recall service as a Source: asks what changed, tells it once, remembers how far it came."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
import structlog

from session_lattice.errors import UpstreamError
from session_lattice.sources.base import Batch, SourceStatus
from session_lattice.sources.recall.answer import Answer, wrong
from session_lattice.sources.recall.body import Body, Record, small
from session_lattice.sources.recall.checkpoints import STATE, Memory, Scan
from session_lattice.sources.recall.circuit import Circuit, Verdict
from session_lattice.sources.recall.client import Client, Limits
from session_lattice.sources.recall.patience import ATTEMPTS
from session_lattice.sources.recall.told import Told

SCAN_PATH = "/api/scan-version"
SESSIONS_PATH = "/api/sessions"
REPOS_PATH = "/"

BATCH_READ_BYTES = 2 * 1024 * 1024
"""Bytes of an answer after which a batch is delivered even when nothing in them is new."""


class Recall:
    """The Source protocol over one recall service.

    A scan whose number and time are those of the last one costs one request. Otherwise
    repositories and sessions are read as they stream in, and each record that says something
    new is an event; the scan is remembered with the last batch, so that a pull that was cut
    short goes on. No row goes because an upstream stops naming it.
    """

    def __init__(self, url: str, limits: Limits) -> None:
        self._client = Client(url, limits)
        self._memory = Memory()
        self._circuit = Circuit()
        self._logger = structlog.get_logger()
        self._due: Scan | None = None
        self._asked = False
        self._scanned = False

    @property
    def name(self) -> str:
        return f"recall:{self._client.shown}"

    @property
    def roots(self) -> tuple[Path, ...]:
        return ()

    def load(self, checkpoints: Mapping[str, bytes]) -> None:
        self._memory.load(checkpoints)

    def pending(self) -> int:
        """Ask the cheap question. How much there is to read is not known before it is read: 0."""
        self._due = None
        self._client.begin()
        verdict = self._circuit.verdict()
        if verdict is not Verdict.WAIT:
            with_patience = ATTEMPTS if verdict is Verdict.ASK else 1
            self._guarded(lambda: self._look(with_patience))
        return 0

    def batches(self) -> Iterator[Batch]:
        scan, self._due = self._due, None
        if scan is None:
            return
        was_open = self._circuit.open
        try:
            yield from self._read(scan)
        except UpstreamError as error:
            self._circuit.failed(error)
            if not was_open:
                raise
        else:
            self._circuit.succeeded()

    def abandon(self) -> None:
        self._client.give_up()

    def close(self) -> None:
        self._client.close()

    def status(self) -> SourceStatus:
        state = self._memory.state
        return SourceStatus(
            name=self.name,
            state=self._state(),
            root=self._client.shown,
            sessions=state.sessions,
            warnings=state.warnings,
            trouble=self._circuit.trouble,
            version=f"scan {state.scan.scan_version}" if state.scan else "",
        )

    def _state(self) -> str:
        if self._circuit.trouble:
            return "unreachable"
        return "ok" if self._scanned or not self._asked else "scanning"

    def _guarded(self, ask: Callable[[], None]) -> None:
        """An open circuit keeps what goes wrong for the status; a closed one raises it too."""
        was_open = self._circuit.open
        try:
            ask()
        except UpstreamError as error:
            self._circuit.failed(error)
            if not was_open:
                raise

    def _look(self, attempts: int) -> None:
        with self._client.asking(SCAN_PATH, attempts=attempts) as answer:
            scan = _scan(answer)
        self._asked, self._scanned = True, scan.last_scan is not None
        if scan.last_scan is None or scan != self._memory.state.scan:
            self._due = scan
        else:
            self._circuit.succeeded()

    def _read(self, scan: Scan) -> Iterator[Batch]:
        """Repositories first, for sessions lie in them; they keep no session from landing."""
        told = Told(self._memory, self._client.shown, scan, self._logger)
        failure: UpstreamError | None = None
        try:
            yield from self._list(REPOS_PATH, "repos", told.repo, told)
        except UpstreamError as error:
            failure = error
        yield from self._list(SESSIONS_PATH, "sessions", told.session, told)
        if failure:
            raise failure
        told.summarize()
        if scan.last_scan is None:
            # Before its first scan ends, what it lists is not what there is.
            return
        yield Batch([], {STATE: msgspec.json.encode(told.state)})
        self._memory.state = told.state

    def _list(
        self, path: str, name: str, take: Callable[[Record], None], told: Told
    ) -> Iterator[Batch]:
        known = self._memory.state.etags.get(path, "")
        with self._client.asking(path, etag=known) as answer:
            if not answer.changed:
                told.unchanged(path, known, is_sessions=path == SESSIONS_PATH)
                return
            body, mark = Body(answer, name), 0
            for record in body.records():
                take(record)
                if told.full or body.read_bytes - mark >= BATCH_READ_BYTES:
                    yield from self._deliver(told.take(body.read_bytes - mark))
                    mark = body.read_bytes
            yield from self._deliver(told.take(body.read_bytes - mark))
            told.tag(path, answer.etag)

    def _deliver(self, batch: Batch) -> Iterator[Batch]:
        yield batch
        self._memory.keep(batch.checkpoints)


def _scan(answer: Answer) -> Scan:
    try:
        return msgspec.json.decode(small(answer), type=Scan)
    except msgspec.DecodeError as error:
        raise wrong(answer.shown, "does not say which scan it serves", transient=True) from error
