"""Lines of a transcript, from a checkpoint on, and their decoding, whatever shape they are in."""

import codecs
import json
import os
import re
from collections.abc import Callable, Iterator
from typing import IO, Any, Generic, TypeVar

import msgspec

from session_lattice.sources import identity
from session_lattice.sources.identity import COMPRESSED, Checkpoint
from session_lattice.sources.text import name_of

BLOCK_BYTES = 1024 * 1024
"""Bytes read at a time."""

UNPACK_BYTES = 64 * 1024
"""Bytes unpacked at a time of a compressed file: damage costs this much before it at most."""

LINE_BYTES = 64 * 1024 * 1024
"""Bytes of a line above which it is skipped and counted."""

RESYNC_BYTES = 8 * 1024 * 1024
"""Bytes of a broken line up to which a whole object is looked for at its end."""

RESYNC_ATTEMPTS = 64
"""Places of a broken line that are tried as the beginning of that object."""

BAD_FIELDS = 16
"""Fields of one record that may be of the wrong type before the record is given up."""

T = TypeVar("T", bound=msgspec.Struct)
Warn = Callable[[str], None]

_any = msgspec.json.Decoder()
_skim = msgspec.json.Decoder(msgspec.Raw)
_python = json.JSONDecoder(strict=False)
_NOT_JSON = " \t\r\n"
_ESCAPED = re.compile("[\udc80-\udcff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_FIELD = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class LineReader:
    """Yields (raw, line, part) from a checkpoint's offset to the end of the file.

    `line` counts from 0. `part` is how many objects of that line were delivered before: a
    last line without its newline is delivered as soon as it is whole JSON, and what is glued
    to it later is the same line's next part. A half-written last line is not delivered and
    not passed. Blank lines are passed silently, lines above LINE_BYTES with a warning.
    Between two lines `position` tells where to go on. A damaged compressed file ends where
    the damage begins, with a warning. Raises OSError.
    """

    def __init__(self, real: str, start: Checkpoint, warn: Warn) -> None:
        self._real = real
        self._warn = warn
        self.offset = start.offset
        self._line, self._part, self._skipping = start.line, start.part, start.skipping
        self._file: IO[bytes] = open(real, "rb", buffering=0)  # noqa: PTH123, SIM115
        self._stat = os.fstat(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def position(self, checkpoint: Checkpoint, *, finished: bool) -> Checkpoint:
        """`checkpoint` moved to just behind the last line that was yielded."""
        packed = self._real.endswith(COMPRESSED)
        hashed = self._stat.st_size if packed else self.offset
        head, tail = identity.fingerprint(self._file.fileno(), hashed)
        return msgspec.structs.replace(
            checkpoint,
            device=self._stat.st_dev,
            inode=self._stat.st_ino,
            size=self._stat.st_size if finished else identity.UNFINISHED,
            mtime_ns=self._stat.st_mtime_ns,
            offset=self.offset,
            line=self._line,
            part=self._part,
            skipping=self._skipping,
            hashed=hashed,
            head=head,
            tail=tail,
        )

    def __iter__(self) -> Iterator[tuple[bytes, int, int]]:
        carry: list[bytes] = []
        held = 0
        for block in self._blocks():
            first, newline, after = block.partition(b"\n")
            carry.append(first)
            held += len(first)
            if not newline:
                if held > LINE_BYTES or self._skipping:
                    self._skip(held)
                    carry, held = [], 0
                continue
            lines = after.split(b"\n")
            rest = lines.pop()
            yield from self._complete(b"".join(carry), lines)
            carry, held = [rest], len(rest)
        if held and not self._skipping:
            yield from self._last(b"".join(carry))

    def _complete(self, first: bytes, others: list[bytes]) -> Iterator[tuple[bytes, int, int]]:
        """Lines that end in a newline; only `first` may go on with what was read before."""
        part, skipped = self._part, self._skipping
        self._part, self._skipping = 0, False
        if len(first) > LINE_BYTES and not skipped:
            self._warn("oversized_line")
            skipped = True
        line = self._line
        self._line += 1
        self.offset += len(first) + 1
        if not skipped and not first.isspace() and first:
            yield first, line, part
        for raw in others:
            line = self._line
            self._line += 1
            self.offset += len(raw) + 1
            if raw and not raw.isspace():
                yield raw, line, 0

    def _last(self, raw: bytes) -> Iterator[tuple[bytes, int, int]]:
        """A line without newline counts when it is whole; else it waits for its rest."""
        objects = whole_objects(raw)
        if objects:
            line, part = self._line, self._part
            self.offset += len(raw)
            self._part += objects
            yield raw, line, part

    def _skip(self, held: int) -> None:
        if not self._skipping:
            self._warn("oversized_line")
        self._skipping = True
        self.offset += held

    def _blocks(self) -> Iterator[bytes]:
        if self._real.endswith(COMPRESSED):
            yield from self._decompressed()
            return
        self._file.seek(self.offset)
        while block := self._file.read(BLOCK_BYTES):
            yield block

    def _decompressed(self) -> Iterator[bytes]:
        import zstandard

        decompressor = zstandard.ZstdDecompressor()
        left = self.offset
        try:
            with decompressor.stream_reader(
                self._file, read_across_frames=True, closefd=False
            ) as stream:
                while left and (passed := stream.read(min(left, UNPACK_BYTES))):
                    left -= len(passed)
                while block := stream.read(UNPACK_BYTES):
                    yield block
        except zstandard.ZstdError:
            self._warn("damaged_compression")


def whole_objects(raw: bytes) -> int:
    """How many objects `raw` is made of, 0 unless it is nothing but whole ones."""
    if not raw.rstrip().endswith(b"}"):
        return 0
    try:
        _skim.decode(raw)
        return 1
    except _BROKEN:
        kinds: list[str] = []
        objects = repair(raw, kinds.append)
        return 0 if {"malformed_line", "nul_bytes"}.intersection(kinds) else len(objects)


class LineDecoder(Generic[T]):
    """Decodes lines into `T`; what cannot be is counted and costs only itself.

    Kinds: "invalid_utf8" (replaced), "glued_objects" (all kept), "lone_surrogate" (replaced),
    "nonstandard_json", "nul_bytes" (dropped), "bad_field:<path>" (left at its default),
    "malformed_line" (dropped, but for a whole object at its end).
    """

    def __init__(self, record: type[T]) -> None:
        self._record = record
        self._decode = msgspec.json.Decoder(record).decode

    def decode(self, raw: bytes, warn: Warn, part: int = 0) -> tuple[T, ...]:
        """The records of one line, usually one."""
        try:
            if raw.isascii() or raw.decode():
                record = self._decode(raw)
                if part:
                    warn("glued_objects")
                return (record,)
        except msgspec.ValidationError:
            return self._lenient(raw, warn)
        except _BROKEN:
            pass
        records: list[T] = []
        pieces = repair(raw, warn)
        for _ in range(part + len(pieces) - max(part, 1)):
            warn("glued_objects")
        for piece in pieces:
            try:
                records.append(self._decode(piece))
            except msgspec.ValidationError:
                records += self._lenient(piece, warn)
        return tuple(records)

    def _lenient(self, raw: bytes, warn: Warn) -> tuple[T, ...]:
        """Drop the fields that are of the wrong type, one after the other."""
        try:
            value = _any.decode(raw)
        except _BROKEN:
            warn("malformed_line")
            return ()
        for _ in range(BAD_FIELDS):
            try:
                return (msgspec.convert(value, self._record),)
            except msgspec.ValidationError as error:
                field = _drop(value, str(error))
                if field is None:
                    break
                warn(f"bad_field:{name_of(field)}")
        warn("malformed_line")
        return ()


def _drop(value: Any, error: str) -> str | None:
    """Remove what msgspec's `… - at `$.a.b`` names from `value`; the field's name, if it could."""
    _, _, path = error.rpartition(" - at `$")
    names: list[str] = []
    target: Any = None
    last: Any = None
    for name, index in _FIELD.findall(path.rstrip("`")):
        step: Any = name or (int(index) if index.isdigit() else index)
        if isinstance(value, list) and isinstance(step, int) and step < len(value):
            pass
        elif isinstance(value, dict) and step in value:
            names.append(name)
        else:
            break
        target, last, value = value, step, value[step]
    if not names:
        return None
    del target[last]
    return ".".join(names)


def repair(raw: bytes, warn: Warn) -> list[bytes]:
    """The JSON objects in a line that is not exactly one, each as clean JSON."""
    text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    if "\0" in text:
        warn("nul_bytes")
        text = text.replace("\0", "")
    text = text.strip(_NOT_JSON)
    pieces: list[bytes] = []
    at = 0
    while at < len(text):
        try:
            value, end = _python.raw_decode(text, at)
        except (ValueError, RecursionError):
            warn("malformed_line")
            return pieces + _resynchronized(text, at, warn)
        if isinstance(value, dict):
            pieces.append(_clean(text[at:end], value, warn))
        else:
            warn("malformed_line")
        at = end
        while at < len(text) and text[at] in _NOT_JSON:
            at += 1
    return pieces


def _resynchronized(text: str, at: int, warn: Warn) -> list[bytes]:
    """A whole object that ends a line whose beginning was torn off in the middle of a write."""
    if len(text) - at > RESYNC_BYTES:
        return []
    for _ in range(RESYNC_ATTEMPTS):
        at = text.find('{"', at + 1)
        if at < 0:
            break
        try:
            value, end = _python.raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        if end == len(text):
            return [_clean(text[at:end], value, warn)]
    return []


def _clean(text: str, value: Any, warn: Warn) -> bytes:
    """`text` as bytes when it is proper JSON, else `value` written anew without what is not."""
    invalid = _ESCAPED.search(text)
    if invalid:
        warn("invalid_utf8")
        value = _python.decode(_ESCAPED.sub("\ufffd", text))
    else:
        plain = text.encode()
        try:
            _skim.decode(plain)
            return plain
        except _BROKEN:
            pass
    written = json.dumps(value, ensure_ascii=False)
    if _SURROGATE.search(written):
        warn("lone_surrogate")
        written = _SURROGATE.sub("\ufffd", written)
    elif not invalid:
        warn("nonstandard_json")
    return msgspec.json.encode(json.loads(written))
