"""The state of the pair: what runs, what is served, how old it is, what is wrong."""

from contextlib import closing
from datetime import datetime
from typing import Literal

import msgspec

from session_lattice import __version__, heartbeat
from session_lattice.config import Settings
from session_lattice.errors import ConfigError, LogError, NoGenerationError
from session_lattice.heartbeat import Heartbeat, LastPull
from session_lattice.home import Home
from session_lattice.log.choose import open_log
from session_lattice.reads.freshness import age_seconds, interval, source_at
from session_lattice.reads.snapshot import START_HINT, Served, Snapshots
from session_lattice.reads.times import from_micros, span

STALE_INTERVALS = 3.0
"""Data older than this many refresh intervals is stale ..."""

STALE_GRACE_SECONDS = 5.0
"""... give or take what a pull itself takes."""

State = Literal["healthy", "degraded", "stale", "down"]
START_PULLER = "start it with `session-lattice up`, `session-lattice serve-puller` or brew services"
NARROW_VIEW = "narrow its query: see `session-lattice views check`, or give it a `refresh:`"
MEND_VIEW = "mend its .sql file; the next tick makes it anew"
START_READS = "start it with `session-lattice up`, `session-lattice serve-reads` or brew services"


class LogPosition(msgspec.Struct, frozen=True, kw_only=True):
    """The log's newest position and the last one that the generation holds; null if unknown."""

    epoch: str | None
    position: int | None
    applied_position: int | None


class Pull(msgspec.Struct, frozen=True, kw_only=True):
    """A pull that ended: "finished", "failed" or "cancelled"."""

    id: str
    outcome: str
    started_at: datetime
    finished_at: datetime
    error: str | None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Of the pull under way, in bytes of transcripts."""

    done_bytes: int
    total_bytes: int


class Puller(msgspec.Struct, frozen=True, kw_only=True):
    """The process that holds the home, if any, and its last pull."""

    running: bool
    pid: int | None
    last_pull: Pull | None
    progress: Progress | None


class Reads(msgspec.Struct, frozen=True, kw_only=True):
    """The server that answers over HTTP and MCP."""

    running: bool
    url: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A source: "ok", "missing" or "unreadable" transcripts, or a service that is "unreachable"
    or "scanning" for the first time. It has `files`, a service `sessions`, git `repositories`; the
    others are null. `warnings` counts bad input by kind.
    """

    name: str
    state: str
    root: str
    files: int | None
    sessions: int | None = None
    repositories: int | None = None
    warnings: dict[str, int]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, since when, and what to try."""

    what: str
    since: datetime | None
    advice: str = msgspec.field(name="try")


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """GET /status and `status --json`."""

    state: State
    generation: int | None
    published_at: datetime | None
    age_seconds: float | None
    sample: bool
    log: LogPosition
    puller: Puller
    reads: Reads
    sources: list[Source]
    problems: list[Problem]
    version: str
    profile: str
    home: str


def status(
    settings: Settings,
    snapshots: Snapshots,
    beat: Heartbeat | None,
    *,
    reads_running: bool,
    sample: bool = False,
) -> Status:
    """Looked up anew each time, from the home's own files."""
    served = _served(snapshots)
    home = snapshots.home
    pid = home.puller_pid()
    log, log_problem = _log(settings, home, served)
    age = age_seconds(source_at(served, beat)) if served else None
    grave = [*_of_running(pid, served, snapshots, beat), *([] if reads_running else [_no_reads()])]
    told = _of_pulls(beat)
    rest = [*told, *_of_views(served, told), *([log_problem] if log_problem else [])]
    stale = age is not None and is_stale(age, beat)
    late = [_late(age, beat)] if age is not None and stale and not _explained(beat) else []
    return Status(
        state=_state(
            down=not reads_running or not (pid or served),
            stale=not pid or stale,
            degraded=bool(grave or rest),
        ),
        generation=served.generation.number if served else None,
        published_at=served.stamp.published_at if served else None,
        age_seconds=age,
        sample=sample or bool(served and served.stamp.sample),
        log=log,
        puller=_puller(pid, beat),
        reads=Reads(running=reads_running, url=settings.reads_url),
        sources=_sources(beat),
        problems=[*grave, *late, *rest],
        version=__version__,
        profile=settings.profile,
        home=str(home.root),
    )


def is_stale(age: float, beat: Heartbeat | None) -> bool:
    """Whether data of that age is older than it should be."""
    return age > STALE_INTERVALS * interval(beat) + STALE_GRACE_SECONDS


def _state(*, down: bool, stale: bool, degraded: bool) -> State:
    if down:
        return "down"
    if stale:
        return "stale"
    return "degraded" if degraded else "healthy"


def _served(snapshots: Snapshots) -> Served | None:
    try:
        return snapshots.served()
    except NoGenerationError:
        return None


