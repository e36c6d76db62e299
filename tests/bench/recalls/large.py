"""A large upstream: the first pull, ticks without change, and ten sessions that changed."""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from session_lattice.events import Envelope
from tests.bench.context import Context
from tests.bench.measure import BenchError, Spent, cpu_seconds, interleave, middle, run
from tests.bench.program import ROOT, Program
from tests.bench.recalls.recalling import Recalling, recalling
from tests.bench.report import Row, mb, ms, verdict
from tests.upstream.apart import Apart, apart
from tests.upstream.server import SESSIONS

WHAT = "a large upstream"
SESSION_COUNT = 50_000
FIRST_SECONDS = 12.0
FIRST_PEAK_BYTES = 300 * 1024 * 1024
TICKS = 40
"""In a turn; /proc counts processor time in 10 ms."""

TICK_INTERVAL = "0.25"

TICK_CPU_SECONDS = 0.015
CHANGED = 10
RATIO = 1.5
PULL_SECONDS = 120.0
PART = "from pull.started to pull.progressed"
"""The part of a pull that is the upstream's: asked, read, compared, appended, applied."""


def measure(context: Context, name: str) -> Iterator[Row]:
    """One upstream of 50,000 sessions, and one home; the later parts need the first pull's."""
    folder = context.folder(name) / "large"
    with apart(SESSION_COUNT) as server:
        program = recalling(folder / "home", server.url)
        size = server.prepare()
        yield _first(name, [program.again().pull_once() for _ in range(context.rounds)], size)
        lost = program.differences(server.world)
        if lost.any:
            raise BenchError(f"the first pull differs from the truth: {lost}")
        yield _unchanged(context, name, program, server)
        yield _changed(context, name, program, server)


def _first(name: str, spent: list[Spent], size: int) -> Row:
    wall, peak = middle([run.wall_seconds for run in spent]), max(run.peak_bytes for run in spent)
    cpu, processes = middle([run.cpu_seconds for run in spent]), max(r.processes for r in spent)
    how = "VmHWM of its one process" if processes == 1 else f"sum over {processes} processes"
    figure = (
        f"{wall:.2f} s, {cpu:.2f} s CPU, peak {peak / 2**20:.0f} MiB ({how}); whole "
        f"`serve-puller --once`, median of {len(spent)}"
    )
    values = {"wall_seconds": wall, "cpu_seconds": cpu, "peak_bytes": peak, "bytes": size}
    met = verdict(wall <= FIRST_SECONDS and peak <= FIRST_PEAK_BYTES)
    what = f"first pull, {SESSION_COUNT:,} sessions, {mb(size)}"
    return Row(name, what, figure, "≤ 12 s, ≤ 300 MiB", met, values)


def _unchanged(context: Context, name: str, program: Recalling, server: Apart) -> Row:
    """Ticks by the clock, as users have them, turn by turn with a puller without any upstream."""
    empty = program.root.parent / "empty"
    empty.mkdir()
    bare = Program.fresh(program.root.parent / "bare", os.fspath(empty))
    with program.puller(TICK_INTERVAL) as pid, bare.puller(TICK_INTERVAL) as bare_pid:
        pieces = {
            "ours": lambda: _ticks(program, pid),
            "bare": lambda: _ticks(bare, bare_pid),
            "asked": lambda: _asked(program, pid, server),
        }
        took = interleave(pieces, context.rounds)
    ours, none, asked = (sum(took[key]) / context.rounds for key in ("ours", "bare", "asked"))
    figure = (
        f"{asked:g} requests, {ms(ours)} CPU (mean of {TICKS * context.rounds}, one every "
        f"{TICK_INTERVAL} s); without any upstream {ms(none)}"
    )
    values = {"requests": asked, "cpu_seconds": ours, "bare_cpu_seconds": none}
    met = verdict(asked <= 1 and ours <= TICK_CPU_SECONDS)
    what = f"tick without change, {SESSION_COUNT:,} sessions"
    return Row(name, what, figure, "1 request, ≤ 15 ms CPU", met, values)


def _ticks(program: Program, pid: int) -> float:
    """CPU seconds of a tick."""
    before = cpu_seconds(pid)
    for _ in range(TICKS):
        program.await_check(pid)
    return (cpu_seconds(pid) - before) / TICKS


def _asked(program: Program, pid: int, server: Apart) -> float:
    """Requests of a tick, from the end of one to the end of another."""
    program.await_check(pid)
    before = server.count()
    for _ in range(TICKS):
        program.await_check(pid)
    return (server.count() - before) / TICKS


def _changed(context: Context, name: str, program: Recalling, server: Apart) -> Row:
    events: list[int] = []
    whole: list[float] = []
    with program.puller() as pid:

        def ours() -> float:
            told = _pull_changed(program, pid, server)
            events.append(sum(event.type == "session.reported" for event in told))
            whole.append(_span(told, "pull.started", "pull.finished"))
            return _span(told, "pull.started", "pull.progressed")

        pieces = {"ours": ours, "peer": lambda: float(_peer(server)["seconds"])}
        took = {key: middle(found) for key, found in interleave(pieces, context.rounds).items()}
    left = program.differences(server.world)
    ratio = took["ours"] / took["peer"]
    figure = (
        f"{', '.join(map(str, events))} session events; {ratio:.2f}x ({took['ours']:.2f} s {PART}, "
        f"whole pull {middle(whole):.2f} s; httpx2 and json.loads {took['peer']:.2f} s)"
    )
    values = {
        "events": middle(events),
        "upstream_seconds": took["ours"],
        "whole_seconds": middle(whole),
        "peer_seconds": took["peer"],
    }
    met = verdict({*events} == {CHANGED} and ratio <= RATIO and not left.any)
    what = f"{CHANGED} of {SESSION_COUNT:,} sessions changed"
    return Row(name, what, figure, "10 events, ≤ 1.5x download and parse", met, values)


def _pull_changed(program: Recalling, pid: int, server: Apart) -> list[Envelope]:
    """What the log tells of a pull after ten sessions changed."""
    server.change(CHANGED)
    server.prepare()
    before = program.newest_position()
    program.pull(pid, PULL_SECONDS)
    return program.events(before)


def _span(told: list[Envelope], first: str, last: str) -> float:
    """Seconds between the first events of these types."""
    times = {kind: next((e.ts for e in told if e.type == kind), None) for kind in (first, last)}
    begun, ended = times[first], times[last]
    if begun is None or ended is None:
        raise BenchError(f"the log tells of no {first} or no {last}")
    return (ended - begun) / 1e6


def _peer(server: Apart) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.recalls.peer", f"{server.url}{SESSIONS}"]
    said: dict[str, Any] = json.loads(run(command, os.environ, ROOT).output)
    if said["sessions"] != SESSION_COUNT:
        raise BenchError(f"the peer got {said['sessions']} sessions")
    return said
