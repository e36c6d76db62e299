"""What the source remembers from one pull to the next, as the log keeps it for it."""

import struct
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

SESSION, REPO, STATE = "session/", "repo/", "state"
"""How checkpoints are called: one for each session and repository, one for the whole."""

HASH_BYTES = 8
_KNOWN = struct.Struct(f"<{HASH_BYTES}s{HASH_BYTES}sI")

UNSEEN = bytes(HASH_BYTES)
"""Stands for a text that is to be looked at each time, because something in it is odd."""


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
    """A record as it was last told: hashes of its text and of what it said, and its changes."""

    text: bytes
    content: bytes
    changes: int


NEVER = Known(UNSEEN, b"", 0)


def hash_of(data: bytes) -> bytes:
    return blake2b(data, digest_size=HASH_BYTES).digest()


def content_of(*parts: Any) -> bytes:
    """The hash of what a record says, as far as it is kept."""
    try:
        return hash_of(msgspec.json.encode(parts))
    except UnicodeEncodeError:
        # Half a surrogate pair; the log spells it out.
        return hash_of(repr(parts).encode("utf-8", "backslashreplace"))


class Memory:
    """The checkpoints of one upstream, by key and as bytes: 20 for each record."""

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

    def known(self, key: str) -> Known:
        """What was last told of `key`; NEVER for a new one, or for one of another version."""
        kept = self._kept.get(key, b"")
        return Known(*_KNOWN.unpack(kept)) if len(kept) == _KNOWN.size else NEVER

    def has_text(self, key: str, text: bytes) -> bool:
        """Whether the record came in the very same words, by the hash of its text."""
        return self._kept.get(key, b"")[:HASH_BYTES] == text

    def keep(self, checkpoints: Mapping[str, bytes | None]) -> None:
        """What is in the log by now."""
        for key, value in checkpoints.items():
            if key != STATE and value is not None:
                self._kept[key] = value


def packed(known: Known) -> bytes:
    """The checkpoint of a record."""
    return _KNOWN.pack(*known)
