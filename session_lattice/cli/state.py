"""`status` and `config`: how the pair is, and what it runs with."""

import http.client
import os
from contextlib import closing
from typing import Annotated, Any

import msgspec
import typer

from session_lattice.cli import options, tables
from session_lattice.cli.reading import chosen, print_json
from session_lattice.cli.tables import Heading
from session_lattice.config import KEYS, PREFIX, Settings, shown
from session_lattice.home import Home
from session_lattice.reads.freshness import HeartbeatReader
from session_lattice.reads.snapshot import Snapshots
from session_lattice.reads.status import Puller, Source, Status
from session_lattice.reads.status import status as look
from session_lattice.reads.times import span

PROBE_SECONDS = 0.5
"""How long the reads server has to answer before it counts as silent."""

EXIT_CODES = {"healthy": 0, "degraded": 1, "stale": 1, "down": 2}
LABEL_CHARS = 11
MASK = "********"

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Sample = Annotated[bool, typer.Option("--sample", help="Look at the sample sessions.")]


def status(context: typer.Context, as_json: Json = False, sample: Sample = False) -> None:
    """Show what runs, what is served, how fresh it is and what is wrong.

    Exit codes: 0 healthy, 1 stale or degraded, 2 down.
    """
    settings, is_sample = chosen(context, sample=sample)
    found = _asked(settings) or _looked_up(settings, sample=is_sample)
    if as_json:
        print_json(found)
    else:
        print("\n".join(_lines(found, settings)))
    raise typer.Exit(EXIT_CODES[found.state])


def config(context: typer.Context, as_json: Json = False) -> None:
    """Show each setting, its value and where it comes from."""
    settings = options.settings(context)
    values = {"profile": settings.profile, **{name: _value(settings, name) for name in KEYS}}
    origins = {"profile": _profile_origin(context), **settings.provenance}
    if as_json:
        print_json({name: {"value": values[name], "from": origins[name]} for name in values})
        return
    headings = [Heading("SETTING"), Heading("VALUE", flexible=True), Heading("FROM")]
    rows = [[name, _text(values[name]), origins[name]] for name in values]
    print("\n".join(tables.table(headings, rows, tables.width())))


def _value(settings: Settings, name: str) -> Any:
    value = getattr(settings, name)
    if name == "token" and value:
        return MASK
    if name.endswith("_url") and value:
        return shown(value)
    if name == "transcripts":
        return [str(path) for path in value]
    return str(value) if name == "home" else value


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ":".join(tables.short_path(path) for path in value)
    if isinstance(value, float):
        return f"{value:g}"
    return tables.NOTHING if value is None else tables.short_path(value)


def _profile_origin(context: typer.Context) -> str:
    if "profile" in options.flags(context):
        return "flag"
    return "environment" if os.environ.get(f"{PREFIX}PROFILE") else "default"


def _asked(settings: Settings) -> Status | None:
    """What the reads server of this very home says; it has everything open already."""
    try:
        found = msgspec.json.decode(ask(settings, "/status"), type=Status)
    except msgspec.DecodeError:
        return None
    return found if found.home == str(settings.home) else None


def _looked_up(settings: Settings, *, sample: bool) -> Status:
    """The same from the home's own files, for when the server is silent or of another version."""
    home = Home(settings.home)
    running = probe(settings).get("home") == str(settings.home)
    with closing(Snapshots(home)) as snapshots:
        beat = HeartbeatReader(home).beat()
        return look(settings, snapshots, beat, reads_running=running, sample=sample)


def probe(settings: Settings) -> dict[str, Any]:
    """What /healthz says; empty when nobody answers or it is not one of ours."""
    try:
        answer = msgspec.json.decode(ask(settings, "/healthz"), type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
    return answer if answer.get("name") == "session-lattice" else {}


def ask(settings: Settings, path: str) -> bytes:
    """The body that the reads server answers with; empty when nobody answers in time."""
    headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


def _lines(found: Status, settings: Settings) -> list[str]:
    sample = "  SAMPLE: these sessions come with the program" if found.sample else ""
    labelled = [
        ("state", found.state + sample),
        ("home", f"{tables.short_path(settings.home)}, profile {found.profile}"),
        ("puller", _puller(found.puller)),
        ("reads", f"{found.reads.url}" if found.reads.running else f"silent at {found.reads.url}"),
        ("generation", _generation(found)),
        ("log", _log(found)),
        *(("source", _source(source)) for source in found.sources),
    ]
    lines = [f"{label:<{LABEL_CHARS}} {text}" for label, text in labelled]
    for problem in found.problems:
        since = f", since {tables.moment(problem.since)}" if problem.since else ""
        lines += ["", f"! {problem.what}{since}"]
        lines += [f"  Try: {problem.advice}"] if problem.advice else []
    return lines


def _puller(puller: Puller) -> str:
    words = f"process {puller.pid}" if puller.running else "not running"
    if puller.progress:
        done = 100 * puller.progress.done_bytes / max(1, puller.progress.total_bytes)
        words += f", reading transcripts: {done:.0f} %"
    if puller.last_pull:
        words += (
            f", last pull {puller.last_pull.outcome} {tables.ago(puller.last_pull.finished_at)}"
        )
    return words


def _generation(found: Status) -> str:
    if found.generation is None or found.published_at is None or found.age_seconds is None:
        return "none yet"
    return (
        f"{found.generation}, published {tables.ago(found.published_at)};"
        f" the sources were seen {span(found.age_seconds)} ago"
    )


def _log(found: Status) -> str:
    log = found.log
    if log.position is None or log.applied_position is None:
        return "none yet" if log.position is None else f"position {log.position:,}, none served"
    # A pull tells of its own publishing, so the log is always a little ahead.
    return f"position {log.position:,}, served up to {log.applied_position:,}"


def _short_name(source: Source) -> str:
    """Its agent: the root, which tells sources of one agent apart, follows anyway."""
    return source.name.removesuffix(source.root).rstrip(":") or "transcripts"


def _source(source: Source) -> str:
    amount = f"{source.files or 0:,} files"
    if source.sessions is not None:
        amount = f"{source.sessions:,} sessions"
    if source.repositories is not None:
        amount = f"{source.repositories:,} repositories"
    place = f", {tables.short_path(source.root)}" if source.root else ""
    words = f"{_short_name(source)} {source.state}, {amount}{place}"
    warnings = ", ".join(f"{count:,} {kind}" for kind, count in sorted(source.warnings.items()))
    return f"{words} (warnings: {warnings})" if warnings else words
