"""However an answer is cut into pieces, its records are those of the whole; half of it is none."""

import json
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.errors import UpstreamError
from session_lattice.sources.recall import body as body_module
from session_lattice.sources.recall.body import Body, Record, small

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False,
        allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner,
        max_size=3),
    max_leaves=6,
)  # fmt: skip


class Pieces:
    """An answer whose body is given in pieces."""

    shown = "http://upstream"

    def __init__(self, *pieces: bytes, encoding: str = "") -> None:
        self._pieces = pieces
        self.encoding = encoding

    def chunks(self) -> Iterator[bytes]:
        yield from self._pieces


def records(*pieces: bytes, encoding: str = "") -> list[Record]:
    answer: Any = Pieces(*pieces, encoding=encoding)
    return list(Body(answer, "sessions").records())


def cut(text: bytes, at: list[int]) -> list[bytes]:
    marks = [0, *sorted(mark % (len(text) + 1) for mark in at), len(text)]
    return [text[a:b] for a, b in pairwise(marks)]


@given(
    items=st.lists(JSON, max_size=5),
    before=st.dictionaries(st.text(max_size=3), JSON, max_size=2),
    after=st.dictionaries(st.text(max_size=3), JSON, max_size=2),
    indent=st.sampled_from([None, 0, 2]),
    ascii_only=st.booleans(),
    at=st.lists(st.integers(0, 10_000), max_size=8),
)
def test_records_are_those_of_the_whole_wherever_its_bytes_are_cut(
    items: list[Any],
    before: dict[str, Any],
    after: dict[str, Any],
    indent: int | None,
    ascii_only: bool,
    at: list[int],
) -> None:
    whole = {**before, "sessions": items, **{k: v for k, v in after.items() if k != "sessions"}}
    text = json.dumps(whole, indent=indent, ensure_ascii=ascii_only).encode()
    found = records(*cut(text, at))
    assert [record.value for record in found] == items
    assert [json.loads(record.text) for record in found] == items


@given(items=st.lists(JSON, min_size=1, max_size=4), at=st.integers(0, 10_000))
def test_an_answer_that_ends_early_is_never_taken_for_a_whole_one(
    items: list[Any], at: int
) -> None:
    text = json.dumps({"sessions": items, "scan_version": 3}).encode()
    with pytest.raises(UpstreamError, match="only part of an answer"):
        records(text[: at % len(text)])


@pytest.mark.parametrize(
    "text",
    [
        b'{"sessions":[1,]}', b'{"sessions":[1 2]}', b'{"sessions":[1]}}', b'{"sessions":[NaN]}',
        b'{"sessions" [1]}', b'{"sessions":[1]} x', b'{"sessions":["\\x"]}', b"\xff", b"<html>",
        b'{"sessions":[tru]}', b'{1:2,"sessions":[]}', b'{"sessions":[' + b"[" * 100_000,
        b'{"sessions":[1,,2]}', b'{,"sessions":[1]}', b'{"sessions":[,1]}',
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(UpstreamError):
        records(text)


@pytest.mark.parametrize("text", [b"{}", b"[]", b"null", b'{"sessions":null}', b'{"sessions":{}}'])
def test_an_answer_without_the_list_is_not_an_empty_one(text: bytes) -> None:
    with pytest.raises(UpstreamError, match="without a list of sessions"):
        records(text)
    assert records(b'{"sessions":[]}') == []


def test_records_come_before_the_rest_has_arrived() -> None:
    answer: Any = Pieces(b'{"sessions":[{"a":1},', b'{"a":')
    found = Body(answer, "sessions").records()
    assert next(found).value == {"a": 1}
    with pytest.raises(UpstreamError):
        next(found)


def test_a_record_without_an_end_is_given_up_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "MAX_VALUE_CHARS", 1000)
    with pytest.raises(UpstreamError, match="sends one record of over"):
        records(b'{"sessions":["', *[b"x" * 100] * 100)


def test_an_answer_without_an_end_is_given_up_at_its_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_module, "MAX_BODY_BYTES", 1000)
    with pytest.raises(UpstreamError, match="in one answer"):
        records(b'{"sessions":[1', *[b",1" * 10] * 1000)


@given(items=st.lists(JSON, max_size=5), at=st.lists(st.integers(0, 10_000), max_size=5))
def test_a_packed_answer_says_the_same(items: list[Any], at: list[int]) -> None:
    text = json.dumps({"sessions": items}).encode()
    deflate = zlib.compressobj(wbits=31)
    packed = deflate.compress(text) + deflate.flush()
    found = records(*cut(packed, at), encoding="gzip")
    assert [record.value for record in found] == items


def test_what_unpacks_to_much_comes_in_bounded_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "MAX_BODY_BYTES", 4 * 1024**2)
    deflate = zlib.compressobj(9, wbits=31)
    bomb = deflate.compress(b" " * 64 * 1024**2) + deflate.flush()
    answer: Any = Pieces(bomb, encoding="gzip")
    body = Body(answer, "sessions")
    with pytest.raises(UpstreamError, match="in one answer"):
        list(body.records())
    assert body.read_bytes <= 4 * 1024**2 + body_module.MAX_PIECE_BYTES


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_a_packing_that_was_not_asked_for_is_named(encoding: str) -> None:
    with pytest.raises(UpstreamError, match=f"packs its answers as '{encoding}'"):
        records(b"{}", encoding=encoding)


def test_a_small_answer_is_read_whole_and_a_large_one_is_not() -> None:
    answer: Any = Pieces(b"a" * 10, b"b" * 10)
    assert small(answer) == b"a" * 10 + b"b" * 10
    large: Any = Pieces(*[b"a" * 1024] * 1024)
    with pytest.raises(UpstreamError, match="too much"):
        small(large)
