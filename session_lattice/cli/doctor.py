"""`doctor`: looks at everything that the pair needs, one thing after the other."""

import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from session_lattice.cli.reading import chosen, print_json
from session_lattice.cli.state import probe
from session_lattice.cli.tables import short_path
from session_lattice.config import KEYS, PREFIX, Settings, is_loopback, shown
from session_lattice.errors import LatticeError, NoGenerationError
from session_lattice.home import Home

OLDEST_PYTHON = (3, 11)
MIN_FREE_BYTES = 1024**3
"""Less than this on the home's disk is worth a warning."""

SERVICES = ("session-lattice", "session-lattice-puller")
OTHERS_MAY_WRITE = 0o022

Outcome = Literal["ok", "warning", "failed"]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to try if it is not well."""

    what: str
    outcome: Outcome
    says: str
    advice: str = ""


def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Check what the program needs: Python, home, disk, log, generation, sources, port.

    Exit codes: 0 when nothing failed, else 1.
    """
    settings, _ = chosen(context, sample=False)
    findings = []
    for check in CHECKS:
        for finding in check(settings):
            findings.append(finding)
            if not as_json:
                _tell(finding)
    if as_json:
        print_json([_as_json(finding) for finding in findings])
    raise typer.Exit(1 if any(one.outcome == "failed" for one in findings) else 0)


def _tell(finding: Finding) -> None:
    print(f"{finding.outcome:<8} {finding.what:<12} {finding.says}")
    if finding.advice:
        print(f"{'':<21} Try: {finding.advice}")


def _as_json(finding: Finding) -> dict[str, str]:
    return {
        "what": finding.what,
        "outcome": finding.outcome,
        "says": finding.says,
        "try": finding.advice,
    }


def _python(_: Settings) -> Iterator[Finding]:
    says = f"{platform.python_version()} at {short_path(sys.executable)}"
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        yield Finding("python", "failed", says, f"use Python {wanted} or newer")
    else:
        yield Finding("python", "ok", says)


