"""However log, tailer and clients take turns, each client gets every event once, or a reset."""

from collections.abc import Iterator

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec import structs

from session_lattice.events import Envelope
from session_lattice.log.base import Reset, number_of
from session_lattice.log.cursor import Cursor
from session_lattice.log.follow import Follower
from session_lattice.reads.stream.frames import Batch
from session_lattice.reads.stream.limits import Limits
from session_lattice.reads.stream.log import SharedLog
from session_lattice.reads.stream.place import Place
from session_lattice.reads.stream.ring import Ring
from session_lattice.testing import MemoryEventLog
from tests.reads.stream.serving import Block, event, parse_block

STREAM = "session/a"
STREAMS = (None, None, STREAM, "session/b")
EACH = st.integers(0, 2 * len(STREAMS) - 1)
LIMITS = Limits(batch_events=3, batch_bytes=500, ring_events=8, ring_bytes=200)
APPENDED = st.lists(
    st.tuples(st.sampled_from([STREAM, "session/b"]), st.sampled_from("xyz")),
    min_size=1,
    max_size=9,
)
TYPES = (None, frozenset({"x"}))


class Reader:
    """A client as `Stream` serves it, one step at a time."""

    def __init__(self, stream: str | None, types: frozenset[str] | None) -> None:
        self.stream = stream
        self.types = types
        self.place = Place("earliest", stream, types, LIMITS)
        self.started = False
        self.epoch = ""
        self.number = 0
        self.seen: list[tuple[str, int]] = []
        self.asleep_at = -1
        """The news that it sleeps behind; -1 while it is awake."""

    def receive(self, batch: Batch) -> None:
        for block in blocks(batch.body):
            epoch, _, number = block.id.rpartition("-")
            if block.event == "reset":
                self.epoch, self.number = epoch, int(number)
                continue
            self.epoch = self.epoch or epoch
            assert epoch == self.epoch, "another life without a reset"
            assert int(number) > self.number
            if self.types is None:
                assert int(number) == self.number + 1 or not self.started
            self.started = True
            self.number = int(number)
            if block.event:
                self.seen.append((epoch, int(number)))


def blocks(body: bytes) -> Iterator[Block]:
    return (parse_block(text) for text in body.decode().split("\n\n")[:-1])


