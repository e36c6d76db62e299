"""One thread watches the log, only for clients, through whatever happens to the log."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest
from prometheus_client import Gauge

from session_lattice.config import Settings
from session_lattice.errors import LogError
from session_lattice.events import Envelope
from session_lattice.log.base import READ_LIMIT, Bounds
from session_lattice.log.cursor import Cursor
from session_lattice.reads.stream.limits import Limits
from session_lattice.reads.stream.log import SharedLog
from session_lattice.reads.stream.tailer import Tailer
from session_lattice.testing import MemoryEventLog
from tests.acceptance.pair import until
from tests.reads.stream.serving import DEADLINE_SECONDS, Block, events, reads

PROMPT = Limits(linger_seconds=0.05, ping_seconds=0.1)


class FailingLog(MemoryEventLog):
    """Raises while `broken`, and counts what is read of it; it is not closed, but opened again."""

    def __init__(self) -> None:
        super().__init__(origin="here")
        self.broken = False
        self.unforeseen: list[Exception] = []
        self.failures = 0
        self.opened = 0
        self.read_events = 0

    def open(self) -> "FailingLog":
        self._fail()
        self.opened += 1
        return self

    def bounds(self, stream: str | None = None) -> Bounds:
        self._fail()
        return super().bounds(stream)

    def read(
        self, after: int, *, limit: int = READ_LIMIT, stream: str | None = None
    ) -> list[Envelope]:
        self._fail()
        found = super().read(after, limit=limit, stream=stream)
        self.read_events += len(found)
        return found

    def wait(self, seen: Bounds, seconds: float) -> Bounds:
        found = super().wait(seen, seconds)
        if self.unforeseen:
            raise self.unforeseen.pop()
        return found

    def close(self) -> None:
        """Stays open: the test looks at it afterwards."""

    def _fail(self) -> None:
        if self.broken:
            self.failures += 1
            raise LogError("it cannot be read", hint="wait")


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "tailer"]


def tailing(
    log: FailingLog, work: Callable[[Tailer, asyncio.Event], Awaitable[None]], limits: Limits
) -> None:
    """Run `work` with a tailer, and an event that is set with all its news."""

    async def run() -> None:
        news = asyncio.Event()
        shared = SharedLog(log.open)
        tailer = Tailer(shared, limits, Gauge("lag", "", registry=None), news.set)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await work(tailer, news)
        await tailer.close()

    asyncio.run(run())
    until("its thread has ended", lambda: not threads())


async def told(tailer: Tailer, news: asyncio.Event, number: int) -> Cursor:
    while tailer.ring.cursor is None or tailer.ring.cursor.number < number:
        await news.wait()
        news.clear()
    return tailer.ring.cursor


def test_nothing_looks_at_the_log_while_nobody_follows(
    make_settings: Callable[..., Settings],
) -> None:
    log = FailingLog()
    with reads(make_settings(), log.open, PROMPT) as server:
        assert threads() == []
        with server.connect() as first, server.connect() as second:
            first.opened()
            second.opened()
            assert threads() == ["tailer"]
        until("nothing looks", lambda: not threads())
        log.append(events(1, 2), {})
        assert log.read_events == 0
        with server.connect("?after=earliest") as again:
            assert again.opened().numbers(2) == [1, 2]
            log.append(events(3, 3), {})
            assert again.numbers(1) == [3]


def test_a_log_that_fails_for_a_while_costs_no_event_and_no_connection(
    make_settings: Callable[..., Settings],
) -> None:
    log = FailingLog()
    with (
        reads(make_settings(), log.open, PROMPT) as server,
        server.connect("?after=earliest") as client,
        server.connect("?after=earliest&stream=session/codex/1") as other,
    ):
        log.append(events(1, 2), {})
        assert client.opened().numbers(2) == [1, 2]
        assert other.opened().numbers(2) == [1, 2]
        for round_ in range(3):
            log.broken = True
            first = 3 + 2 * round_
            log.append(events(first, first + 1), {})
            with server.connect("?after=earliest") as late:
                assert late.opened().block() == Block(comment="ping")
                log.broken = False
                assert late.numbers(first + 1) == list(range(1, first + 2))
            assert client.numbers(2) == [first, first + 1]
            assert other.numbers(2) == [first, first + 1]


def test_an_error_that_nobody_foresaw_is_told_and_does_not_end_the_tail(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda hook: told.append(hook.exc_value))
    log = FailingLog()
    unforeseen = ValueError("nobody thought of this")
    with reads(make_settings(), log.open, PROMPT) as server, server.connect() as client:
        client.opened()
        until("the client waits", lambda: server.metric("replay_events_count") == 1)
        log.unforeseen = [unforeseen]
        log.append(events(1, 1), {})
        assert client.numbers(1) == [1]
        log.append(events(2, 2), {})
        assert client.numbers(1) == [2]
    assert told == [unforeseen]


def test_it_opens_the_log_anew_after_a_failure_and_goes_on_where_it_was() -> None:
    log = FailingLog()

    async def work(tailer: Tailer, news: asyncio.Event) -> None:
        tailer.enter()
        await told(tailer, news, 0)
        log.append(events(1, 2), {})
        place = await told(tailer, news, 2)
        log.broken = True
        log.append(events(3, 4), {})
        while not log.failures:
            await asyncio.sleep(0)
        log.broken = False
        await told(tailer, news, 4)
        since = tailer.ring.since(place)
        assert since is not None
        assert [event.position for event in since] == [3, 4]
        assert log.opened == 2

    tailing(log, work, Limits())


def test_of_a_burst_larger_than_the_ring_only_the_newest_are_read() -> None:
    log = FailingLog()

    async def work(tailer: Tailer, news: asyncio.Event) -> None:
        tailer.enter()
        place = await told(tailer, news, 0)
        log.append(events(1, 100), {})
        newest = await told(tailer, news, 100)
        assert tailer.ring.since(place) is None
        kept = tailer.ring.since(Cursor(newest.epoch, 90))
        assert kept is not None
        assert [event.position for event in kept] == list(range(91, 101))
        assert log.read_events == 10

    tailing(log, work, Limits(ring_events=10))


def test_the_ring_is_bounded_by_bytes_as_well() -> None:
    log = FailingLog()

    async def work(tailer: Tailer, news: asyncio.Event) -> None:
        tailer.enter()
        place = await told(tailer, news, 0)
        for n in range(1, 10):
            log.append(events(n, n), {})
            await told(tailer, news, n)
        assert tailer.ring.since(Cursor(place.epoch, 7)) is not None
        assert tailer.ring.since(Cursor(place.epoch, 5)) is None

    tailing(log, work, Limits(ring_bytes=3 * len(b'{"n":1}')))


def test_another_life_of_the_log_empties_the_ring() -> None:
    log = FailingLog()

    async def work(tailer: Tailer, news: asyncio.Event) -> None:
        tailer.enter()
        await told(tailer, news, 0)
        log.append(events(1, 2), {})
        before = await told(tailer, news, 2)
        log.renew()
        while tailer.ring.cursor != Cursor(log.epoch, 2):
            await news.wait()
            news.clear()
        assert tailer.ring.since(before) is None
        assert tailer.ring.since(Cursor(before.epoch, 0)) is None
        assert tailer.ring.since(Cursor(log.epoch, 2)) == []

    tailing(log, work, Limits())
