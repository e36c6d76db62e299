"""The records of an answer, one after the other, while its bytes still arrive."""

import json
import zlib
from collections.abc import Iterator
from typing import Any

import ijson

from session_lattice.errors import UpstreamError
from session_lattice.sources.recall.client import Answer, wrong

MAX_BODY_BYTES = 1024**3
"""Of one answer, unpacked: some 900,000 sessions."""

MAX_GAP_BYTES = 8 * 1024 * 1024
"""Between the ends of two records: one record, or what stands beside the list of them."""

MAX_PIECE_BYTES = 256 * 1024
"""Unpacked at once, however well the rest was packed."""

SMALL_BYTES = 64 * 1024
"""Of an answer that is read whole."""

HEAD_BYTES = 64 * 1024
"""Kept of an answer's beginning, to tell an empty list from an answer of another kind."""


class Body:
    """The list `name` at the top of an answer that is a JSON object.

    `read_bytes` is how far it has come, unpacked. Memory is a piece and the records in it.
    """

    def __init__(self, answer: Answer, name: str) -> None:
        self._answer = answer
        self._name = name
        self._head = b""
        self._records = 0
        self.read_bytes = 0

    def records(self) -> Iterator[Any]:
        """Each of the list, as JSON types. Raises UpstreamError for what is no such answer."""
        found: Any = ijson.sendable_list()
        parser = ijson.items_coro(found, f"{self._name}.item", use_float=True)
        ended = self.read_bytes
        try:
            for piece in self._pieces():
                parser.send(piece)
                if found:
                    ended = self.read_bytes
                    self._records += len(found)
                    yield from found
                    found.clear()
                elif self.read_bytes - ended > MAX_GAP_BYTES:
                    raise self._wrong(f"sends a record of over {MAX_GAP_BYTES // 1024**2} MiB")
            parser.close()
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise self._no_json(error) from error
        self._check_kind()

    def _pieces(self) -> Iterator[bytes]:
        for piece in _unpacked(self._answer):
            self.read_bytes += len(piece)
            if self.read_bytes > MAX_BODY_BYTES:
                raise self._wrong(f"sends more than {MAX_BODY_BYTES // 1024**2} MiB in one answer")
            if len(self._head) < HEAD_BYTES:
                self._head += piece[:HEAD_BYTES]
            yield piece

    def _check_kind(self) -> None:
        """An answer without a record must at least have the list, an empty one."""
        if self._records:
            return
        whole = json.loads(self._head) if self.read_bytes <= HEAD_BYTES else None
        if not isinstance(whole, dict) or not isinstance(whole.get(self._name), list):
            raise self._wrong(f"answers without a list of {self._name}")

    def _no_json(self, error: Exception) -> UpstreamError:
        cut = isinstance(error, ijson.IncompleteJSONError) and "premature EOF" in str(error)
        if cut or not self.read_bytes:
            return self._wrong(f"sent only part of an answer ({self.read_bytes:,} bytes)")
        return self._wrong("sent an answer that is not JSON")

    def _wrong(self, says: str) -> UpstreamError:
        return wrong(self._answer.shown, says, transient=True)


def small(answer: Answer) -> bytes:
    """The whole body of an answer that is meant to be small. Raises UpstreamError if it is not."""
    content = b""
    for piece in _unpacked(answer):
        content += piece
        if len(content) > SMALL_BYTES:
            raise wrong(answer.shown, "sends too much where a few bytes would do")
    return content


def _unpacked(answer: Answer) -> Iterator[bytes]:
    if not answer.encoding:
        yield from answer.chunks()
        return
    if answer.encoding not in ("gzip", "x-gzip"):
        raise wrong(answer.shown, f"packs its answers as {answer.encoding[:20]!r}")
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for chunk in answer.chunks():
            while chunk:
                yield inflater.decompress(chunk, MAX_PIECE_BYTES)
                chunk = inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error as error:
        raise wrong(answer.shown, "sends gzip that cannot be unpacked", transient=True) from error
