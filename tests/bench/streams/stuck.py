"""One client that never reads beside a hundred that do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

from session_lattice.log.cursor import Cursor
from tests.bench.context import Context
from tests.bench.measure import BenchError, cpu_seconds, middle, rss_bytes
from tests.bench.report import Row, ms, verdict
from tests.bench.streams.children import Child, child
from tests.bench.streams.made import begun
from tests.bench.streams.serving import Served, served
from tests.bench.streams.wire import connect

WHAT = "one client that never reads, beside 100 that do"
CLIENTS = 100
RATE = 100
TEXT_BYTES = 8000
PHASE_EVENTS = 500
"""Five seconds, within the 20 s after which the server cuts the stuck client off."""

WARM_PHASES = 2
WARM_REPLAYS = 10
"""Of what the stuck client asks for, to clients that take it: reading it costs memory once."""

PAIRS_PER_ROUND = 2
FIRST_EVENTS = 2000
"""The stuck client asks for these: more than the kernel takes for it."""

WARM_PAIRS = 1
"""Told, but not counted: what is read for a client that does not take it is in memory once."""

RECEIVE_BYTES = 4096
READY_SECONDS = 60.0
GRACE_SECONDS = 60.0
P99_RATIO = 1.2
GROWTH_SHARE = 0.03
TCP = Path("/proc/net/tcp")


def measure(context: Context, name: str) -> Iterator[Row]:
    """The hundred listen on and on; the other one comes and goes, turn by turn."""
    program = served(context.folder(name) / "stuck")
    start = begun(program.log, FIRST_EVENTS, text_bytes=TEXT_BYTES)
    pairs = PAIRS_PER_ROUND * context.rounds
    phases = WARM_PHASES + 2 * (WARM_PAIRS + pairs)
    paced = ("--rate", RATE, "--count", phases * PHASE_EVENTS, "--text-bytes", TEXT_BYTES)
    crowd = ("--after", start, "--count", PHASE_EVENTS, "--clients", CLIENTS, "--parts", phases)
    with program.serving() as pid, child("listener", program.port, *crowd) as listener:
        listener.hear(READY_SECONDS)
        with child("writer", program.log, *paced):
            turns = _Turns(program, pid, listener, Cursor(start.epoch, 0))
            turns.warm()
            for _ in range(WARM_PAIRS + pairs):
                turns.pair()
    yield _latency(name, turns)
    yield _memory(name, turns)


@dataclass
class _Turns:
    """What was seen in each phase; `sizes` is the server's memory at the ends of phases."""

    program: Served
    pid: int
    listener: Child
    beginning: Cursor
    without: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def warm(self) -> None:
        wanted = ("--after", self.beginning, "--count", FIRST_EVENTS)
        for _ in range(WARM_REPLAYS):
            with child("replayer", self.program.port, *wanted) as replayer:
                replayer.hear(GRACE_SECONDS)
        for _ in range(WARM_PHASES):
            self.phase()

    def pair(self) -> None:
        self.without.append(self.phase())
        before, cpu = rss_bytes(self.pid), cpu_seconds(self.pid)
        with self._stuck() as sock:
            self.beside.append(self.phase())
            self.waiting.append(_queued(self.program.port, sock.getsockname()[1]))
            self.sizes.append((before, rss_bytes(self.pid)))
        self.cpu.append((cpu_seconds(self.pid) - cpu) * RATE / PHASE_EVENTS)
        if max(self.waiting) > FIRST_EVENTS * TEXT_BYTES:
            raise BenchError(f"the kernel took {max(self.waiting):,} bytes: no client was stuck")

    def phase(self) -> float:
        """The p99 of the hundred."""
        return float(self.listener.hear(PHASE_EVENTS / RATE + GRACE_SECONDS)["p99"])

    @contextmanager
    def _stuck(self) -> Iterator[socket]:
        target = f"/events?after={self.beginning}"
        with connect(self.program.port, target, receive_bytes=RECEIVE_BYTES) as sock:
            yield sock


def _queued(server: int, client: int) -> int:
    """Bytes that the kernel holds for a connection, both ends; BenchError if it is no more."""
    ends = {f":{server:04X}", f":{client:04X}"}
    found = []
    for line in TCP.read_text("ascii").splitlines()[1:]:
        _, local, remote, state, queues, *_ = line.split()
        if {local[-5:], remote[-5:]} == ends and state == "01":
            found.append(sum(int(part, 16) for part in queues.split(":")))
    if len(found) != 2:
        raise BenchError("the stuck client was cut off before its time")
    return sum(found)


def _latency(name: str, turns: _Turns) -> Row:
    beside, without = turns.beside[WARM_PAIRS:], turns.without[WARM_PAIRS:]
    p99, alone = middle(beside), middle(without)
    figure = (
        f"p99 of the 100 {p99 / alone:.2f}x ({ms(p99)}, {_range(beside)}; without it {ms(alone)}, "
        f"{_range(without)}); {RATE} events/s of {TEXT_BYTES / 1000:g} kB, "
        f"{PHASE_EVENTS / RATE:g} s by turns, {len(beside)} of each; it asks for "
        f"{FIRST_EVENTS * TEXT_BYTES / 1e6:.0f} MB, of which {max(turns.waiting) / 1e6:.1f} MB "
        f"wait in the kernel and the rest is held back; it goes before it is cut off at 20 s; "
        f"server {middle(turns.cpu):.0%} of a core"
    )
    values = {"with_p99_seconds": p99, "without_p99_seconds": alone}
    met = verdict(p99 <= P99_RATIO * alone)
    return Row(name, WHAT, figure, "p99 within 1.2x", met, values)


def _memory(name: str, turns: _Turns) -> Row:
    warm, counted = turns.sizes[:WARM_PAIRS], turns.sizes[WARM_PAIRS:]
    growth = max(after / before - 1 for before, after in counted)
    first, last = counted[0][0], counted[-1][1]
    figure = (
        f"{growth:+.1%} at most over a turn, {_mib(first)} before the first, {_mib(last)} in the "
        f"last; {WARM_REPLAYS} replays and a turn that warms up came before, {_mib(warm[0][0])} "
        f"to {_mib(warm[-1][1])}"
    )
    values = {"growth_share": growth, "first_bytes": first, "last_bytes": last}
    met = verdict(growth <= GROWTH_SHARE and last <= (1 + GROWTH_SHARE) * first)
    return Row(name, "memory of reads with the stuck client", figure, "flat (≤ 3 %)", met, values)


def _range(figures: list[float]) -> str:
    return f"{ms(min(figures))} to {ms(max(figures))}"


def _mib(count: int) -> str:
    return f"{count / 2**20:.1f} MiB"
