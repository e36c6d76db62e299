"""Frames: nothing that an event holds can break them, and no byte of it is changed."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.events import Envelope
from session_lattice.log.base import Bounds, Reset
from session_lattice.reads.stream import frames
from tests.reads.stream.serving import START, Block, parse_block

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=20)
HOSTILE = "a\x00b\rc\nd\r\ne\u2028f\u0085g\ud800h\x1bi\n\ndata: {}\n\nid: 9"


def envelope(number: int = 1, **fields: object) -> Envelope:
    made = Envelope(
        position=number + 100,
        stream="session/codex/1",
        seq=number,
        ts=START,
        type="message.user",
        terminal=False,
        origin="here",
        data=b'{"n":%d}' % number,
    )
    return msgspec.structs.replace(made, **fields)


def blocks(body: bytes) -> list[Block]:
    assert body.endswith(b"\n\n") or not body
    return [parse_block(text) for text in body.decode().split("\n\n")[:-1]]


def test_a_frame_holds_the_event_and_its_place() -> None:
    made = frames.batch([envelope(7)], "e1", by_seq=True)
    assert made.body == (
        b"id: e1-7\nevent: message.user\n"
        b'data: {"stream":"session/codex/1","seq":7,"position":107,'
        b'"ts":"2023-11-14T22:13:20.000000Z","type":"message.user","terminal":false,'
        b'"origin":"here","data":{"n":7}}\n\n'
    )
    assert (made.events, made.covered) == (1, 1)


def test_the_whole_feed_is_numbered_by_position() -> None:
    (block,) = blocks(frames.batch([envelope(7)], "e1", by_seq=False).body)
    assert block.id == "e1-107"


@pytest.mark.parametrize("field", ["stream", "type", "origin"])
def test_hostile_names_stay_inside_their_line(field: str) -> None:
    made = frames.batch([envelope(1), envelope(2, **{field: HOSTILE})], "e", by_seq=True)
    first, second = blocks(made.body)
    assert (first.number, second.number) == (1, 2)
    assert second.json[field] == HOSTILE.replace("\ud800", "?")
    if field == "type":
        assert second.event == "abcde\u2028fg?hidata: {}id: 9"


@given(stream=ANY_TEXT, kind=ANY_TEXT, origin=ANY_TEXT, ts=st.integers(-(2**63), 2**63))
def test_whatever_an_event_says_of_itself_it_is_one_block(
    stream: str, kind: str, origin: str, ts: int
) -> None:
    hostile = envelope(1, stream=stream, type=kind, origin=origin, ts=ts)
    (block,) = blocks(frames.batch([hostile], "e", by_seq=True).body)
    assert list(block.json) == [
        *("stream", "seq", "position", "ts", "type", "terminal", "origin", "data")
    ]
    assert block.json["ts"].endswith("Z")


@given(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))
def test_times_are_exact_to_the_microsecond(ts: int) -> None:
    (block,) = blocks(frames.batch([envelope(ts=ts)], "e", by_seq=True).body)
    said = datetime.fromisoformat(block.json["ts"])
    since = said - datetime(1970, 1, 1, tzinfo=UTC)
    assert (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds == ts


@pytest.mark.parametrize(
    "data", [b'{ "a" : 1.0e2,"a":2}', '"漢\u2028\x7f"'.encode(), b'"\\u0000\\n"']
)
def test_data_goes_out_as_it_is_kept(data: bytes) -> None:
    assert frames.data(envelope(data=data)).endswith(b'"data":' + data + b"}")


def test_a_batch_ends_before_it_grows_too_large_but_holds_one_event() -> None:
    given_events = [envelope(n, data=json.dumps("x" * 1000).encode()) for n in range(1, 9)]
    made = frames.batch(given_events, "e", by_seq=True, max_bytes=3500)
    assert (made.events, made.covered) == (2, 2)
    assert len(made.body) <= 3500
    alone = frames.batch(given_events, "e", by_seq=True, max_bytes=10)
    assert (alone.events, alone.covered) == (1, 1)


def test_a_filter_passes_its_types_and_moves_the_cursor_past_the_rest() -> None:
    given_events = [envelope(1, type="a"), envelope(2, type="b"), envelope(3, type="c")]
    made = frames.batch(given_events, "e", by_seq=True, types=frozenset("b"))
    assert [(b.id, b.event) for b in blocks(made.body)] == [("e-2", "b"), ("e-3", "")]
    assert (made.events, made.covered) == (1, 3)
    last = frames.batch(given_events, "e", by_seq=True, types=frozenset("c"))
    assert [(b.id, b.event) for b in blocks(last.body)] == [("e-3", "c")]
    none = frames.batch(given_events, "e", by_seq=True, types=frozenset("z"))
    assert none.body == b"id: e-3\n\n"
    assert frames.batch([], "e", by_seq=True, types=frozenset("z")).body == b""


def test_a_reset_stands_before_the_oldest_event() -> None:
    bounds = Bounds("e2", 5, 9)
    (block,) = blocks(frames.reset(Reset("evicted", bounds)).body)
    assert (block.id, block.event) == ("e2-4", "reset")
    assert block.json == {"reason": "evicted", "oldest": "e2-5", "newest": "e2-9"}
    (empty,) = blocks(frames.reset(Reset("epoch", replace(bounds, oldest=1, newest=0))).body)
    assert (empty.id, empty.json["oldest"], empty.json["newest"]) == ("e2-0", "e2-1", "e2-0")
