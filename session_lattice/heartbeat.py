"""What the puller says of itself between generations: one small file, replaced whole.

It holds what a generation cannot: that the puller lives, when it last looked at the sources
and found everything applied, and why the last pull failed. Times are microseconds, UTC.
"""

from pathlib import Path

import msgspec


class LastPull(msgspec.Struct, frozen=True, kw_only=True):
    """The last pull that ended; `outcome` is "finished", "failed" or "cancelled"."""

    id: str
    outcome: str
    started_at: int
    finished_at: int
    error: str | None = None


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """One source as sources.base.SourceStatus has it: files, sessions or repositories."""

    name: str
    state: str
    root: str
    files: int | None = None
    sessions: int | None = None
    repositories: int | None = None
    warnings: dict[str, int] = {}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person should know of; `since` is microseconds, `advice` what to try."""

    what: str
    since: int
    advice: str = ""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """`checked_at`: when the sources were last seen and all of it was published, 0 for never.

    `pull` is the one under way, "" when idle; `done_bytes` of `total_bytes` is its progress, both
    0 when it reads nothing. `pulls` counts those that ended since `started_at` by outcome, and
    `pull_seconds` adds up what they took.
    """

    pid: int
    version: str
    profile: str
    started_at: int
    beat_at: int
    checked_at: int = 0
    refresh_interval_seconds: float
    sample: bool = False
    pull: str = ""
    done_bytes: int = 0
    total_bytes: int = 0
    pulls: dict[str, int] = {}
    pull_seconds: dict[str, float] = {}
    last_pull: LastPull | None = None
    sources: list[SourceState] = []
    problems: list[Problem] = []


_decoder = msgspec.json.Decoder(Heartbeat)


def write(path: Path, beat: Heartbeat) -> None:
    """Replace the file; a reader sees the old one or the new one."""
    fresh = path.with_suffix(".json.new")
    fresh.write_bytes(msgspec.json.encode(beat))
    fresh.replace(path)


def read(path: Path) -> Heartbeat | None:
    """The last heartbeat; None when there is none or a newer version wrote it."""
    try:
        return _decoder.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