def _log(
    settings: Settings, home: Home, served: Served | None
) -> tuple[LogPosition, Problem | None]:
    applied = served.stamp.log_position if served else None
    epoch = served.stamp.log_epoch if served else None
    unknown = LogPosition(epoch=epoch, position=None, applied_position=applied)
    if not settings.log_url and not home.log.exists():
        return unknown, None
    try:
        with closing(open_log(settings, readonly=True)) as log:
            bounds = log.bounds()
    except (LogError, ConfigError) as error:
        return unknown, Problem(what=error.what, since=None, advice=error.hint)
    known = LogPosition(epoch=bounds.epoch, position=bounds.newest, applied_position=applied)
    return known, None


def _puller(pid: int, beat: Heartbeat | None) -> Puller:
    busy = bool(pid and beat and beat.pid == pid and beat.total_bytes)
    return Puller(
        running=bool(pid),
        pid=pid or None,
        last_pull=_pull(beat.last_pull) if beat and beat.last_pull else None,
        progress=Progress(done_bytes=beat.done_bytes, total_bytes=beat.total_bytes)
        if beat and busy
        else None,
    )


def _pull(last: LastPull) -> Pull:
    return Pull(
        id=last.id,
        outcome=last.outcome,
        started_at=from_micros(last.started_at),
        finished_at=from_micros(last.finished_at),
        error=last.error,
    )


def _sources(beat: Heartbeat | None) -> list[Source]:
    return [
        Source(**{name: getattr(one, name) for name in Source.__struct_fields__})
        for one in (beat.sources if beat else ())
    ]


def _of_running(
    pid: int, served: Served | None, snapshots: Snapshots, beat: Heartbeat | None
) -> list[Problem]:
    found = []
    if not pid:
        since = from_micros(beat.beat_at) if beat else None
        found.append(Problem(what="the puller is not running", since=since, advice=START_PULLER))
    trouble = snapshots.trouble
    if trouble:
        since = from_micros(trouble.since)
        found.append(Problem(what=trouble.what, since=since, advice=trouble.advice))
    elif served is None:
        found.append(_nothing_yet(pid, beat))
    return found


def _nothing_yet(pid: int, beat: Heartbeat | None) -> Problem:
    since = from_micros(beat.started_at) if pid and beat else None
    advice = "wait for the first pull to end" if pid else START_HINT
    return Problem(what="nothing has been published yet", since=since, advice=advice)


def _no_reads() -> Problem:
    return Problem(what="the reads server does not answer", since=None, advice=START_READS)


def _late(age: float, beat: Heartbeat | None) -> Problem:
    wanted = interval(beat)
    return Problem(
        what=f"the sources were last seen {span(age)} ago, where every {span(wanted)} is meant",
        since=None,
        advice="see what the puller logs, or run `session-lattice serve-puller --once`",
    )


def _explained(beat: Heartbeat | None) -> bool:
    """Whether a problem that is told anyway says why there is nothing newer."""
    return any(source.state == "unreachable" for source in (beat.sources if beat else ()))


def _of_pulls(beat: Heartbeat | None) -> list[Problem]:
    if beat is None:
        return []
    found = [_of_puller(problem, beat.last_pull) for problem in beat.problems]
    last = beat.last_pull
    if last and last.outcome == "failed" and last.error not in [p.what for p in beat.problems]:
        what = f"the last pull failed: {last.error or 'it does not say why'}"
        since = from_micros(last.finished_at)
        found.append(
            Problem(what=what, since=since, advice="the puller goes on trying; see its log")
        )
    for source in beat.sources:
        if source.state == "unreadable":
            what = f"{source.name} cannot be read at {source.root}"
            found.append(Problem(what=what, since=None, advice="mend its permissions"))
    return found


def _of_puller(problem: heartbeat.Problem, last: LastPull | None) -> Problem:
    """As the puller tells it; what ended the last pull is called so."""
    ended = last and last.outcome == "failed" and last.error == problem.what
    what = f"the last pull failed: {problem.what}" if ended else problem.what
    return Problem(what=what, since=from_micros(problem.since), advice=problem.advice)


def _of_views(served: Served | None, told: list[Problem]) -> list[Problem]:
    """Views that take too long, and broken ones that the puller does not tell of itself."""
    views = served.catalog.values() if served else ()
    slow = [
        Problem(
            what=f"view {view.name} takes {view.duration_ms / 1000:.1f} s: it is made every"
            f" {view.refresh_interval_seconds:.0f} s, so that the others need not wait",
            since=view.materialized_at,
            advice=NARROW_VIEW,
        )
        for view in views
        if view.costly
    ]
    broken = {f"view {view.name}: {view.error}": view for view in views if view.error}
    return slow + [
        Problem(what=what, since=view.materialized_at, advice=MEND_VIEW)
        for what, view in broken.items()
        if what not in [problem.what for problem in told]
    ]
