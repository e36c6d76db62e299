"""What the inspecting commands share: the home to read, and one read on it."""

import sys
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import typer

from session_lattice.cli import options
from session_lattice.config import Settings
from session_lattice.home import Home
from session_lattice.reads.freshness import HeartbeatReader
from session_lattice.reads.reading import read
from session_lattice.reads.snapshot import Snapshots
from session_lattice.store import generations

if TYPE_CHECKING:
    from session_lattice.heartbeat import Heartbeat
    from session_lattice.reads.snapshot import Snapshot

Result = TypeVar("Result")


def chosen(context: typer.Context, *, sample: bool) -> tuple[Settings, bool]:
    """The settings, and whether they are the sample's.

    Where nothing was ever published but the sample was, the sample is meant.
    """
    settings = options.settings(context)
    if not sample:
        other = Home(options.of_sample(settings).home)
        unused = not generations.all_published(Home(settings.home))
        sample = unused and bool(generations.all_published(other))
    return (options.of_sample(settings) if sample else settings), sample


def from_home(
    context: typer.Context, sample: bool, work: "Callable[[Snapshot, Heartbeat | None], Result]"
) -> Result:
    """What `work` reads in the newest generation. Raises LatticeError."""
    settings, is_sample = chosen(context, sample=sample)
    home = Home(settings.home)
    beat = HeartbeatReader(home).beat()
    with closing(Snapshots(home)) as snapshots:
        found = read(snapshots, lambda snapshot: work(snapshot, beat))
        if snapshots.trouble:
            remark(snapshots.trouble.what)
    if is_sample:
        remark("SAMPLE: these sessions come with the program")
    return found


def print_json(value: Any) -> None:
    """Indented, on standard output."""
    encoded = msgspec.json.format(msgspec.json.encode(value), indent=2)
    sys.stdout.write(encoded.decode() + "\n")


def remark(text: str) -> None:
    """Something for the person, beside what the command prints."""
    print(f"session-lattice: {text}", file=sys.stderr)
