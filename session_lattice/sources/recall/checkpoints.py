"""What the source remembers from one pull to the next, as the log keeps it for it."""

import struct
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

SESSION, REPO, STATE = "session/", "repo/", "state"
"""How checkpoints are called: one for each session and repository, one for the whole."""

HASH_BYTES = 8
_KNOWN = struct.Struct(f"<{HASH_BYTES}sI")


class Scan(msgspec.Struct, frozen=True):
    """Which scan an upstream serves. Only the pair tells: the counter begins anew with it."""

    scan_version: int
    last_scan: int | None


class State(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Of the last pull that took all: its scan, how much there was, what was odd in it.

    `etags` are those of answers by path, as far as they tell contents apart.
    """

    scan: Scan | None = None
    sessions: int = 0
    warnings: dict[str, int] = {}
    etags: dict[str, str] = {}


class Known(NamedTuple):
    """A record as it was last told: a hash of what it said, and how often it has changed."""

    content: bytes
    changes: int


def content_of(*parts: Any) -> bytes:
    """The hash of what a record says, as far as it is kept."""
    return blake2b(msgspec.json.encode(parts), digest_size=HASH_BYTES).digest()


class Memory:
    """The checkpoints of one upstream, by key and as bytes: 12 for each record."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self.state = State()

    def load(self, checkpoints: Mapping[str, bytes]) -> None:
        self._kept = {key: value for key, value in checkpoints.items() if key != STATE}
        try:
            self.state = msgspec.json.decode(checkpoints.get(STATE, b"{}"), type=State)
        except msgspec.DecodeError:
            # Of another version: all is asked for once, and appends what really differs.
            self.state = State()

    def known(self, key: str) -> Known | None:
        kept = self._kept.get(key)
        return Known(*_KNOWN.unpack(kept)) if kept and len(kept) == _KNOWN.size else None

    def changed(self, key: str, content: bytes) -> tuple[int, bytes] | None:
        """The number of this change and the checkpoint that holds after it; None for no change."""
        known = self.known(key)
        if known and known.content == content:
            return None
        number = known.changes + 1 if known else 1
        return number, _KNOWN.pack(content, number)

    def keep(self, checkpoints: Mapping[str, bytes | None]) -> None:
        """What is in the log by now."""
        for key, value in checkpoints.items():
            if key != STATE and value is not None:
                self._kept[key] = value
