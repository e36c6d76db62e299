"""What is answered until a scan finds other content, and how it outlives the process."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from session_lattice.recall.home import RecallHome
from session_lattice.recall.records import Action, Counts, Page
from session_lattice.recall.sessions import END, HEAD

NOTHING = HEAD + END
"""The list of sessions before the first scan, without its end."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """One scan's content. `last_scan` is unix seconds, None before the first scan.

    `digest` is of all content, `sessions` names the file of the sessions by its own digest, ""
    for none; `page` is all of `/`, `actions` what it asks for.
    """

    scan_version: int = 0
    last_scan: int | None = None
    digest: str = ""
    sessions: str = ""
    counts: Counts = Counts()
    page: msgspec.Raw
    actions: msgspec.Raw

    def stamp(self) -> dict[str, int | None]:
        """Which scan it is; the pair changes if and only if the content may have."""
        return {"scan_version": self.scan_version, "last_scan": self.last_scan}


def served(
    page: Page,
    *,
    scan_version: int = 0,
    last_scan: int | None = None,
    digest: str = "",
    sessions: str = "",
) -> Served:
    """The documents of `page` for this scan."""
    generated_at = last_scan or 0
    whole = {
        **{name: getattr(page, name) for name in Page.__struct_fields__},
        "last_scan": last_scan,
        "scan_version": scan_version,
        "generated_at": generated_at,
    }
    return Served(
        scan_version=scan_version,
        last_scan=last_scan,
        digest=digest,
        sessions=sessions,
        counts=page.counts,
        page=msgspec.Raw(msgspec.json.encode(whole)),
        actions=msgspec.Raw(_actions(page.action_required, generated_at, scan_version)),
    )


def _actions(actions: list[Action], generated_at: int, scan_version: int) -> bytes:
    return msgspec.json.encode(
        {"repos": actions, "generated_at": generated_at, "scan_version": scan_version}
    )


class Keeper:
    """Numbers the scans of one home, over restarts.

    A home without a readable scan.json begins at the time in unix seconds. A number rises by
    one at most once a second (`scan.PAUSE_SECONDS`), so none is ever ahead of the clock, and
    one that begins anew is above all that were given before.
    """

    def __init__(self, home: RecallHome, clock: Callable[[], float] = time.time) -> None:
        self._home = home
        self._clock = clock
        self._last = self._read()

    def load(self) -> Served:
        """What the last process served, or what is served before the first scan."""
        last = self._last
        if last and self._home.sessions(last.sessions).is_file():
            return last
        return served(Page())

    def number(self) -> tuple[int, int]:
        """Version and time of the next scan that finds other content."""
        now = int(self._clock())
        if self._last is None:
            return now, now
        return self._last.scan_version + 1, max(now, (self._last.last_scan or 0) + 1)

    def keep(self, new: Served) -> None:
        """From now on it is what the next process begins with. Raises OSError."""
        fresh = self._home.scan.with_suffix(".new")
        with fresh.open("wb") as file:
            os.chmod(file.fileno(), 0o600)  # noqa: PTH101 - of a handle
            file.write(msgspec.json.encode(new))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._home.scan)
        self._last = new

    def prune(self) -> None:
        """Remove the sessions of scans before; whoever reads them has them open."""
        kept = self._home.sessions(self._last.sessions) if self._last else None
        for path in self._home.root.glob("sessions-*.json"):
            if path != kept:
                path.unlink(missing_ok=True)

    def _read(self) -> Served | None:
        path: Path = self._home.scan
        try:
            return msgspec.json.decode(path.read_bytes(), type=Served)
        except (OSError, msgspec.DecodeError):
            return None
