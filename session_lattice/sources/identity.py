"""What tells a transcript file apart from another: where it lies and how it begins and ends."""

import os
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Literal

import msgspec

from session_lattice.events import TranscriptState

HEAD_BYTES = 4096
"""Bytes at the beginning of what was read that are hashed."""

TAIL_BYTES = 4096
"""Bytes at the end of what was read that are hashed."""

COMPRESSED = ".zst"
"""Suffix of files whose offsets count decompressed bytes and that never grow in place."""

UNFINISHED = -1
"""A checkpoint's size while the file was not read to its end: the next scan goes on with it."""

Why = Literal[
    "new",
    "appended",
    "rewritten",  # in place: what was read is no longer there
    "truncated",
    "replaced",  # another file under the same path
    "moved",  # the same file under another path
    "superseded",  # gone, and `path`, which is read on its own, stands for the same
    "deleted",
    "returned",  # was deleted
]


class Checkpoint(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How far one file was read, and how to know it again; kept as JSON in the log.

    `offset` is where the next line starts, `line` how many lines end before it. `part` is
    above 0 when that many objects of the line at `offset` were already read because the file
    ended without a newline after them. `skipping` means that `offset` is inside a line above
    the size limit. `head` and `tail` are hashes within the file's first `hashed` bytes, which
    are those before `offset`, or all of a compressed file. `changes` counts the changes of
    state. `memo` is the parser's.
    """

    device: int = 0
    inode: int = 0
    size: int = 0
    mtime_ns: int = 0
    offset: int = 0
    line: int = 0
    part: int = 0
    skipping: bool = False
    hashed: int = 0
    head: str = ""
    tail: str = ""
    state: TranscriptState = "present"
    changes: int = 0
    warnings: dict[str, int] = {}
    memo: msgspec.Raw = msgspec.Raw(b"null")

    def unchanged(self, stat: os.stat_result) -> bool:
        """True when nothing needs to be opened; `state` must allow it too."""
        return (
            self.size == stat.st_size
            and self.mtime_ns == stat.st_mtime_ns
            and self.inode == stat.st_ino
            and self.device == stat.st_dev
        )

    def same_file(self, stat: os.stat_result) -> bool:
        return self.inode == stat.st_ino and self.device == stat.st_dev


_decoder = msgspec.json.Decoder(Checkpoint)


def decode(data: bytes) -> Checkpoint | None:
    """None when another version wrote it: the file is then read anew, which doubles nothing."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError:
        return None


def compare(path: str, checkpoint: Checkpoint, stat: os.stat_result) -> Why:
    """Why the file at `path` differs from its checkpoint; raises OSError when it can't be read."""
    if stat.st_size < checkpoint.hashed:
        return "truncated" if checkpoint.same_file(stat) else "replaced"
    grown = path.endswith(COMPRESSED) and stat.st_size > checkpoint.hashed > 0
    if not grown and begins_and_ends_like(path, checkpoint):
        return "appended"
    return "rewritten" if checkpoint.same_file(stat) else "replaced"


def begins_and_ends_like(path: str, checkpoint: Checkpoint) -> bool:
    """True when the part of `path` that the checkpoint covers has the same two hashes."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return fingerprint(handle, checkpoint.hashed) == (checkpoint.head, checkpoint.tail)
    finally:
        os.close(handle)


def fingerprint(handle: int, size: int) -> tuple[str, str]:
    """Hashes of the first and the last bytes of a file's first `size` bytes, as hex."""
    start = max(0, size - TAIL_BYTES)
    return _head(handle, size), _hash(os.pread(handle, size - start, start))


class Vanished:
    """Files that are no longer where they were, to be known again under another path."""

    def __init__(self, checkpoints: Mapping[str, Checkpoint]) -> None:
        self._left = dict(checkpoints)
        self._by_head: dict[tuple[int, str], list[str]] = {}
        for path, checkpoint in checkpoints.items():
            if checkpoint.hashed:
                key = (min(HEAD_BYTES, checkpoint.hashed), checkpoint.head)
                self._by_head.setdefault(key, []).append(path)
        self._lengths = sorted({length for length, _ in self._by_head}, reverse=True)

    def take(self, path: str) -> tuple[str, Checkpoint] | None:
        """The vanished file, once, that now lies at `path`: both of its hashes are found there."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            former = next((gone for gone in self._like(handle) if self._is(handle, gone)), None)
        except OSError:
            return None
        finally:
            os.close(handle)
        return None if former is None else (former, self._left.pop(former))

    def _like(self, handle: int) -> Iterator[str]:
        for length in self._lengths:
            yield from self._by_head.get((length, _head(handle, length)), ())

    def _is(self, handle: int, former: str) -> bool:
        checkpoint = self._left.get(former)
        if checkpoint is None or os.fstat(handle).st_size < checkpoint.hashed:
            return False
        return fingerprint(handle, checkpoint.hashed) == (checkpoint.head, checkpoint.tail)


def _head(handle: int, size: int) -> str:
    return _hash(os.pread(handle, min(HEAD_BYTES, size), 0))


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest() if data else ""
