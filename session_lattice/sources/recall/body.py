"""The records of an answer, one after the other, while its bytes still arrive."""

import codecs
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from session_lattice.errors import UpstreamError
from session_lattice.sources.recall.answer import Answer, wrong

MAX_BODY_BYTES = 512 * 1024**2
"""Of one answer, unpacked: some 400,000 sessions."""

MAX_VALUE_CHARS = 8 * 1024 * 1024
"""Of one record, or of anything that stands beside the list of them."""

MAX_PIECE_BYTES = 256 * 1024
"""Unpacked at once, however well the rest was packed."""

SMALL_BYTES = 64 * 1024
"""Of an answer that is read whole."""

LITERAL_CHARS = 8
"""Of the longest word or escape that may be cut off at an answer's end."""

_OF_NUMBERS = "0123456789.eE+-"
_SPACE = re.compile(r"[ \t\r\n]*")
_COMMA = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")


class Record(NamedTuple):
    """One of the list: what it says as JSON types, and its text as it came."""

    value: Any
    text: str


class Body:
    """The list `name` at the top of an answer that is a JSON object.

    The standard library's decoder takes one value after the other from what has arrived, which
    is as fast as decoding the whole and needs the memory of one piece. `read_bytes` is how far
    it has come, unpacked.
    """

    def __init__(self, answer: Answer, name: str) -> None:
        self._answer = answer
        self._name = name
        self._pieces = self._counted(_unpacked(answer))
        self._decoded = codecs.getincrementaldecoder("utf-8")()
        self._decode = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode
        self._text = ""
        self._at = 0
        self.read_bytes = 0

    def records(self) -> Iterator[Record]:
        """Each of the list. Raises UpstreamError for what is no such answer, or only part of it."""
        try:
            yield from self._members()
        except (ValueError, RecursionError) as error:
            raise self._no_json() from error

    def _members(self) -> Iterator[Record]:
        if self._peek() not in ("{", ""):
            raise self._wrong(f"answers without a list of {self._name}")
        found = False
        for name in self._names():
            if name == self._name and self._peek() == "[":
                found = True
                yield from self._items()
            else:
                self._value()
        if self._peek():
            raise ValueError("something behind the answer")
        if not found:
            raise self._wrong(f"answers without a list of {self._name}")

    def _names(self) -> Iterator[str]:
        """Of each member of the object; its value is to be taken before the next one."""
        self._expect("{")
        more = self._begins("}")
        while more:
            name = self._value().value
            if not isinstance(name, str):
                raise ValueError("a name that is no text")
            self._expect(":")
            yield name
            more = self._goes_on("}")

    def _items(self) -> Iterator[Record]:
        self._expect("[")
        more = self._begins("]")
        while more:
            yield self._value()
            more = self._goes_on("]")

    def _begins(self, end: str) -> bool:
        """Whether there is a first one before the `end`, which is taken."""
        return not self._took(end)

    def _goes_on(self, end: str) -> bool:
        """Whether there is another one before the `end`; what stands between is taken."""
        if comma := _COMMA.match(self._text, self._at):
            self._at = comma.end()
            return True
        if self._took(","):
            return True
        self._expect(end)
        return False

    def _took(self, mark: str) -> bool:
        found = self._peek() == mark
        self._at += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._took(mark):
            raise ValueError(f"no {mark} where one must be")

    def _value(self) -> Record:
        """The next value, once all of it is here."""
        self._peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except (ValueError, RecursionError):
                if not self._more():
                    raise
                continue
            # A number may go on with the next piece; everything else has an end of its own.
            follows = self._text[end : end + 1]
            unfinished = not follows or (follows in _OF_NUMBERS and type(value) in (int, float))
            if unfinished and self._more():
                continue
            text, self._at = self._text[self._at : end], end
            return Record(value, text)

    def _peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def _more(self) -> bool:
        """As much text again as waits already, and at least a piece; False at the end."""
        waiting = self._text[self._at :]
        if len(waiting) > MAX_VALUE_CHARS:
            raise self._wrong(f"sends one record of over {MAX_VALUE_CHARS >> 20} MiB")
        new: list[str] = []
        size = 0
        for piece in self._pieces:
            new.append(self._decoded.decode(piece))
            size += len(new[-1])
            if size > len(waiting):
                break
        self._text, self._at = waiting + "".join(new), 0
        return size > 0

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.read_bytes += len(piece)
            if self.read_bytes > MAX_BODY_BYTES:
                raise self._wrong(f"sends more than {MAX_BODY_BYTES >> 20} MiB in one answer")
            yield piece

    def _no_json(self) -> UpstreamError:
        if self._is_cut():
            return self._wrong(f"sent only part of an answer ({self.read_bytes:,} bytes)")
        return self._wrong("sent an answer that is not JSON")

    def _is_cut(self) -> bool:
        """Whether what is left is the beginning of something."""
        left = self._text[self._at :]
        try:
            self._decode(left)
        except json.JSONDecodeError as error:
            in_text = error.msg.startswith("Unterminated string")
            return in_text or error.pos >= len(left) - LITERAL_CHARS
        except (ValueError, RecursionError):
            return False
        return False

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


def _refuse_constant(name: str) -> None:
    """NaN and Infinity are no JSON (RFC 8259, section 6)."""
    raise ValueError(f"{name} is no number")
