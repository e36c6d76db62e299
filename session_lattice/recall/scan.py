"""Looks at the newest generation and the repositories, and keeps what is served true."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import msgspec
import structlog

from session_lattice.errors import HomeError, LatticeError, NoGenerationError, PullCancelledError
from session_lattice.reads.snapshot import Snapshot, Snapshots
from session_lattice.recall.home import RecallHome
from session_lattice.recall.page import Content, page
from session_lattice.recall.repositories import Repositories
from session_lattice.recall.served import Keeper, Served, served
from session_lattice.recall.sessions import Listing
from session_lattice.recall.sql import statement
from session_lattice.sources.git.facts import Facts
from session_lattice.store import generations

LOOK_SECONDS = 0.5
"""Between two looks whether there is another generation."""

PAUSE_SECONDS = 1.0
"""Between the end of a scan and the next one, whatever asks for it."""

MAX_REPOS = 2_000
"""Repositories that are served, those with the most sessions first."""


class Scanner:
    """Scans until `stop`; `served` is what the last scan that found other content made."""

    def __init__(
        self,
        home: RecallHome,
        interval_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._home = home
        self._interval = interval_seconds
        self._snapshots = Snapshots(home)
        self._repositories = Repositories()
        self._keeper = Keeper(home, clock)
        self._content: tuple[int, Content] | None = None
        self._scanned: object = None
        self._asked: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._stopped = asyncio.Event()
        self._logger = structlog.get_logger()
        self.served = self._keeper.load()
        self.begun = asyncio.Event()
        """Set once there is something to serve."""

    async def run(self) -> None:
        """Scan when there is another generation, when the interval is over, and when asked."""
        self._tell()
        try:
            while not self._stopped.is_set():
                asked, self._asked = self._asked, []
                await self._scan_once(now=bool(asked))
                for one in asked:
                    if not one.done():
                        one.set_result(None)
                await self._until_due()
        finally:
            await asyncio.to_thread(self._close)

    def stop(self) -> None:
        """End `run` soon, whatever it waits for."""
        self._stopped.set()
        self._wake.set()
        self._repositories.close()

    async def scan(self) -> None:
        """Return when a scan that began after now has ended."""
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._wake.set()
        await asked

    def sessions_file(self, served: Served) -> Path:
        """The file that holds the list of sessions without its end."""
        return self._home.sessions(served.sessions)

    async def _scan_once(self, *, now: bool) -> None:
        """What keeps one scan from ending is tried again with the next."""
        try:
            new = await asyncio.to_thread(self._scan, now)
        except PullCancelledError:
            return
        except LatticeError as error:
            if not self._stopped.is_set():
                self._logger.error("scan_failed", error=error)
            return
        if new:
            self.served = new
            # Only now, so that whoever looked at `served` finds its file.
            await asyncio.to_thread(self._keeper.prune)
            self._logger.info("scan_changed", **new.stamp())
            self._tell()

    def _tell(self) -> None:
        if self.served.scan_version:
            self.begun.set()

    async def _until_due(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._interval
        await _within(self._stopped, PAUSE_SECONDS)
        while not (self._stopped.is_set() or self._asked) and loop.time() < end:
            if self._snapshots.identity() != self._scanned:
                return
            self._wake.clear()
            await _within(self._wake, min(LOOK_SECONDS, end - loop.time()))

    def _scan(self, now: bool) -> Served | None:
        """What is to be served from now on; None while that stays. Raises LatticeError."""
        self._scanned = self._snapshots.identity()
        try:
            content = self._listed()
            facts = self._repositories.look([path for path, _ in content.repos], now=now)
            return self._changed(content, facts)
        except NoGenerationError:
            return None
        except OSError as error:
            raise HomeError(
                f"what was scanned cannot be kept in {self._home.root}: {error.strerror}",
                hint="free some disk space; the next scan tries again",
            ) from error

    def _listed(self) -> Content:
        """The newest generation's sessions, listed once unless their file is gone."""
        import duckdb

        with self._snapshots.open() as snapshot:
            serial, known = snapshot.served.serial, self._content
            if (
                known
                and known[0] == serial
                and self._home.sessions(known[1].listed.digest).exists()
            ):
                return known[1]
            try:
                content = self._list(snapshot)
            except duckdb.Error as error:
                why = str(error).splitlines()[0]
                raise generations.broken(snapshot.served.generation, why) from error
        self._content = serial, content
        return content

    def _list(self, snapshot: Snapshot) -> Content:
        connection = snapshot.connection
        repos = connection.execute(statement("repos"), {"limit": MAX_REPOS}).fetchall()
        sessions, earliest = connection.execute(statement("totals")).fetchall()[0]
        listed = Listing(connection, self._proceed).write(self._home)
        return Content(listed, repos, sessions, earliest)

    def _proceed(self) -> None:
        if self._stopped.is_set():
            raise PullCancelledError("the scan was stopped")

    def _changed(self, content: Content, facts: Mapping[str, Facts]) -> Served | None:
        # As of one time for all scans: that branches age is no change.
        timeless = msgspec.json.encode(page(content, facts, 0))
        digest = blake2b(timeless + content.listed.digest.encode(), digest_size=16).hexdigest()
        if digest == self.served.digest:
            return None
        version, at = self._keeper.number()
        new = served(
            page(content, facts, at),
            scan_version=version,
            last_scan=at,
            digest=digest,
            sessions=content.listed.digest,
        )
        self._keeper.keep(new)
        return new

    def _close(self) -> None:
        self._repositories.reap()
        self._snapshots.close()


async def _within(event: asyncio.Event, seconds: float) -> None:
    """Wait for it, but no longer than `seconds`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
