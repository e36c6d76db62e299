"""Any interleaving of appending, following, trimming and restarting, over every kind of log.

Each follower gets 1..N in order and exactly once, or an explicit reset.
"""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from session_lattice.log.base import EventLog, Reset, number_of
from session_lattice.log.cursor import Cursor, parse
from session_lattice.log.follow import Follower
from tests.contract.logs import Logs, event, memory_logs, redis_logs, sqlite_logs
from tests.redis_server import REDIS

ALL = 1 << 62
STREAMS = ("a", "b", "c")
WHICH = st.integers(0, 7)
SETTINGS = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


class Client:
    """Somebody who follows, keeps nothing but a cursor, and checks all that comes."""

    def __init__(self, log: EventLog, stream: str | None, start: str) -> None:
        self.stream = stream
        self.follower = Follower(log, parse(start), stream=stream)
        self.next = self.follower.cursor.number + 1

    def resume(self, log: EventLog) -> None:
        """What a client does after it lost its connection."""
        cursor = str(self.follower.cursor)
        self.follower = Follower(log, parse(cursor), stream=self.stream)

    def take(self, limit: int) -> int:
        """How many events came."""
        taken = self.follower.take(limit)
        if isinstance(taken, Reset):
            self.next = taken.bounds.oldest
            return 0
        assert [number_of(event, self.stream) for event in taken] == list(
            range(self.next, self.next + len(taken))
        )
        self.next += len(taken)
        return len(taken)


class LogMachine(RuleBasedStateMachine):
    """One log, whatever can happen to it, and clients that come and go."""

    def logs(self) -> Logs:
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        self.made = self.logs()
        self.log = self.made.make()
        self.clients: list[Client] = []
        self.appended: list[tuple[str, int]] = []
        self.epochs = [self.log.epoch]

    @rule(keys=st.lists(st.tuples(st.sampled_from(STREAMS), st.integers(0, 60)), max_size=9))
    def append(self, keys: list[tuple[str, int]]) -> None:
        known = {key for _, key in self.appended}
        for stream, key in keys:
            if key not in known:
                known.add(key)
                self.appended.append((stream, key))
        self.log.append([event(str(key), stream) for stream, key in keys], {})

    @rule(stream=st.sampled_from((None, *STREAMS)), start=st.sampled_from(("earliest", "latest")))
    def connect(self, stream: str | None, start: str) -> None:
        self.clients = [*self.clients, Client(self.log, stream, start)][-8:]

    @rule(which=WHICH, limit=st.integers(1, 7))
    def take(self, which: int, limit: int) -> None:
        for client in self.clients[which : which + 1]:
            client.take(limit)

    @rule(which=WHICH)
    def drop_and_resume(self, which: int) -> None:
        for client in self.clients[which : which + 1]:
            client.resume(self.log)

    @rule(limit=st.integers(1, 9))
    def trim(self, limit: int) -> None:
        self.made.age()
        self.log.trim(before=ALL, up_to=ALL, limit=limit)

    @rule()
    def restart(self) -> None:
        self.log = self.made.reopened(self.log)
        for client in self.clients:
            client.resume(self.log)

    @rule()
    def renew(self) -> None:
        self.log.renew()
        assert self.log.epoch not in self.epochs
        self.epochs.append(self.log.epoch)

    @invariant()
    def numbers_are_without_gaps(self) -> None:
        bounds = self.log.bounds()
        assert bounds.newest == len(self.appended)
        kept = self.log.read(0)
        assert [e.position for e in kept] == list(range(bounds.oldest, bounds.newest + 1))
        assert [e.stream for e in kept] == [s for s, _ in self.appended[bounds.oldest - 1 :]]

    def teardown(self) -> None:
        if not hasattr(self, "made"):
            return
        for client in self.clients:
            self.catch_up(client)
        self.made.close()

    def catch_up(self, client: Client) -> None:
        """In the end a client stands behind the last event, whatever happened meanwhile."""
        while client.take(100) or client.follower.cursor != self.end(client):
            pass
        assert client.next == self.log.bounds(client.stream).newest + 1

    def end(self, client: Client) -> Cursor:
        return Cursor(self.log.epoch, self.log.bounds(client.stream).newest)


class MemoryMachine(LogMachine):
    def logs(self) -> Logs:
        return memory_logs()


class SqliteMachine(LogMachine):
    def logs(self) -> Logs:
        self.folder = tempfile.TemporaryDirectory()
        return sqlite_logs(Path(self.folder.name))

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


class RedisMachine(LogMachine):
    def logs(self) -> Logs:
        return redis_logs()


TestMemory = MemoryMachine.TestCase
TestMemory.settings = SETTINGS
TestSqlite = SqliteMachine.TestCase
TestSqlite.settings = SETTINGS
TestRedis = REDIS(RedisMachine.TestCase)
TestRedis.settings = SETTINGS
