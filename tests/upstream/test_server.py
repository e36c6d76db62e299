"""The made-up upstream does on the wire what it says."""

import json
import re
import socket
import struct
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse, IncompleteRead

import pytest

from tests.upstream import wires
from tests.upstream.misbehaviours import FAILING, LYING, MISBEHAVIOURS, ODD
from tests.upstream.replies import BOMB_BLOCK_BYTES, BOMB_BLOCKS
from tests.upstream.server import DASHBOARD, SCAN_VERSION, SESSIONS, Upstream
from tests.upstream.world import World

PATIENCE_SECONDS = 10.0
SHORT_SECONDS = 0.05
"""How long a client waits that wants to see that nothing comes."""

NUMBER = 12


@pytest.fixture
def server() -> Iterator[Upstream]:
    with Upstream(World(NUMBER)) as made:
        yield made


def connected(server: Upstream, seconds: float = PATIENCE_SECONDS) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", server.port, timeout=seconds)


def ask(server: Upstream, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    """Over a connection of its own."""
    connection = connected(server)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def listed(server: Upstream) -> list[str]:
    """Uuids of the sessions that the server names."""
    _, body = ask(server, SESSIONS)
    return [item["session"]["session_uuid"] for item in json.loads(body)["sessions"]]


def raw(server: Upstream, path: str = SESSIONS) -> socket.socket:
    """A connection that has asked for `path` and read nothing."""
    sock = socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS)
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
    return sock


def no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def to_the_end(sock: socket.socket) -> bytes:
    got = b""
    while piece := sock.recv(65_536):
        got += piece
    return got


def until_silence(sock: socket.socket) -> bytes:
    got = b""
    with suppress(TimeoutError):
        while piece := sock.recv(65_536):
            got += piece
        raise AssertionError("the connection ended")
    return got


def test_connections_are_refused_until_it_behaves_again(server: Upstream) -> None:
    with raw(server, SCAN_VERSION) as living:
        living.recv(1)
        server.refuse()
        with suppress(ConnectionError):
            to_the_end(living)
    with pytest.raises(ConnectionRefusedError):
        ask(server, SCAN_VERSION)
    server.behave()
    assert len(listed(server)) == NUMBER


def test_silence_lasts_until_it_behaves_again_and_then_the_connection_ends(
    server: Upstream,
) -> None:
    server.misbehave("silence")
    with raw(server) as sock:
        sock.settimeout(SHORT_SECONDS)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        sock.settimeout(PATIENCE_SECONDS)
        server.behave()
        assert sock.recv(1) == b""
    assert len(listed(server)) == NUMBER


def test_it_stalls_in_the_middle_of_the_body(server: Upstream) -> None:
    server.misbehave("stall_in_mid_body")
    with raw(server) as sock:
        sock.settimeout(SHORT_SECONDS * 10)
        got = until_silence(sock)
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    assert length
    assert len(body) == int(length[1]) // 2


def test_a_trickle_is_the_whole_answer_in_the_end(server: Upstream) -> None:
    server.misbehave("trickle", SCAN_VERSION)
    _, body = ask(server, SCAN_VERSION)
    assert json.loads(body)["scan_version"] == 1


@pytest.mark.parametrize("name", ["reset_before_head", "reset_in_mid_body"])
def test_a_reset_is_one(server: Upstream, name: str) -> None:
    server.misbehave(name)
    with raw(server) as sock, pytest.raises(ConnectionResetError):
        to_the_end(sock)


@pytest.mark.parametrize("name", ["truncated_with_wrong_length", "chunks_cut_off"])
def test_what_is_truncated_is_seen_by_an_http_client(server: Upstream, name: str) -> None:
    server.misbehave(name)
    with pytest.raises(IncompleteRead):
        ask(server, SESSIONS)


@pytest.mark.parametrize(
    "name",
    [
        *("truncated_with_right_length", "html_called_json", "empty_body", "not_a_number"),
        *("invalid_utf8", "two_bodies"),
    ],
)
def test_what_is_no_json_is_whole_to_an_http_client(server: Upstream, name: str) -> None:
    server.misbehave(name)
    answer, body = ask(server, SESSIONS)
    assert answer.status == 200
    with pytest.raises(ValueError, match=r"."):
        json.loads(body, parse_constant=no_constant)


def test_deep_nesting_is_valid_json_but_for_its_depth(server: Upstream) -> None:
    server.misbehave("nested_deep")
    _, body = ask(server, SESSIONS)
    with pytest.raises(RecursionError):
        json.loads(body)


@pytest.mark.parametrize("name", [name for name in FAILING if name.startswith("endless")])
def test_an_endless_body_goes_on_for_as_long_as_one_reads(server: Upstream, name: str) -> None:
    server.misbehave(name)
    with raw(server) as sock:
        left = 5_000_000
        while left > 0:
            piece = sock.recv(65_536)
            assert piece
            left -= len(piece)


def test_a_bomb_is_small_on_the_wire_and_gigabytes_unpacked(server: Upstream) -> None:
    server.misbehave("gzip_bomb")
    with raw(server) as sock:
        stream = sock.makefile("rb")
        length = next(int(line[15:]) for line in stream if line.startswith(b"Content-Length:"))
        assert length < 8_000_000
        assert stream.readline() == b"\r\n"
        unpack = zlib.decompressobj(wbits=31)
        packed, opened = 0, 0
        while opened < 16 * BOMB_BLOCK_BYTES:
            piece = stream.read(4096)
            packed, opened = packed + len(piece), opened + len(unpack.decompress(piece))
        stream.close()
    assert opened / packed > 500
    assert BOMB_BLOCKS * BOMB_BLOCK_BYTES >= 4 * 2**30


