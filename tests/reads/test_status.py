"""What the state is called, and what is said to be wrong."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from session_lattice import heartbeat
from session_lattice.config import Settings
from session_lattice.heartbeat import Heartbeat, LastPull, Problem, SourceState
from session_lattice.home import Home
from session_lattice.log.sqlite import SqliteEventLog
from session_lattice.reads.freshness import HeartbeatReader
from session_lattice.reads.snapshot import Snapshots
from session_lattice.reads.status import Status, status
from tests.reads.world import World, truncate

FAILED = LastPull(id="p", outcome="failed", started_at=1, finished_at=2, error="no space")
HOLD = """
import sys
from pathlib import Path
from session_lattice.home import Home
with Home(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


def now() -> int:
    """Microseconds; asked when a test runs, which may be minutes after it was imported."""
    return time.time_ns() // 1000


@contextmanager
def puller(home: Home) -> Iterator[int]:
    """A process that holds the home; its id."""
    command = [sys.executable, "-c", HOLD, str(home.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.communicate()


def beat(home: Home, **fields: object) -> None:
    """A heartbeat of just now, but for `fields`."""
    usual = {
        "pid": 1,
        "version": "1",
        "profile": "dev",
        "started_at": now(),
        "beat_at": now(),
        "checked_at": now(),
        "refresh_interval_seconds": 60.0,
    }
    heartbeat.write(home.heartbeat, Heartbeat(**{**usual, **fields}))  # type: ignore[arg-type]


@pytest.fixture
def look(make_settings: Callable[..., Settings]) -> Callable[..., Status]:
    """The status of the home as it is now."""

    def look(*, reads_running: bool = True) -> Status:
        settings = make_settings()
        home = Home(settings.home)
        found = HeartbeatReader(home).beat()
        return status(settings, Snapshots(home), found, reads_running=reads_running)

    return look


def whats(found: Status) -> str:
    return "\n".join(problem.what for problem in found.problems)


def test_with_neither_puller_nor_generation_it_is_down(
    unpublished: World, look: Callable[..., Status]
) -> None:
    found = look()
    assert found.state == "down"
    assert (found.generation, found.published_at, found.age_seconds) == (None, None, None)
    assert "nothing has been published yet" in whats(found)


def test_with_the_reads_server_silent_it_is_down(world: World, look: Callable[..., Status]) -> None:
    beat(world.home)
    with puller(world.home):
        found = look(reads_running=False)
    assert found.state == "down"
    assert "the reads server does not answer" in whats(found)


def test_the_first_pull_is_degraded_and_shows_how_far_it_is(
    unpublished: World, look: Callable[..., Status]
) -> None:
    with puller(unpublished.home) as pid:
        beat(unpublished.home, pid=pid, done_bytes=5, total_bytes=10)
        found = look()
    assert found.state == "degraded"
    assert found.puller.progress is not None
    assert found.puller.progress.done_bytes == 5


def test_all_well_is_healthy_whatever_the_sources_warn_of(
    world: World, look: Callable[..., Status]
) -> None:
    source = SourceState(name="codex", state="ok", root="/x", files=3, warnings={"bad_line": 2})
    beat(world.home, sources=[source])
    with puller(world.home) as pid:
        found = look()
    assert found.state == "healthy"
    assert found.problems == []
    assert found.puller.pid == pid
    assert found.sources[0].warnings == {"bad_line": 2}
    assert found.age_seconds is not None


def test_without_a_puller_it_is_stale(world: World, look: Callable[..., Status]) -> None:
    beat(world.home)
    found = look()
    assert found.state == "stale"
    assert "the puller is not running" in whats(found)


def test_old_data_is_stale_until_a_heartbeat_vouches_for_it(
    world: World, look: Callable[..., Status]
) -> None:
    world.publish_aged(hours=1)
    with puller(world.home):
        beat(world.home, checked_at=0)
        assert look().state == "stale"
        beat(world.home, checked_at=now())
        assert look().state == "healthy"


def test_a_clock_that_jumped_back_never_makes_a_negative_age(
    world: World, look: Callable[..., Status]
) -> None:
    beat(world.home, checked_at=now() + 3_600_000_000)
    with puller(world.home):
        found = look()
    assert found.age_seconds == 0
    assert found.state == "healthy"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {
                "last_pull": LastPull(
                    id="p", outcome="failed", started_at=1, finished_at=2, error="no space"
                )
            },
            "the last pull failed: no space",
        ),
        (
            {
                "last_pull": LastPull(
                    id="p", outcome="failed", started_at=1, finished_at=2, error="no space"
                ),
                "problems": [Problem(what="no space", since=1, advice="free some")],
            },
            "the last pull failed: no space",
        ),
        ({"problems": [Problem(what="view x: odd", since=1)]}, "view x: odd"),
        (
            {"sources": [SourceState(name="codex", state="unreadable", root="/x", files=0)]},
            "codex cannot be read at /x",
        ),
    ],
)
def test_what_the_puller_tells_degrades_and_is_told_once(
    world: World, look: Callable[..., Status], fields: dict[str, object], says: str
) -> None:
    beat(world.home, **fields)
    with puller(world.home):
        found = look()
    assert found.state == "degraded"
    assert whats(found) == says


def test_a_broken_generation_degrades_and_names_its_stand_in(
    world: World, look: Callable[..., Status]
) -> None:
    truncate(world.publish(), 1000)
    beat(world.home)
    with puller(world.home):
        found = look()
    assert found.state == "degraded"
    assert found.generation == 1
    assert "generation 2 cannot be read" in whats(found)


def test_a_stand_in_is_as_old_as_its_stamp_says(world: World, look: Callable[..., Status]) -> None:
    world.publish_aged(hours=2)
    truncate(world.publish(), 0)
    beat(world.home)
    found = look()
    assert found.age_seconds is not None
    assert found.age_seconds > 7000


def test_the_logs_position_is_told_beside_the_applied_one(
    world: World, look: Callable[..., Status]
) -> None:
    with closing(SqliteEventLog(world.home.log, origin="here")) as log:
        found = look()
        assert found.log.epoch == log.epoch
    assert found.log.position == 0
    assert found.log.applied_position == 6


def test_a_log_that_is_no_log_is_a_problem(world: World, look: Callable[..., Status]) -> None:
    world.home.log.write_bytes(b"not a database" * 100)
    beat(world.home)
    with puller(world.home):
        found = look()
    assert found.state == "degraded"
    assert found.log.position is None
    assert str(world.home.log) in whats(found)


def test_a_view_that_is_too_costly_for_each_tick_is_named(
    world: World, look: Callable[..., Status]
) -> None:
    world.database.run(
        "UPDATE catalog SET costly = true, duration_ms = 4200, refresh_interval_seconds = 84"
        " WHERE name = 'model_usage'"
    )
    world.publish(refresh=False)
    beat(world.home)
    with puller(world.home):
        found = look()
    assert found.state == "degraded"
    assert "view model_usage takes 4.2 s: it is made every 84 s" in whats(found)
