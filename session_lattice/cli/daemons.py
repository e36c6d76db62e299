"""The commands that run daemons: each one alone, or both together."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Annotated

import typer

from session_lattice import __version__
from session_lattice.cli import lifeline, options, pair
from session_lattice.cli.pair import AgentHome
from session_lattice.cli.supervisor import Command, Supervisor
from session_lattice.config import Settings, shown

Host = Annotated[str | None, typer.Option(help="The address to serve on.")]
Port = Annotated[int | None, typer.Option(help="The port to serve on.")]
Interval = Annotated[
    float | None, typer.Option(help="Seconds between two ticks.", metavar="SECONDS")
]
Sample = Annotated[
    bool, typer.Option("--sample", help="Serve the sample sessions, from a home of their own.")
]
Recall = Annotated[
    bool,
    typer.Option("--recall", help="Read through a recall service of its own, over HTTP."),
]
NICENESS = 10
"""The puller yields to what answers people, its imports included: a restart is mostly those."""

UntilStdinCloses = Annotated[bool, typer.Option("--until-stdin-closes", hidden=True)]


def serve_puller(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Pull and publish once, then end.")] = False,
    refresh_interval_seconds: Interval = None,
    sample: Sample = False,
    until_stdin_closes: UntilStdinCloses = False,
) -> None:
    """Pull transcripts into the home and publish generations, until SIGTERM or Ctrl-C.

    SIGHUP pulls now. With --once: 0 when everything there is was published, else 1.
    """
    settings = options.settings(context, refresh_interval_seconds=refresh_interval_seconds)
    if sample:
        settings = options.of_sample(settings)
    if until_stdin_closes:
        lifeline.end_with_parent()
    if not once:
        os.nice(NICENESS)
    from session_lattice.puller.daemon import serve

    raise typer.Exit(serve(settings, once=once, sample=sample))


def serve_reads(
    context: typer.Context,
    host: Host = None,
    port: Port = None,
    sample: Sample = False,
    until_stdin_closes: UntilStdinCloses = False,
) -> None:
    """Answer over HTTP and MCP from the newest generation, until SIGTERM or Ctrl-C."""
    settings = options.settings(context, host=host, port=port)
    if sample:
        settings = options.of_sample(settings)
    if until_stdin_closes:
        lifeline.end_with_parent()
    from session_lattice.reads.app import serve

    raise typer.Exit(serve(settings, sample=sample))


def up(
    context: typer.Context,
    host: Host = None,
    port: Port = None,
    refresh_interval_seconds: Interval = None,
    sample: Sample = False,
    recall: Recall = False,
) -> None:
    """Run both daemons here, each started again when it dies; Ctrl-C ends both.

    Without a transcript on the machine it serves the sample sessions. With --recall there is a
    third one, `serve-recall`, which the puller asks instead of reading transcripts itself.
    """
    own: dict[str, str | float | None] = {
        "host": host,
        "port": port,
        "refresh_interval_seconds": refresh_interval_seconds,
    }
    settings = options.settings(context, **own)
    if recall:
        settings = pair.with_recall(settings)
        own |= {name: getattr(settings, name) for name in ("recall_port", "repo_recall_url")}
    homes = pair.agent_homes(settings)
    upstream = settings.repo_recall_url
    sample = sample or not (upstream or any(home.files for home in homes))
    if sample:
        settings = options.of_sample(settings)
    if pair.running(settings):
        _say(f"already running on {pair.short(settings.home)}\n{_addresses(settings)}")
        return
    settings = replace(settings, port=pair.free_port(settings))
    _introduce(settings, homes, sample=sample)
    environment = options.environment(options.flags(context, **own | {"port": settings.port}))
    commands = pair.commands(environment, sample=sample, recall=recall)
    raise typer.Exit(asyncio.run(_run(settings, commands, sample=sample)))


async def _run(settings: Settings, commands: Sequence[Command], *, sample: bool) -> int:
    supervisor = Supervisor(commands, _warn)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, supervisor.stop)
    loop.add_signal_handler(signal.SIGTERM, supervisor.stop)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
        loop.add_signal_handler(signal.SIGHUP, supervisor.stop)
    announcement = asyncio.create_task(_announce(settings, sample=sample))
    code = await supervisor.run()
    announcement.cancel()
    with suppress(asyncio.CancelledError):
        await announcement
    _say("all daemons have ended" if len(commands) > 2 else "both daemons have ended")
    return code


async def _announce(settings: Settings, *, sample: bool) -> None:
    rows = await pair.first_generation(settings)
    number, views = rows.pop("generation"), len(rows)
    sessions = f"{rows.get('session_overview', 0):,} {'SAMPLE ' if sample else ''}sessions"
    _say(f"generation {number}: {sessions}, {sum(rows.values()):,} rows in {views} views")
    _say("Ctrl-C ends the daemons; what they gathered stays")


def _introduce(settings: Settings, homes: Sequence[AgentHome], *, sample: bool) -> None:
    home = pair.short(settings.home)
    _say(f"session-lattice {__version__}, profile {settings.profile}")
    if settings.repo_recall_url:
        _say(f"  asks    the recall service at {shown(settings.repo_recall_url)}")
    if homes or not settings.repo_recall_url:
        _say("\n".join(pair.found_lines(homes)))
    if sample:
        _say("  SAMPLE  these sessions come with the program; start it again once an agent has run")
        _say(f"          commands find them with --home {home}")
    _say(f"  home    {home}")
    _say(_addresses(settings))
    what = "asking the recall service" if settings.repo_recall_url else "reading transcripts"
    _say(f"{what}; the first generation comes when all is read")


def _addresses(settings: Settings) -> str:
    return f"  reads   {settings.reads_url}\n  MCP     {settings.reads_url}/mcp"


def _say(text: str) -> None:
    print(text, flush=True)


def _warn(text: str) -> None:
    print(f"session-lattice: {text}", file=sys.stderr, flush=True)