def test_statuses_and_retry_after_are_as_their_names_say(server: Upstream) -> None:
    for status in (404, 429, 500, 502, 503):
        server.misbehave(f"status_{status}", times=1)
        answer, _ = ask(server, SESSIONS)
        assert (answer.status, answer.headers["Retry-After"]) == (status, None)
    for name, given in {
        "retry_after_seconds": r"1",
        "retry_after_date": r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT",
        "retry_after_century": r"3153600000",
        "retry_after_negative": r"-5",
    }.items():
        server.misbehave(name, times=1)
        answer, _ = ask(server, SESSIONS)
        assert answer.status in (429, 503)
        assert re.fullmatch(given, answer.headers["Retry-After"])


def test_redirects_lead_elsewhere_in_a_loop_or_to_the_same_answer(server: Upstream) -> None:
    server.misbehave("redirect_elsewhere", times=1)
    server.misbehave("redirect_in_a_loop", times=1)
    server.misbehave("redirect_on_the_same_host")
    places = [ask(server, SESSIONS)[0].headers["Location"] for _ in range(3)]
    assert places == [f"http://localhost:{server.port}/api/sessions", SESSIONS, f"/moved{SESSIONS}"]
    assert json.loads(ask(server, places[2])[1])["sessions"]


@pytest.mark.parametrize("name", LYING)
def test_a_lie_is_json_that_differs_from_the_truth(server: Upstream, name: str) -> None:
    _, sound = ask(server, SESSIONS)
    server.misbehave(name)
    answer, body = ask(server, SESSIONS)
    assert answer.status == 200
    assert json.loads(body)["sessions"] != json.loads(sound)["sessions"]
    for path in (SCAN_VERSION, DASHBOARD):
        assert json.loads(ask(server, path)[1])["scan_version"] == 1


def test_every_misbehaviour_belongs_to_one_kind() -> None:
    assert len(MISBEHAVIOURS) == len(FAILING) + len(LYING) + len(ODD)
    assert len(FAILING) >= 40
    assert wires.silence in FAILING.values()


def test_a_rule_holds_for_so_many_requests_of_its_path(server: Upstream) -> None:
    server.misbehave("status_500", SESSIONS, times=2)
    asked = (SESSIONS, SCAN_VERSION, SESSIONS, SESSIONS)
    assert [ask(server, path)[0].status for path in asked] == [500, 200, 500, 200]
    assert server.misbehaved["status_500"] == 2
    with pytest.raises(ValueError, match="no_such"):
        server.misbehave("no_such")


def test_a_restart_counts_scans_from_nothing_and_lists_nothing_before_the_first(
    server: Upstream,
) -> None:
    server.scan(6)
    server.restart()
    assert json.loads(ask(server, SCAN_VERSION)[1]) == {"scan_version": 0, "last_scan": None}
    assert listed(server) == []
    assert json.loads(ask(server, DASHBOARD)[1])["repos"] == []
    server.scan()
    assert len(listed(server)) == NUMBER


def test_an_old_etag_matches_other_content_after_a_restart(server: Upstream) -> None:
    server.scan(2)
    answer, before = ask(server, SESSIONS)
    tag, last = answer.headers["ETag"], json.loads(ask(server, SCAN_VERSION)[1])["last_scan"]
    server.world.change(3)
    server.restart(scans=3)
    again, nothing = ask(server, SESSIONS, **{"If-None-Match": tag})
    assert (again.status, nothing) == (304, b"")
    assert json.loads(ask(server, SESSIONS)[1])["sessions"] != json.loads(before)["sessions"]
    assert json.loads(ask(server, SCAN_VERSION)[1])["last_scan"] > last


def test_one_connection_serves_many_requests_and_all_are_remembered(server: Upstream) -> None:
    connection = connected(server)
    for path in (SCAN_VERSION, SESSIONS, DASHBOARD, SCAN_VERSION, "/nowhere"):
        connection.request("GET", path, headers={"X-Mark": path})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == (404 if path == "/nowhere" else 200)
    connection.close()
    assert [request.headers["x-mark"] for request in server.requests] == [
        request.path for request in server.requests
    ]
    assert (server.count(), server.count(SCAN_VERSION)) == (5, 2)


@pytest.mark.parametrize("name", ["chunked", "gzip_as_asked", "white_space", "with_a_charset"])
def test_odd_answers_are_right_ones(server: Upstream, name: str) -> None:
    before = listed(server)
    server.misbehave(name)
    answer, body = ask(server, SESSIONS, **{"Accept-Encoding": "gzip"})
    if answer.headers["Content-Encoding"] == "gzip":
        body = zlib.decompress(body, wbits=31)
    assert [item["session"]["session_uuid"] for item in json.loads(body)["sessions"]] == before


def test_it_ends_while_clients_hang_and_others_do_not_read() -> None:
    with Upstream(World(NUMBER)) as server:
        server.misbehave("endless_string", times=1)
        server.misbehave("silence")
        deaf = raw(server)
        deaf.recv(1)
        hanging = raw(server)
        hanging.settimeout(SHORT_SECONDS)
        with pytest.raises(TimeoutError):
            hanging.recv(1)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for sock in (deaf, hanging):
        sock.close()


def test_the_whole_is_readable_with_an_ordinary_client(server: Upstream) -> None:
    with urllib.request.urlopen(f"{server.url}{SESSIONS}", timeout=PATIENCE_SECONDS) as answer:
        assert answer.headers["Content-Type"] == "application/json"
        assert len(json.load(answer)["sessions"]) == NUMBER
    with pytest.raises(urllib.error.HTTPError) as failed:
        urllib.request.urlopen(f"{server.url}/none", timeout=PATIENCE_SECONDS)
    with failed.value:
        assert json.load(failed.value) == {"error": "not_found", "path": "/none"}
