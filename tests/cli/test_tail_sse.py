"""The parser of Server-Sent Events, by the letter of the standard."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.cli.feed import sse
from session_lattice.cli.feed.sse import Message, Parser
from session_lattice.errors import LatticeError


def parsed(*chunks: bytes) -> list[Message]:
    parser = Parser()
    return [message for chunk in chunks for message in parser.feed(chunk)]


def test_a_message_without_end_is_no_message() -> None:
    assert parsed(b"id: 1\ndata: half") == []
    assert parsed(b"id: 1\ndata: half\n") == []


def test_a_message_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_MESSAGE_BYTES", 100)
    with pytest.raises(LatticeError, match="more than 100 bytes"):
        parsed(*[b"data: endless"] * 10)
    with pytest.raises(LatticeError, match="more than 100 bytes"):
        parsed(*[b"data: many\n"] * 20)


def test_comments_may_go_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_MESSAGE_BYTES", 100)
    assert parsed(*[b": ping\n\n"] * 50, b": ping\n" * 50, b"data: x\n\n") == [("", "message", "x")]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_end_at_each_of_the_three_ends(end: bytes) -> None:
    lines = [b"id: 1", b"event: a", b"data: x", b"", b"data: y", b"", b""]
    assert parsed(end.join(lines)) == [("1", "a", "x"), ("1", "message", "y")]


def test_lines_end_nowhere_else() -> None:
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"
    assert parsed(f"data: {text}\n\n".encode()) == [("", "message", text)]


def test_a_line_end_cut_in_two_is_one() -> None:
    assert parsed(b"data: a\r", b"\ndata: b\r", b"", b"\n\r", b"\n") == [("", "message", "a\nb")]


def test_an_event_without_data_is_dropped_and_its_id_kept() -> None:
    parser = Parser()
    assert list(parser.feed(b"event: a\nid: 7\n\n")) == []
    assert parser.last_id == "7"
    assert list(parser.feed(b"data: x\n\n")) == [("7", "message", "x")]


def test_an_id_counts_once_its_message_is_whole() -> None:
    parser = Parser("1")
    assert list(parser.feed(b"id: 2\ndata: x\n")) == []
    assert parser.last_id == "1"


@pytest.mark.parametrize(
    ("line", "last_id"),
    [(b"id: a\0b", "before"), (b"id", ""), (b"id:", ""), (b"id:x", "x"), (b"id:  x", " x")],
)
def test_ids_are_taken_as_the_standard_says(line: bytes, last_id: str) -> None:
    parser = Parser("before")
    list(parser.feed(line + b"\n\n"))
    assert parser.last_id == last_id


@pytest.mark.parametrize(
    ("line", "retry"),
    [(b"retry: 250", 250), (b"retry: 2s", None), (b"retry: -1", None), (b"retry:", None)],
)
def test_retry_is_taken_where_it_is_a_number(line: bytes, retry: int | None) -> None:
    parser = Parser()
    list(parser.feed(line + b"\n"))
    assert parser.retry_ms == retry


def test_unknown_fields_and_comments_mean_nothing() -> None:
    lines = b":data: no\nwhat: ever\nData: no\ndata : no\ndata\ndata:  two\n\n"
    assert parsed(lines) == [("", "message", "\n two")]


def test_a_byte_order_mark_is_skipped_at_the_start_only() -> None:
    mark = b"\xef\xbb\xbf"
    assert parsed(mark[:2], mark[2:] + b"data: x\n\n" + mark + b"data: y\n\n") == [
        ("", "message", "x")
    ]


def test_bytes_that_are_no_utf_8_harm_nothing() -> None:
    assert parsed(b"data: a\xff\n\ndata: b\n\n") == [
        ("", "message", "a\ufffd"),
        ("", "message", "b"),
    ]


FIELDS = st.sampled_from(["id: 1", "id: ", "event: ä", "data: x", "data", ": c", "", "", "漢字: é"])


@given(
    lines=st.lists(st.tuples(FIELDS, st.sampled_from(["\n", "\r", "\r\n"])), max_size=12),
    cuts=st.sets(st.integers(0, 120)),
)
def test_how_chunks_are_cut_changes_nothing(lines: list[tuple[str, str]], cuts: set[int]) -> None:
    stream = "".join(field + end for field, end in lines).encode()
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    chunks = [stream[low:high] for low, high in pairwise(edges)]
    assert parsed(*chunks) == parsed(stream) == _by_the_book(stream.decode())


def _by_the_book(stream: str) -> list[Message]:
    """The standard's own steps, over a whole text."""
    found, event, data, id_ = [], "", "", ""
    *lines, _ = re.split("\r\n|\n|\r", stream)
    for line in lines:
        if line == "":
            if data:
                found.append(Message(id_, event or "message", data[:-1]))
            event = data = ""
            continue
        name, colon, value = line.partition(":")
        value = value[1:] if colon and value[:1] == " " else value
        if name == "data":
            data += value + "\n"
        elif name == "event":
            event = value
        elif name == "id":
            id_ = value
    return found
