"""Made-up events for a log, and the logs that the benches of the stream begin with."""

import time
from collections.abc import Iterator
from pathlib import Path

from session_lattice.events import MessageAssistant, encode
from session_lattice.log.base import Encoded, EventLog
from session_lattice.log.cursor import Cursor
from session_lattice.log.sqlite import SqliteEventLog
from tests.bench.text import Text
from tests.bench.world import Dice

SEED = 20_260_601
TEXTS = 32
ORIGIN = "bench"
STAMP = b'"message":"'
"""What stands before an event's stamp."""


def opened(address: str) -> EventLog:
    """The log at a path or a redis:// address, to append to it."""
    if address.startswith("redis://"):
        from session_lattice.log.redis import RedisEventLog

        return RedisEventLog(address, origin=ORIGIN)
    return SqliteEventLog(Path(address), origin=ORIGIN)


def stream_name(number: int) -> str:
    return f"session/claude_code/made-{number}"


class Maker:
    """Answers of a model with `text_bytes` of prose, on `streams` streams in turn."""

    def __init__(self, text_bytes: int, streams: int = 1) -> None:
        dice, text = Dice(SEED), Text(SEED)
        self._texts = [text.prose(dice, text_bytes)[:text_bytes] for _ in range(TEXTS)]
        self._streams = streams
        self._run = f"{time.time_ns():x}"
        self._made = 0

    def event(self) -> Encoded:
        """The next one; its `message` is the time of its making, time.monotonic_ns."""
        number, self._made = self._made, self._made + 1
        text = self._texts[number % TEXTS]
        event = MessageAssistant(
            agent="claude_code",
            session=f"made-{number % self._streams}",
            cwd="/home/dev/src/made",
            branch="main",
            message=str(time.monotonic_ns()),
            text=text,
            text_bytes=len(text),
            model="made-up-model-1",
        )
        return Encoded(
            stream_name(number % self._streams),
            f"{self._run}/{number}",
            time.time_ns() // 1000,
            "message.assistant",
            False,
            encode(event),
        )


def stamp(frame: bytes) -> int:
    """When the event of a frame was made."""
    begin = frame.index(STAMP) + len(STAMP)
    return int(frame[begin : frame.index(b'"', begin)])


def newest(log: EventLog) -> Cursor:
    bounds = log.bounds()
    return Cursor(bounds.epoch, bounds.newest)


def copied(source: Path, target: Path, count: int) -> Cursor:
    """A log of `count` events at `target`: those of `source`, again and again on other streams.

    The cursor of its beginning.
    """
    taken, given = SqliteEventLog(source, readonly=True), SqliteEventLog(target, origin=ORIGIN)
    try:
        made = _again_and_again(taken)
        while (have := given.bounds().newest) < count:
            given.append(next(made)[: count - have], {})
        return Cursor(given.epoch, 0)
    finally:
        taken.close()
        given.close()


def _again_and_again(log: EventLog) -> Iterator[list[Encoded]]:
    turn = 0
    while True:
        position = 0
        while events := log.read(position):
            position = events[-1].position
            yield [
                Encoded(
                    f"{event.stream}/{turn}",
                    f"{turn}/{event.position}",
                    event.ts,
                    event.type,
                    event.terminal,
                    event.data,
                )
                for event in events
            ]
        turn += 1


def begun(address: str, count: int, *, text_bytes: int, streams: int = 1) -> Cursor:
    """The cursor behind `count` events that are appended at once."""
    log, maker = opened(address), Maker(text_bytes, streams)
    try:
        log.append([maker.event() for _ in range(count)], {})
        return newest(log)
    finally:
        log.close()
