"""GET /events on the wire: where it begins, what it sends, when it ends."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from session_lattice.config import Settings
from session_lattice.home import Home
from session_lattice.log.base import EventLog
from session_lattice.log.sqlite import SqliteEventLog
from session_lattice.reads.stream.limits import MAX_STREAMS, Limits
from session_lattice.testing import MemoryEventLog
from tests.acceptance.pair import until
from tests.reads.stream.serving import Block, Client, Reads, event, events, reads

MakeSettings = Callable[..., Settings]
PULL = "pull/1"
SESSION = "session/codex/1"
HOSTILE = "a\x00b\rc\nd\u2028e\n\ndata: {}\n\n"
MB = 1_000_000


@pytest.fixture
def log() -> MemoryEventLog:
    return MemoryEventLog(origin="here")


@pytest.fixture
def server(log: MemoryEventLog, make_settings: MakeSettings) -> Iterator[Reads]:
    with reads(make_settings(), lambda: log) as server:
        yield server


def ended_pull(log: EventLog) -> None:
    log.append(events(1, 2, PULL), {})
    log.append([event("end", PULL, kind="pull.finished", terminal=True)], {})


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?after=nonsense", "is no cursor"),
        ("?after=e-01", "is no cursor"),
        ("?after=", "is no cursor"),
        ("?after=latest&after=earliest", "more than once"),
        ("?stream=a&stream=b", "more than once"),
        ("?tail=1", "no parameter"),
        ("?stream=", "1 to 512 characters"),
        ("?stream=" + "x" * 513, "1 to 512 characters"),
        ("?types=", "1 to 64 names"),
        ("?types=a,,b", "1 to 64 names"),
        ("?types=" + ",".join(map(str, range(65))), "1 to 64 names"),
    ],
)
def test_what_means_nothing_is_refused(server: Reads, query: str, said: str) -> None:
    status, problem = server.get("/events" + query)
    assert status == 400
    assert said in problem["detail"]
    assert problem["try"] or "more than once" in said


def test_a_malformed_last_event_id_is_refused_however_long(server: Reads) -> None:
    for text in ("nonsense", "e-1x", "e-1 e-2", "x" * MB):
        with server.connect("?after=earliest", Last_Event_ID=text) as client:
            assert client.head()[0] == 400
    assert server.get("/healthz")[0] == 200


def test_an_endless_address_is_refused(server: Reads) -> None:
    with server.connect("?stream=" + "x" * MB) as client:
        assert client.head()[0] == 400
    assert server.get("/healthz")[0] == 200


def test_without_the_token_nothing_is_streamed(
    log: MemoryEventLog, make_settings: MakeSettings
) -> None:
    with reads(make_settings(token="secret"), lambda: log) as server:
        with server.connect() as client:
            assert client.head()[0] == 401
        with server.connect(Authorization="Bearer secret") as client:
            client.opened()


def test_the_whole_feed_begins_with_what_comes_next(server: Reads, log: MemoryEventLog) -> None:
    log.append(events(1, 3), {})
    with server.connect() as client:
        client.opened()
        log.append(events(4, 5), {})
        assert client.numbers(2) == [4, 5]


def test_who_drops_before_its_first_event_comes_back_to_where_it_was_connected(
    server: Reads, log: MemoryEventLog
) -> None:
    log.append(events(1, 3), {})
    with server.connect() as client:
        place = client.opened().place
    log.append(events(4, 5), {})
    with server.connect("", Last_Event_ID=place) as again:
        assert again.opened().numbers(2) == [4, 5]


def test_what_is_appended_once_a_client_is_connected_is_never_behind_it(
    server: Reads, log: MemoryEventLog
) -> None:
    for number in range(1, 60):
        with server.connect() as client:
            client.opened()
            log.append([event(number)], {})
            assert client.numbers(1) == [number]


def test_a_session_begins_with_what_comes_next_and_a_pull_with_its_beginning(
    server: Reads, log: MemoryEventLog
) -> None:
    log.append([*events(1, 3), *events(1, 2, PULL)], {})
    with server.connect(f"?stream={SESSION}") as session, server.connect(f"?stream={PULL}") as pull:
        session.opened()
        assert pull.opened().numbers(2) == [1, 2]
        log.append([*events(4, 4), *events(3, 3, PULL)], {})
        assert session.numbers(1) == [4]
        assert pull.numbers(1) == [3]


def test_a_replay_goes_over_into_the_tail_without_a_seam(
    server: Reads, log: MemoryEventLog
) -> None:
    log.append(events(1, 1700), {})
    with server.connect("?after=earliest") as client:
        client.opened()
        for first in range(1701, 2700, 50):
            log.append(events(first, first + 49), {})
        blocks = client.blocks(2700)
    assert [block.number for block in blocks] == list(range(1, 2701))
    assert [block.json["data"]["n"] for block in blocks] == list(range(1, 2701))
    assert {block.id.partition("-")[0] for block in blocks} == {log.epoch}


def test_following_goes_on_behind_the_last_event_id_whatever_the_address_says(
    server: Reads, log: MemoryEventLog
) -> None:
    log.append(events(1, 5), {})
    last = f"{log.epoch}-3"
    with server.connect("?after=earliest", Last_Event_ID=last) as client:
        assert client.opened().numbers(2) == [4, 5]
    with server.connect(f"?after={log.epoch}-4", Last_Event_ID="") as client:
        assert client.opened().numbers(1) == [5]


def test_hostile_events_leave_the_framing_whole(server: Reads, log: MemoryEventLog) -> None:
    large = b'"%s"' % (b"x" * MB)
    with server.connect("?after=earliest") as client:
        client.opened()
        log.append([event(1, HOSTILE), event(2, kind=HOSTILE), event(3, data=large)], {})
        log.append([event(4, data='"\\u0000\\r\\n\u2028"'.encode()), event(5)], {})
        blocks = client.blocks(5)
    assert [block.number for block in blocks] == [1, 2, 3, 4, 5]
    assert blocks[0].json["stream"] == HOSTILE
    assert blocks[1].json["type"] == HOSTILE
    assert blocks[2].json["data"] == "x" * MB
    assert blocks[3].json["data"] == "\x00\r\n\u2028"


def test_a_filter_passes_its_types_only_and_the_cursor_moves_on(
    server: Reads, log: MemoryEventLog
) -> None:
    log.append([event(1, kind="a"), event(2, kind="b"), event(3, kind="c")], {})
    with server.connect("?after=earliest&types=b,d") as client:
        found = client.opened().blocks(2)
        assert [(block.number, block.event) for block in found] == [(2, "b"), (3, "")]
        log.append([event(4, kind="a")], {})
        assert [(b.number, b.event, b.data) for b in client.blocks(1)] == [(4, "", "")]
        log.append([event(5, kind="d")], {})
        assert [(b.number, b.event) for b in client.blocks(1)] == [(5, "d")]


def test_behind_its_terminal_event_a_stream_ends_and_nobody_need_come_again(
    server: Reads, log: MemoryEventLog
) -> None:
    log.append(events(1, 1), {})
    with server.connect(f"?stream={PULL}") as client:
        client.opened()
        ended_pull(log)
        assert [block.number for block in client.rest()] == [1, 2, 3]
    with server.connect(f"?stream={PULL}", Last_Event_ID=f"{log.epoch}-3") as again:
        assert again.head()[0] == 204
    with server.connect(f"?stream={PULL}&after=latest") as again:
        assert again.head()[0] == 204
    with server.connect(f"?stream={PULL}", Last_Event_ID=f"{log.epoch}-2") as late:
        assert [block.event for block in late.opened().rest()] == ["pull.finished"]


def test_a_terminal_event_that_is_filtered_out_ends_the_stream_just_so(
    server: Reads, log: MemoryEventLog
) -> None:
    ended_pull(log)
    with server.connect(f"?stream={PULL}&types=pull.started") as client:
        blocks = client.opened().rest()
    assert [(block.number, block.event) for block in blocks] == [(3, "")]
    with server.connect(f"?stream={PULL}", Last_Event_ID=blocks[-1].id) as again:
        assert again.head()[0] == 204


def test_the_whole_feed_goes_on_behind_a_terminal_event(server: Reads, log: MemoryEventLog) -> None:
    ended_pull(log)
    with server.connect("?after=earliest") as client:
        assert client.opened().numbers(3) == [1, 2, 3]
        log.append(events(4, 4), {})
        assert client.numbers(1) == [4]


@pytest.mark.parametrize("stream", ["", SESSION])
def test_a_cursor_of_no_use_is_told_once_and_the_oldest_follows(
    server: Reads, log: MemoryEventLog, stream: str
) -> None:
    log.append(events(1, 5), {})
    log.trim(before=2**62, up_to=3, limit=10)
    bounds = {"oldest": f"{log.epoch}-4", "newest": f"{log.epoch}-5"}
    query = f"?stream={stream}" if stream else ""
    for last, reason in [
        (f"{log.epoch}-1", "evicted"),
        (f"{log.epoch}-9", "future"),
        ("another-4", "epoch"),
    ]:
        with server.connect(query, Last_Event_ID=last) as client:
            told, *following = client.opened().blocks(3)
        assert (told.event, told.id) == ("reset", f"{log.epoch}-3")
        assert told.json == {"reason": reason, **bounds}
        assert [block.number for block in following] == [4, 5]
        with server.connect(query, Last_Event_ID=told.id) as again:
            assert again.opened().numbers(2) == [4, 5]


@pytest.mark.parametrize("stream", ["", SESSION])
def test_a_log_that_begins_another_life_is_told_to_those_who_wait(
    server: Reads, log: MemoryEventLog, stream: str
) -> None:
    log.append(events(1, 2), {})
    with server.connect(f"?after=earliest{stream and '&stream='}{stream}") as client:
        client.opened().blocks(2)
        log.renew()
        told, *following = client.blocks(3)
        assert told.json["reason"] == "epoch"
        assert [block.id for block in following] == [f"{log.epoch}-1", f"{log.epoch}-2"]
        log.append(events(3, 3), {})
        assert client.numbers(1) == [3]


@pytest.mark.parametrize("query", ["", "?after=earliest", f"?stream={SESSION}"])
def test_who_waits_for_a_log_that_is_not_there_yet_gets_it_from_its_first_event(
    make_settings: MakeSettings, query: str
) -> None:
    settings = make_settings()
    home = Home(settings.home)
    home.create()
    limits = Limits(ping_seconds=0.2)
    with reads(settings, limits=limits) as server, server.connect(query) as client:
        assert client.opened().block() == Block(comment="ping")
        log = SqliteEventLog(home.log, origin="here")
        log.append(events(1, 3), {})
        assert client.numbers(3) == [1, 2, 3]
        log.close()


def test_a_log_that_is_deleted_and_begun_anew_is_followed_on(make_settings: MakeSettings) -> None:
    settings = make_settings()
    home = Home(settings.home)
    home.create()
    log = SqliteEventLog(home.log, origin="here")
    log.append(events(1, 3), {})
    with reads(settings) as server, server.connect("?after=earliest") as client:
        assert client.opened().numbers(3) == [1, 2, 3]
        log.close()
        for name in ("log.sqlite", "log.sqlite-wal", "log.sqlite-shm"):
            (home.root / name).unlink(missing_ok=True)
        again = SqliteEventLog(home.log, origin="here")
        again.append(events(1, 2), {})
        told, *following = client.blocks(3)
        assert told.json["reason"] == "epoch"
        assert [block.id for block in following] == [f"{again.epoch}-1", f"{again.epoch}-2"]
        again.close()


def test_a_silent_stream_is_pinged(log: MemoryEventLog, make_settings: MakeSettings) -> None:
    limits = Limits(ping_seconds=0.1)
    with reads(make_settings(), lambda: log, limits) as server, server.connect() as client:
        client.opened()
        assert [client.block() for _ in range(3)] == [Block(comment="ping")] * 3
        log.append(events(1, 1), {})
        assert client.numbers(1) == [1]


def test_a_client_that_goes_frees_its_place_at_once(server: Reads) -> None:
    with server.connect() as client:
        client.opened()
        assert server.metric("streams_open") == 1
    until("its place is free", lambda: server.metric("streams_open") == 0)


def test_one_stream_too_many_is_asked_to_come_later(
    log: MemoryEventLog, make_settings: MakeSettings
) -> None:
    assert MAX_STREAMS >= 1000
    with reads(make_settings(), lambda: log, Limits(max_streams=2)) as server:
        with server.connect() as first, server.connect() as second:
            first.opened()
            second.opened()
            with server.connect() as third:
                status, headers = third.head()
            assert status == 503
            assert int(headers["retry-after"]) > 0
        until("there is room", lambda: server.metric("streams_open") == 0)
        with server.connect() as again:
            again.opened()


def test_head_tells_what_get_would_and_ends(server: Reads) -> None:
    with server.connect(method="HEAD") as client:
        status, headers = client.head()
        assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert server.metric("streams_open") == 0


def test_a_hundred_clients_get_each_event_once(server: Reads, log: MemoryEventLog) -> None:
    log.append(events(1, 20), {})
    streams = [f"session/codex/{n}" for n in range(3)]
    queries = ["?after=earliest", *(f"?after=earliest&stream={stream}" for stream in streams)]
    with ExitStack() as stack, ThreadPoolExecutor(8) as threads:
        clients = [
            stack.enter_context(server.connect(queries[number % 4])).opened()
            for number in range(100)
        ]
        for batch in range(20):
            log.append([event(f"{batch}/{s}", stream) for s, stream in enumerate(streams)], {})
        expected = [80, 20, 40, 20]
        counted = [expected[number % 4] for number in range(100)]
        found = list(threads.map(Client.numbers, clients, counted))
    assert found == [list(range(1, count + 1)) for count in counted]
