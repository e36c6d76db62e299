from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.sources import lines
from session_lattice.sources.identity import Checkpoint
from session_lattice.sources.lines import LineDecoder, LineReader, whole_objects


class Tide(msgspec.Struct):
    port: str = ""
    height: int | None = None
    inner: dict[str, int] = {}


def decode(raw: bytes, part: int = 0) -> tuple[list[Tide], Counter[str]]:
    kinds: Counter[str] = Counter()
    found = LineDecoder(Tide).decode(raw, lambda kind: kinds.update([kind]), part)
    return list(found), kinds


@pytest.mark.parametrize(
    ("raw", "ports", "kinds"),
    [
        (b'{"port":"a"}', ["a"], {}),
        (b'{"port":"a"}{"port":"b"}', ["a", "b"], {"glued_objects": 1}),
        (b'{"port":"a"} {"port":"b"}{"port":"c"}', ["a", "b", "c"], {"glued_objects": 2}),
        (b'{"port":"a\xff"}', ["a\ufffd"], {"invalid_utf8": 1}),
        (b'{"other":"\xff","port":"a"}', ["a"], {"invalid_utf8": 1}),
        (b'{"port":"a\\ud83d"}', ["a\ufffd"], {"lone_surrogate": 1}),
        (b'{"port":"\\ud83c\\udf0a"}', ["\U0001f30a"], {}),
        (b'{"port":"a\tb"}', ["a\tb"], {"nonstandard_json": 1}),
        (b'{"port":"a","height":NaN}', ["a"], {"nonstandard_json": 1}),
        (b'\x00\x00{"port":"a"}\x00', ["a"], {"nul_bytes": 1}),
        (b'\xef\xbb\xbf{"port":"a"}', ["a"], {}),
        (b'{"port":"a"}\r', ["a"], {}),
        (b'{"port":"a","height":"high"}', ["a"], {"bad_field:height": 1}),
        (b'{"port":5,"inner":{"x":"y"}}', [""], {"bad_field:port": 1, "bad_field:inner": 1}),
        (b'{"port":"a","inner":{"x"{"port":"b"}', ["b"], {"malformed_line": 1}),
        (b'{"port":"a"}garbage', ["a"], {"malformed_line": 1}),
        (b"garbage", [], {"malformed_line": 1}),
        (b"[1]", [], {"malformed_line": 1}),
        (b"null", [], {"malformed_line": 1}),
        (b'{"port":' + b"[" * 100_000, [], {"malformed_line": 1}),
        (b'{"port":"a","x":' + b"[" * 5000 + b"]" * 5000 + b"}", [], {"malformed_line": 1}),
    ],
)
def test_a_bad_line_costs_only_itself_and_is_counted(
    raw: bytes, ports: list[str], kinds: dict[str, int]
) -> None:
    found, counted = decode(raw)
    assert [tide.port for tide in found] == ports
    assert counted == kinds


def test_an_object_glued_to_an_earlier_end_of_the_file_is_counted_as_glued() -> None:
    assert decode(b'{"port":"b"}', part=1)[1] == {"glued_objects": 1}


@given(st.binary(max_size=200))
def test_no_bytes_make_the_decoder_fail(raw: bytes) -> None:
    found, kinds = decode(raw)
    assert all(isinstance(tide, Tide) for tide in found)
    assert whole_objects(raw) in (0, len(found) + kinds["malformed_line"])


@pytest.mark.parametrize(
    ("raw", "objects"),
    [
        (b'{"a":1}', 1),
        (b'{"a":1}{"b":2}', 2),
        (b'{"a":"\\ud83d"}', 1),
        (b'{"a":"\xff"}', 1),
        (b'{"a":{"b":1}', 0),
        (b'{"a":1', 0),
        (b'{"a":"}', 0),
        (b'{"a":1}{"b"', 0),
        (b"gar}bage}", 0),
        (b'\x00{"a":1}', 0),
        (b"5", 0),
        (b"", 0),
    ],
)
def test_a_last_line_is_whole_only_when_nothing_of_it_is_missing(raw: bytes, objects: int) -> None:
    assert whole_objects(raw) == objects