def _home(settings: Settings) -> Iterator[Finding]:
    root = settings.home
    nearest = next(one for one in (root, *root.parents) if one.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        advice = f"choose another with {PREFIX}HOME, or mend the permissions of {nearest}"
        yield Finding("home", "failed", f"{short_path(root)} cannot be written", advice)
        return
    yield Finding("home", "ok", short_path(root) + ("" if root.exists() else ", not made yet"))
    pid = Home(root).puller_pid()
    yield Finding("puller", "ok", f"process {pid} holds the home" if pid else "not running")
    free = shutil.disk_usage(nearest).free
    says = f"{free / 1024**3:.1f} GiB free"
    if free < MIN_FREE_BYTES:
        yield Finding("disk", "warning", says, "free some: every generation is a copy")
    else:
        yield Finding("disk", "ok", says)


def _log(settings: Settings) -> Iterator[Finding]:
    from session_lattice.log.choose import open_log

    if not settings.log_url and not Home(settings.home).log.exists():
        yield Finding("log", "ok", "none yet; the first pull makes it")
        return
    with closing(open_log(settings, readonly=True)) as log:
        bounds = log.bounds()
    where = f" at {shown(settings.log_url)}" if settings.log_url else ""
    yield Finding("log", "ok", f"position {bounds.newest:,}, epoch {bounds.epoch}{where}")


def _generation(settings: Settings) -> Iterator[Finding]:
    from session_lattice.reads.snapshot import Snapshots

    with closing(Snapshots(Home(settings.home))) as snapshots:
        try:
            served = snapshots.served()
        except NoGenerationError as error:
            outcome: Outcome = "failed" if snapshots.trouble else "warning"
            yield Finding("generation", outcome, error.what, error.hint)
            return
        trouble = snapshots.trouble
        if trouble:
            yield Finding("generation", "failed", trouble.what, trouble.advice)
        else:
            rows = f"{served.stamp.rows:,} rows"
            yield Finding("generation", "ok", f"{served.generation.number} is whole, {rows}")
        for view in served.catalog.values():
            if view.error:
                yield Finding("view", "failed", f"{view.name}: {view.error}", "mend its .sql file")


def _upstream(settings: Settings) -> Iterator[Finding]:
    """Whether the recall service answers the cheap question, if there is one to ask."""
    if not settings.repo_recall_url:
        return
    from session_lattice.puller.discovery import Upstream

    for source in Upstream(settings).found():
        with closing(source):
            source.pending()
        yield Finding("upstream", "ok", f"{shown(settings.repo_recall_url)} answers")


def _transcripts(settings: Settings) -> Iterator[Finding]:
    from session_lattice.cli.pair import agent_homes

    homes = agent_homes(settings)
    if settings.repo_recall_url and not homes:
        return
    for home in homes:
        agent = home.source.partition(":")[0]
        says = f"{home.files:,} of {agent} in {short_path(home.root)}"
        yield Finding("transcripts", "ok" if home.files else "warning", says)
    if not any(home.files for home in homes):
        looked = ":".join(short_path(path) for path in settings.transcripts)
        advice = f"run an agent once, or set {PREFIX}TRANSCRIPTS to the agents' homes"
        yield Finding("transcripts", "warning", f"none found in {looked}", advice)


def _port(settings: Settings) -> Iterator[Finding]:
    where = f"{settings.host} port {settings.port}"
    if not is_loopback(settings.host) and not settings.token:
        advice = f"set {PREFIX}TOKEN to a long random text, or bind 127.0.0.1"
        yield Finding("token", "failed", f"{settings.host} is open to others", advice)
    answer = probe(settings)
    if answer:
        own = answer.get("home") == str(settings.home)
        says = f"{where} is served by process {answer.get('pid')}"
        other = f"{says} from {short_path(str(answer.get('home')))}"
        yield (
            Finding("port", "ok", says)
            if own
            else Finding("port", "warning", other, f"choose another with {PREFIX}PORT")
        )
    elif _is_free(settings):
        yield Finding("port", "ok", f"{where} is free; nobody serves there")
    else:
        advice = f"stop what listens there, or choose another with {PREFIX}PORT"
        yield Finding("port", "failed", f"{where} is taken by something else", advice)


def _is_free(settings: Settings) -> bool:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError:
            return False
        return True


def _services(_: Settings) -> Iterator[Finding]:
    """What a person has set for the brew services, which a shell does not show."""
    folder = Path.home() / ".homebrew" / "services"
    for path in (folder / f"{name}.env" for name in SERVICES):
        if path.exists():
            yield from _service(path)


def _service(path: Path) -> Iterator[Finding]:
    if path.stat().st_mode & OTHERS_MAY_WRITE:
        advice = f"chmod go-w {path}"
        yield Finding("services", "failed", f"others may write {short_path(path)}", advice)
    lines = path.read_text("utf-8", "replace").splitlines()
    names = [line.partition("=")[0].strip() for line in lines if "=" in line]
    known = {PREFIX + name.upper() for name in ("profile", *KEYS)}
    unknown = [name for name in names if name.startswith(PREFIX) and name not in known]
    if unknown:
        says = f"{short_path(path)} sets {', '.join(unknown)}, which means nothing"
        yield Finding("services", "warning", says, f"known: {', '.join(sorted(known))}")
    else:
        yield Finding("services", "ok", f"{short_path(path)} sets {', '.join(names) or 'nothing'}")


def _guarded(
    check: Callable[[Settings], Iterator[Finding]],
) -> Callable[[Settings], Iterator[Finding]]:
    """A check that ends with an error of ours has found it."""

    def guarded(settings: Settings) -> Iterator[Finding]:
        try:
            yield from check(settings)
        except LatticeError as error:
            name = check.__name__.strip("_")
            yield Finding(name, "failed", error.what, error.hint)

    return guarded


CHECKS = [
    _guarded(check)
    for check in (_python, _home, _log, _generation, _upstream, _transcripts, _port, _services)
]