class Interleavings(RuleBasedStateMachine):
    """The rules are the moments between which anything else can happen."""

    @initialize()
    def begin(self) -> None:
        self.log = MemoryEventLog(origin="here")
        self.shared = SharedLog(lambda: self.log)
        self.ring = Ring(LIMITS)
        self.version = 0
        self.follower = Follower(self.log, "latest")
        self.said: tuple[Cursor, list[Envelope]] | None = None
        self.readers = [Reader(stream, types) for stream in STREAMS for types in TYPES]
        self.sampled: dict[int, tuple[int, Cursor | None]] = {}
        self.keys = 0

    @rule(given=APPENDED, told=st.booleans(), served=st.booleans())
    def append(self, given: list[tuple[str, str]], told: bool, served: bool) -> None:
        made = []
        for stream, kind in given:
            self.keys += 1
            made.append(event(self.keys, stream, kind=kind, data=b'{"padding":"%020d"}' % 0))
        self.log.append(made, {})
        if told:
            self._tell()
        if served:
            self.serve()

    @rule(tenths=st.integers(0, 30))
    def lose(self, tenths: int) -> None:
        """Some of the oldest events, or the log's life; mostly nothing, so that runs get far."""
        if tenths == 0:
            self.log.renew()
        elif tenths <= 10:
            up_to = self.log.bounds().newest * tenths // 10
            self.log.trim(before=2**62, up_to=up_to, limit=100)

    @rule()
    def tail(self) -> None:
        """The tailer's thread reads what is new, unless it waits for what it said last."""
        if self.said is not None:
            return
        bounds = self.log.bounds()
        place = self.follower.cursor
        if bounds.epoch == place.epoch and bounds.newest - place.number > LIMITS.ring_events:
            self.follower.skip_to(bounds.newest - LIMITS.ring_events)
        taken = self.follower.take(LIMITS.ring_events)
        self.said = self.follower.cursor, [] if isinstance(taken, Reset) else taken

    @rule()
    def news(self) -> None:
        """The event loop hears of it."""
        if self.said is not None:
            self.ring.add(*self.said)
            self.version += 1
            self.said = None

    @rule(number=EACH)
    def look(self, number: int) -> None:
        """A client's turn on the event loop, up to where it reads from the log or sleeps."""
        reader = self.readers[number]
        if number in self.sampled or reader.asleep_at == self.version:
            return
        reader.asleep_at = -1
        batch = reader.place.next(self.ring)
        if batch is None:
            self.sampled[number] = (self.version, self.ring.cursor)
        else:
            self._got(reader, batch, self.version)

    @rule(number=EACH)
    def read(self, number: int) -> None:
        """Its read from the log, which began with the look."""
        if number in self.sampled:
            version, newest = self.sampled.pop(number)
            reader = self.readers[number]
            self._got(reader, reader.place.read(self.shared, newest), version)

    def _tell(self) -> None:
        self.news()
        self.tail()
        self.news()

    @rule()
    def serve(self) -> None:
        """All clients have their turns until they sleep."""
        for number in range(len(self.readers)):
            self._serve(number)

    def _serve(self, number: int) -> None:
        while self.readers[number].asleep_at != self.version:
            self.read(number)
            self.look(number)

    def _got(self, reader: Reader, batch: Batch, version: int) -> None:
        reader.receive(batch)
        if not batch.body and version == self.version:
            reader.asleep_at = version

    @invariant()
    def whoever_sleeps_has_all_that_was_told_of(self) -> None:
        cursor = self.ring.cursor if hasattr(self, "ring") else None
        if cursor is None:
            return
        for reader in self.readers:
            place = reader.place.at
            if reader.asleep_at != self.version or not isinstance(place, Cursor):
                continue
            told = [
                e for e in self.log.read(0, stream=reader.stream) if e.position <= cursor.number
            ]
            if told and place.epoch == cursor.epoch == self.log.epoch:
                assert place.number >= number_of(told[-1], reader.stream)

    def teardown(self) -> None:
        if not hasattr(self, "log"):
            return
        bounds = self.log.bounds()
        self._tell()
        while self.ring.cursor != Cursor(bounds.epoch, bounds.newest):
            self._tell()
        for number, reader in enumerate(self.readers):
            self._serve(number)
            self._has_all(reader)

    def _has_all(self, reader: Reader) -> None:
        """Nothing of what was kept since its last reset is missing, and nothing came twice."""
        bounds = self.log.bounds(reader.stream)
        kept = self.log.read(0, stream=reader.stream)
        numbers = [
            number_of(e, reader.stream)
            for e in kept
            if reader.types is None or e.type in reader.types
        ]
        mine = [number for epoch, number in reader.seen if epoch == bounds.epoch]
        assert mine[len(mine) - len(numbers) :] == numbers
        assert mine == sorted(mine)
        assert reader.place.at == Cursor(bounds.epoch, bounds.newest)


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=200, stateful_step_count=80, deadline=None)


def kept(log: MemoryEventLog) -> list[Envelope]:
    return log.read(0)


def filled() -> tuple[MemoryEventLog, Ring]:
    """A log of two events, and a ring that holds them."""
    log, ring = MemoryEventLog(), Ring(LIMITS)
    log.append([event(n, STREAM) for n in range(2)], {})
    ring.add(Cursor(log.epoch, 2), kept(log))
    return log, ring


def test_what_was_made_for_one_life_of_the_log_is_not_sent_in_another() -> None:
    log, ring = filled()
    made = ring.batch(Cursor(log.epoch, 1), None)
    assert made is not None
    assert made.events == 1
    assert ring.batch(Cursor("another", 1), None) is None


def test_events_that_do_not_follow_on_the_ring_begin_it_anew() -> None:
    log, ring = filled()
    log.append([event(n, STREAM) for n in range(2, 6)], {})
    ring.add(Cursor(log.epoch, 6), kept(log)[4:])
    assert ring.since(Cursor(log.epoch, 4)) == kept(log)[4:]
    assert ring.since(Cursor(log.epoch, 3)) is None


def test_late_news_of_a_life_that_is_over_reach_nobody_in_the_next() -> None:
    log, ring = filled()
    place = Place("earliest", STREAM, None, LIMITS)
    shared = SharedLog(lambda: log)
    former = log.epoch
    log.append([event(2, STREAM)], {})
    late = kept(log)[2:]
    log.renew()
    # It reads all that there is in the new life while the ring stands in the former one ...
    while place.read(shared, ring.cursor).body:
        pass
    log.append([event(3, STREAM)], {})
    # ... which is then told of what the tailer had read before it ended.
    ring.add(Cursor(former, 4), [*late, structs.replace(late[0], position=4, seq=4)])
    assert place.next(ring) is None
    assert place.at == Cursor(log.epoch, 3)