Lines = list[tuple[bytes, int, int]]


def read(path: Path, start: Checkpoint | None = None) -> tuple[Lines, Checkpoint]:
    kinds: list[str] = []
    reader = LineReader(str(path), start or Checkpoint(), kinds.append)
    found = list(reader)
    end = reader.position(start or Checkpoint(), finished=True)
    reader.close()
    return found, msgspec.structs.replace(end, warnings=dict(Counter(kinds)))


def test_a_half_written_line_waits_for_its_rest(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b'{"n":1}\n{"n":')
    found, end = read(path)
    assert found == [(b'{"n":1}', 0, 0)]
    path.write_bytes(b'{"n":1}\n{"n":2}\n')
    assert read(path, end)[0] == [(b'{"n":2}', 1, 0)]


def test_a_whole_last_line_does_not_wait_for_its_newline(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b'{"n":1}\n{"n":2}')
    found, end = read(path)
    assert found == [(b'{"n":1}', 0, 0), (b'{"n":2}', 1, 0)]
    path.write_bytes(b'{"n":1}\n{"n":2}\n{"n":3}\n')
    assert read(path, end)[0] == [(b'{"n":3}', 2, 0)]


def test_what_is_glued_to_a_whole_last_line_is_its_next_part(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b'{"n":1}{"n":2}')
    found, end = read(path)
    assert found == [(b'{"n":1}{"n":2}', 0, 0)]
    path.write_bytes(b'{"n":1}{"n":2}{"n":3}\n{"n":4}\n')
    assert read(path, end)[0] == [(b'{"n":3}', 0, 2), (b'{"n":4}', 1, 0)]


def test_blank_lines_are_passed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b'\n\r\n{"n":1}\n  \n{"n":2}\n')
    assert [(raw, line) for raw, line, _ in read(path)[0]] == [(b'{"n":1}', 2), (b'{"n":2}', 4)]


def test_a_line_of_many_blocks_is_read_whole(tmp_path: Path) -> None:
    long = b'{"n":"' + b"x" * (10 * lines.BLOCK_BYTES) + b'"}'
    path = tmp_path / "a"
    path.write_bytes(long + b"\n" + b'{"n":2}\n')
    assert read(path)[0] == [(long, 0, 0), (b'{"n":2}', 1, 0)]


@given(st.integers(0, 60))
def test_a_line_above_the_limit_is_skipped_wherever_reading_paused_in_it(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("lines") / "a"
    data = b'{"n":1}\n' + b"x" * 40 + b'\n{"n":2}\n'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "LINE_BYTES", 16)
        patch.setattr(lines, "BLOCK_BYTES", 8)
        path.write_bytes(data[:cut])
        first, end = read(path)
        path.write_bytes(data)
        second, last = read(path, end)
    assert [(raw, line) for raw, line, _ in first + second] == [(b'{"n":1}', 0), (b'{"n":2}', 2)]
    assert end.warnings.get("oversized_line", 0) + last.warnings.get("oversized_line", 0) == 1


@given(st.integers(0, 200), st.integers(1, 64))
def test_lines_do_not_depend_on_blocks_or_pauses(
    tmp_path_factory: pytest.TempPathFactory, cut: int, block: int
) -> None:
    path = tmp_path_factory.mktemp("lines") / "a"
    data = b"".join(b'{"n":"%s"}\n' % (b"x" * size) for size in range(0, 24, 3))
    path.write_bytes(data)
    whole = read(path)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", block)
        path.write_bytes(data[:cut])
        first, end = read(path)
        path.write_bytes(data)
        second, last = read(path, end)
    assert first + second == whole
    assert last.offset == len(data)
