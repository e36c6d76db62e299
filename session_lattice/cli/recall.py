"""The command that serves recall: the service, and the puller that reads for it."""

import asyncio
import signal
import socket
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from session_lattice import __version__, child, telemetry
from session_lattice.cli import lifeline, options, pair
from session_lattice.cli.daemons import Host, Interval, UntilStdinCloses
from session_lattice.cli.supervisor import Command, Supervisor
from session_lattice.config import NO_REPOSITORY, PREFIX, Settings
from session_lattice.recall.home import RecallHome

if TYPE_CHECKING:
    from session_lattice.recall.server import Recall

PASSED_ON = ("profile", "refresh_interval_seconds", "pull_seconds", "log_retention_days")
"""Settings that the puller has in common with the service, beside the transcripts."""

NOT_PASSED_ON = ("REPO_RECALL_URL", "LOG_URL", "TOKEN")
"""It reads this machine's transcripts into a log of its own, and serves nobody."""

Port = Annotated[int | None, typer.Option(help="The port to serve on.")]


def serve_recall(
    context: typer.Context,
    host: Host = None,
    port: Port = None,
    refresh_interval_seconds: Interval = None,
    until_stdin_closes: UntilStdinCloses = False,
) -> None:
    """Serve this machine's sessions and repositories as a recall service, until Ctrl-C.

    On loopback alone: it asks nobody for a token.
    """
    own = {"host": host or pair.LOOPBACK, "recall_port": port}
    settings = options.settings(context, **own, refresh_interval_seconds=refresh_interval_seconds)
    settings = replace(settings, port=settings.recall_port, token=None, repo_recall_url=None)
    if until_stdin_closes:
        lifeline.end_with_parent()
    from session_lattice.reads.listen import listen
    from session_lattice.recall import server

    server.check_bind(settings)
    telemetry.configure(settings.log_level, "recall")
    home = RecallHome(settings.home)
    home.create()
    with home.lock(), listen(settings, server.BACKLOG) as listener:
        settings = replace(settings, port=listener.getsockname()[1])
        _introduce(settings, home)
        raise typer.Exit(asyncio.run(_run(settings, home, listener)))


async def _run(settings: Settings, home: RecallHome, listener: socket.socket) -> int:
    """Until a signal, or until one of both cannot go on; the exit code."""
    from session_lattice.recall.server import Recall

    recall = Recall(settings, home)
    supervisor = Supervisor([_puller(settings, home)], _warn)

    def stop() -> None:
        supervisor.stop()
        recall.stop()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop)
    loop.add_signal_handler(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
        loop.add_signal_handler(signal.SIGHUP, stop)
    supervised = asyncio.create_task(supervisor.run())
    serving = asyncio.create_task(recall.run(listener))
    announcement = asyncio.create_task(_announce(recall))
    await asyncio.wait({supervised, serving}, return_when=asyncio.FIRST_COMPLETED)
    stop()
    announcement.cancel()
    await asyncio.wait({supervised, serving, announcement})
    serving.result()
    _say("recall has ended")
    return supervised.result()


async def _announce(recall: "Recall") -> None:
    await recall.scanner.begun.wait()
    served = recall.scanner.served
    counts = served.counts
    _say(f"scan {served.scan_version}: {counts.sessions:,} sessions, {counts.repos:,} repositories")
    _say("Ctrl-C ends it; what was gathered stays")


def _puller(settings: Settings, home: RecallHome) -> Command:
    said = {name: str(getattr(settings, name)) for name in PASSED_ON}
    own = options.environment(
        {
            **said,
            "home": str(home.root),
            "host": pair.LOOPBACK,
            "transcripts": ":".join(map(str, settings.transcripts)),
            # The service asks repositories itself.
            "repositories": NO_REPOSITORY,
            "log_level": settings.log_level,
        }
    )
    without = [PREFIX + name for name in NOT_PASSED_ON]
    return pair.command("serve-puller", child.environment(own, without))


def _introduce(settings: Settings, home: RecallHome) -> None:
    _say(f"session-lattice {__version__}, profile {settings.profile}")
    _say("\n".join(pair.found_lines(pair.agent_homes(settings))))
    _say(f"  home    {pair.short(home.root)}")
    _say(f"  recall  {settings.reads_url}")
    _say("reading transcripts; the first scan comes when all are read")


def _warn(line: str) -> None:
    print(f"session-lattice: {line}", file=sys.stderr, flush=True)


def _say(text: str) -> None:
    print(text, flush=True)
