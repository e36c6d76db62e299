"""Clients that lose their connection ten thousand times while events go on being appended."""

from collections.abc import Iterator
from typing import Any

from tests.bench.context import Context
from tests.bench.measure import cpu_seconds
from tests.bench.report import Row, verdict
from tests.bench.streams.children import child
from tests.bench.streams.made import begun, opened, stream_name
from tests.bench.streams.serving import Served, served

WHAT = "10,000 random disconnects and resumes"
DISCONNECTS = 10_000
FOLLOWERS = 50
STREAMS = 5
FIRST_EVENTS = 1000
RATE = 200
TEXT_BYTES = 400
SECONDS_AT_MOST = 90.0
GRACE_SECONDS = 30.0


def measure(context: Context, name: str) -> Iterator[Row]:
    """Every fifth follows one stream, the others all; in the end each must have everything."""
    program = served(context.folder(name) / "resumes")
    start = begun(program.log, FIRST_EVENTS, text_bytes=TEXT_BYTES, streams=STREAMS)
    wanted = ("--epoch", start.epoch, "--disconnects", DISCONNECTS, "--followers", FOLLOWERS)
    paced = ("--rate", RATE, "--text-bytes", TEXT_BYTES, "--streams", STREAMS)
    with program.serving() as pid:
        with child("resumer", program.port, *wanted, "--streams", STREAMS) as resumer:
            with child("writer", program.log, *paced) as writer:
                cut = resumer.hear(SECONDS_AT_MOST)
                writer.process.terminate()
                writer.hear(GRACE_SECONDS)
            resumer.say(_newest(program))
            said = resumer.hear(GRACE_SECONDS)
        cpu = cpu_seconds(pid)
    yield _row(name, cut, said, cpu)


def _newest(program: Served) -> dict[str, int]:
    """The last number of the whole feed, "", and of each stream."""
    log = opened(program.log)
    names = [stream_name(number) for number in range(STREAMS)]
    try:
        return {"": log.bounds().newest, **{name: log.bounds(name).newest for name in names}}
    finally:
        log.close()


def _row(name: str, cut: dict[str, Any], said: dict[str, Any], cpu: float) -> Row:
    figure = (
        f"{said['lost']} lost, {said['repeated']} repeated, {said['disordered']} out of order of "
        f"{said['events']:,} events over {FOLLOWERS} clients at once; {cut['disconnects']:,} "
        f"disconnects in {cut['seconds']:.0f} s, {cut['inside']:,} of them inside a frame or "
        f"head, while {RATE} events/s were appended; server {cpu:.0f} s CPU"
    )
    values = {key: said[key] for key in ("lost", "repeated", "disordered", "events")}
    right = said["lost"] + said["repeated"] + said["disordered"] == 0
    met = verdict(right and cut["disconnects"] >= DISCONNECTS)
    return Row(name, WHAT, figure, "0 lost, 0 repeated, 0 out of order", met, values)
