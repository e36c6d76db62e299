"""Disk space set aside so that a full disk can still be told of."""

import os
from pathlib import Path

RESERVE_BYTES = 4 * 1024 * 1024
"""Enough for hours of failing pulls: each writes a few pages of the log and one heartbeat."""


class Reserve:
    """A file that is given up when a pull fails and put back when one succeeds."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def release(self) -> None:
        """Free the space; nothing happens when that was done before."""
        self._path.unlink(missing_ok=True)

    def restore(self) -> None:
        """Take the space again; without it on a disk that is nearly full."""
        if self._path.exists():
            return
        try:
            # Not zeros, which some file systems keep for free.
            self._path.write_bytes(os.urandom(RESERVE_BYTES))
        except OSError:
            self.release()
