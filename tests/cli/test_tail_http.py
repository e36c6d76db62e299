"""`tail --url`: against a server that plays a script, and as a process."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.cli.feed import server as servers
from session_lattice.cli.feed.backoff import MIN_SECONDS, Backoff
from session_lattice.cli.feed.base import Frame, fields
from session_lattice.cli.feed.http import HttpFeed
from session_lattice.cli.feed.server import Server
from session_lattice.errors import ConfigError, LatticeError
from session_lattice.home import Home
from tests.cli.tailing import (
    HEAD,
    PULL,
    SESSION,
    Step,
    answer,
    frame,
    hang,
    peer,
    tail,
)

PROBLEM = {"detail": "there is nothing\x1b at /events", "try": "ask for\nsomething else"}
LAST = frame(9, stream=SESSION, terminal=True)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def feed(url: str, *, stream: str = SESSION, token: str = "", after: str = "") -> HttpFeed:
    return HttpFeed(Server(url, token or None), stream, [], after)


def cursors(frames: Iterator[Frame]) -> list[str]:
    return [one.cursor for one in frames]


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:7778", "ftp://h", "http://", "http://h:port", "http://u:p@h", "http://a..b:1"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="not the address of a server"):
        Server(url, None)


def test_a_refusal_ends_it_with_what_the_server_says() -> None:
    body = json.dumps(PROBLEM).encode()
    with peer(answer("404 Not Found", body)) as server, pytest.raises(LatticeError) as caught:
        cursors(feed(server.url).frames())
    assert caught.value.what.endswith("answers 404: there is nothing? at /events")
    assert caught.value.hint == "ask for something else"
    assert len(server.requests) == 1


def test_a_wrong_token_is_answered_with_where_it_is_set() -> None:
    with peer(answer("401 No", b"no json")) as server, pytest.raises(LatticeError) as caught:
        cursors(feed(server.url, token="wrong").frames())
    assert "SESSION_LATTICE_TOKEN" in caught.value.hint
    assert "Authorization: Bearer wrong\r\n" in server.requests[0]


@pytest.mark.parametrize(
    "other",
    [
        answer("200 OK", b"<html>", "Content-Type: text/html"),
        answer("302 Found", b"", "Location: http://elsewhere/"),
    ],
)
def test_what_is_no_event_stream_ends_it(other: bytes) -> None:
    with peer(other) as server, pytest.raises(LatticeError, match="not with what was asked for"):
        cursors(feed(server.url).frames())


@pytest.mark.parametrize("data", ["", "garbage", "[1]", '{"cut": '])
def test_what_is_no_event_ends_it(data: str) -> None:
    stream = HEAD + f"id: 1\ndata: {data}\n\n".encode()
    with peer(stream) as server, pytest.raises(LatticeError, match="no event"):
        _ = [fields(one) for one in feed(server.url).frames()]


def test_204_ends_it() -> None:
    with peer() as server:
        assert cursors(feed(server.url).frames()) == []
    assert len(server.requests) == 1


def test_a_terminal_event_ends_it_without_asking_again() -> None:
    with peer(HEAD + frame(1) + LAST + frame(10)) as server:
        assert cursors(feed(server.url).frames()) == ["e1-1", "e1-9"]
    assert len(server.requests) == 1


def test_in_the_whole_feed_no_event_is_the_last() -> None:
    with peer(HEAD + LAST + frame(10)) as server:
        assert cursors(feed(server.url, stream="").frames()) == ["e1-9", "e1-10"]


def test_what_is_asked_for_reaches_the_server() -> None:
    with peer() as server:
        asked = HttpFeed(Server(server.url + "/below/", None), "a/b&c", ["x.y", "z"], "e1-7")
        assert cursors(asked.frames()) == []
    head = server.requests[0]
    assert head.startswith("GET /below/events?stream=a%2Fb%26c&types=x.y%2Cz&after=e1-7 HTTP/1.1")
    assert "Accept: text/event-stream\r\n" in head
    assert "Last-Event-ID" not in head
    assert "Authorization" not in head


def test_after_every_kind_of_loss_it_goes_on_behind_the_last_event(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def reset(connection: socket.socket) -> None:
        connection.sendall(HEAD + frame(3))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    chunked = HEAD.replace(b"Connection: close", b"Transfer-Encoding: chunked")
    chunked = chunked.removesuffix(b"retry: 10\n\n")
    cut = chunked + b"%x\r\n" % (len(frame(4)) + 99) + frame(4)
    script: list[Step] = [
        HEAD + frame(1),
        HEAD + frame(2) + frame(3)[:-1],
        reset,
        cut,
        answer("503 Busy", b"{}", "Retry-After: 0"),
        answer("500 Broken"),
        b"",
        b"nothing of HTTP\r\n",
        HEAD + frame(5) + LAST,
    ]
    with peer(*script) as server:
        assert cursors(feed(server.url).frames()) == [
            "e1-1",
            "e1-2",
            "e1-3",
            "e1-4",
            "e1-5",
            "e1-9",
        ]
    sent = [head.partition("Last-Event-ID: ")[2].partition("\r\n")[0] for head in server.requests]
    assert sent == ["", "e1-1", "e1-2", "e1-3", *["e1-4"] * 5]
    said = capsys.readouterr().err.splitlines()
    assert said[-2].endswith("; trying again")
    assert said[-1] == "session-lattice: connected again"
    assert len(said) <= 6, "once for each loss, however often it is tried"


def test_a_refused_connection_is_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        frames = feed(f"http://127.0.0.1:{closed.getsockname()[1]}").frames()
        found: list[str] = []
        follower = threading.Thread(target=lambda: found.extend(cursors(frames)))
        follower.start()
        said = ""
        while "refused" not in said:
            said += capsys.readouterr().err
        closed.listen()
        connection, _ = closed.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(HEAD + LAST)
            follower.join(60)
    assert found == ["e1-9"]
    assert said.endswith("connection refused; trying again\n")
    assert capsys.readouterr().err.startswith("session-lattice: connected again")


@pytest.mark.parametrize("loss", [answer("500 Broken"), HEAD + b": ping\n\n"])
def test_from_now_on_a_loss_before_the_first_event_is_owned_up_to(
    capsys: pytest.CaptureFixture[str], loss: bytes
) -> None:
    with peer(loss, HEAD + LAST) as server:
        cursors(feed(server.url).frames())
    assert capsys.readouterr().err.splitlines()[-1] == (
        "session-lattice: connected again; what happened meanwhile is not shown"
    )


def test_a_place_that_came_without_an_event_is_gone_on_from() -> None:
    with peer(HEAD + b"id: e1-4\n\n", HEAD + LAST) as server:
        assert cursors(feed(server.url).frames()) == ["e1-9"]
    assert "Last-Event-ID: e1-4\r\n" in server.requests[1]


def test_a_silent_peer_counts_as_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert servers.SILENCE_SECONDS == 3 * 15
    monkeypatch.setattr(servers, "SILENCE_SECONDS", 0.1)
    with peer(hang, HEAD + LAST) as server:
        assert cursors(feed(server.url).frames()) == ["e1-9"]
    assert "nothing came for too long" in capsys.readouterr().err


def test_a_reset_is_handed_on_and_gone_on_from() -> None:
    reset = b'id: e2-4\nevent: reset\ndata: {"reason":"epoch","oldest":"e2-5","newest":"e2-9"}\n\n'
    with peer(HEAD + reset, HEAD + LAST) as server:
        first, _ = feed(server.url).frames()
    assert (first.type, first.cursor) == ("reset", "e2-4")
    assert fields(first)["reason"] == "epoch"
    assert "Last-Event-ID: e2-4\r\n" in server.requests[1]


def test_the_newest_pull_is_asked_for_and_stays_what_it_was() -> None:
    named = answer("200 OK", b'{"stream":"%b"}' % PULL.encode(), "Content-Type: application/json")
    first, second = (frame(number, stream=PULL, terminal=number == 2) for number in (1, 2))
    with peer(answer("503 Busy"), named, HEAD + first, HEAD + second) as server:
        assert cursors(feed(server.url, stream="pull/latest").frames()) == ["e1-1", "e1-2"]
    asked = [one.partition(" HTTP")[0] for one in server.requests]
    there = f"GET /events?stream={PULL.replace('/', '%2F')}"
    assert asked == ["GET /streams/pull/latest", "GET /streams/pull/latest", there, there]


@pytest.mark.parametrize(
    "other",
    [
        answer("200 OK", b"[]", "Content-Type: application/json"),
        answer("200 OK", b"<html>", "Content-Type: text/html"),
        answer("404 Not Found", b"{}"),
    ],
)
def test_where_the_newest_pull_is_not_told_it_ends(other: bytes) -> None:
    with peer(other) as server, pytest.raises(LatticeError):
        cursors(feed(server.url, stream="pull/latest").frames())


def test_bytes_cut_anywhere_and_all_line_ends_are_understood() -> None:
    text = "naïve 漢字 🙂"
    whole = HEAD + b": ping\r\n\r\n" + frame(1, text).replace(b"\n", b"\r") + LAST
    single = [whole[place : place + 1] for place in range(len(whole))]
    with peer(single) as server:
        first, last = feed(server.url).frames()
    assert fields(first)["data"]["text"] == text
    assert last.cursor == "e1-9"


def test_waits_double_up_to_their_most_and_begin_again_once_it_works() -> None:
    backoff = Backoff(1.0, 30.0)
    waits = [backoff.seconds() for _ in range(40)]
    assert all(0.5 * 2**n <= wait <= 2**n for n, wait in enumerate(waits[:5]))
    assert all(15 <= wait <= 30 for wait in waits[6:])
    backoff.worked()
    assert 0.5 <= backoff.seconds() <= 1


def test_a_peers_wish_is_kept_within_reason() -> None:
    backoff = Backoff(1.0, 30.0)
    assert backoff.seconds(at_least=10) == 10
    assert backoff.seconds(at_least=1e9) == 30
    backoff.first = 0.0
    assert MIN_SECONDS <= Backoff(0.0, 30.0).seconds() < 1


def test_the_command_follows_a_server_through_a_drop_and_a_reset(home: Home) -> None:
    reset = (
        b"id: e1-6\nevent: reset\n"
        b'data: {"reason":"evicted","oldest":"e1-7\\u001b","newest":"e1-9"}\n\n'
    )
    script = [HEAD + frame(1), answer("502 Gone"), HEAD + reset + frame(7) + LAST]
    token = {"SESSION_LATTICE_TOKEN": "s3cret"}
    with peer(*script) as server, tail(home, SESSION, "--url", server.url, **token) as running:
        lines = running.out.rest()
        said = running.err.rest()
        assert running.end() == 0
    assert [line.rpartition("prompt ")[2] for line in lines] == ["1", "7", "9"]
    assert said == [
        f"session-lattice: {server.url} answers 502; trying again",
        "session-lattice: connected again",
        "session-lattice: missed: the log no longer has the events before e1-7?;"
        " going on from the oldest kept",
    ]
    assert all("Authorization: Bearer s3cret\r\n" in head for head in server.requests)


def test_the_commands_json_over_http_is_the_frames_object(home: Home) -> None:
    script = HEAD + frame(1) + LAST
    with peer(script) as server, tail(home, SESSION, "--url", server.url, "--json") as running:
        first, _ = (json.loads(line) for line in running.out.rest())
    assert first == json.loads(frame(1).split(b"data: ")[1]) | {"cursor": "e1-1"}


def test_the_command_ends_with_1_where_the_server_refuses(home: Home) -> None:
    script = answer("400 Bad", json.dumps(PROBLEM).encode())
    with peer(script) as server, tail(home, "--url", server.url) as running:
        assert running.end() == 1
        what, hint = running.err.rest()
    assert what == f"session-lattice: {server.url} answers 400: there is nothing? at /events"
    assert hint == "Try: ask for something else"
