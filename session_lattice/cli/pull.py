"""`pull`: one pull now, by the puller that runs or else here; or the end of the one under way."""

import signal
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from typing import Annotated

import typer

from session_lattice import events, heartbeat
from session_lattice.cli import options
from session_lattice.cli.feed.gists import GISTS
from session_lattice.cli.pull_watch import PullWatch, opened
from session_lattice.cli.reading import chosen, remark
from session_lattice.config import Settings
from session_lattice.errors import HomeError, HomeLockedError, LatticeError
from session_lattice.events import Envelope, ViewMaterialized
from session_lattice.home import Home

QUIET_LEVEL = "warning"
"""What a pull in this very process logs, unless a level was asked for."""

ATTEMPTS = 3
"""Pullers that may come or go while one is asked."""

BAD_ENDS = ("pull.failed", "pull.cancelled")


def pull(
    context: typer.Context,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="End the one under way instead.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only how it ended.")] = False,
) -> None:
    """Pull and publish now; whoever asks while a pull that was asked for goes on, joins it.

    The puller that runs does it, or else this command. Ctrl-C stops watching, not the puller.
    Where only the sample's puller runs and nothing else was ever published, that one is meant.
    With --cancel the pull under way ends between two batches; the next one goes on from there.
    Exit codes: 0 finished, or cancelled by --cancel; 1 failed or cancelled.
    """
    settings = _meant(context)
    lines = PullLines(quiet=as_json)
    end = _cancelled(settings, lines) if cancel else _pulled(settings, lines)
    if as_json:
        print(end.data.decode() if end else "null")
    if end and end.type in BAD_ENDS and not (cancel and end.type == "pull.cancelled"):
        raise typer.Exit(1)


def _meant(context: typer.Context) -> Settings:
    """Else a pull beside `up --sample` would publish nothing, and hide the sample with it."""
    settings, is_sample = chosen(context, sample=False)
    if is_sample and Home(settings.home).puller_pid():
        remark("SAMPLE: these sessions come with the program")
        return settings
    return options.settings(context)


class PullLines:
    """A pull's events as lines; views are counted, there are many."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._views = 0

    def say(self, text: str) -> None:
        if not self._quiet:
            print(text, flush=True)

    def to_the_end(self, told: Iterable[Envelope]) -> Envelope:
        """Show the events of one pull; the last of them."""
        last: Envelope | None = None
        for last in told:
            self._show(last)
        if last is None or not last.terminal:
            raise LatticeError("the log does not tell how the pull ended", hint="pull again")
        return last

    def _show(self, envelope: Envelope) -> None:
        event = events.decode(envelope.data)
        if isinstance(event, ViewMaterialized):
            self._views += 1
            return
        if self._views:
            self.say(f"  views      {self._views} refreshed")
            self._views = 0
        gist = GISTS.get(type(event))
        kind, text = gist(event) if gist else (envelope.type, "")
        pull = envelope.stream.removeprefix("pull/")
        whole = envelope.terminal or kind == "started"
        self.say(f"pull {pull} {kind}: {text}" if whole else f"  {kind:<10} {text}")


def _pulled(settings: Settings, lines: PullLines) -> Envelope:
    home = Home(settings.home)
    for _ in range(ATTEMPTS):
        pid = home.puller_pid()
        end = _asked(settings, pid, lines) if pid else _pulled_here(settings, lines)
        if end:
            return end
    raise LatticeError(f"pullers come and go on {home.root}", hint="keep one: session-lattice up")


def _pulled_here(settings: Settings, lines: PullLines) -> Envelope | None:
    """None when another puller has begun meanwhile."""
    from session_lattice.puller.daemon import serve

    if settings.provenance["log_level"] == "default":
        settings = replace(settings, log_level=QUIET_LEVEL)
    try:
        serve(settings, once=True)
    except HomeLockedError:
        return None
    home = Home(settings.home)
    beat = heartbeat.read(home.heartbeat)
    if beat is None or beat.last_pull is None:
        raise HomeError(f"{home.heartbeat} does not tell of the pull", hint="see to the disk")
    with closing(opened(settings)) as log:
        return lines.to_the_end(log.read(0, stream=f"pull/{beat.last_pull.id}"))


def _asked(settings: Settings, pid: int, lines: PullLines) -> Envelope | None:
    """None when the puller has ended without it."""
    with closing(opened(settings)) as log:
        watch = PullWatch(log, Home(settings.home), pid)
        try:
            stream = watch.asked()
            return lines.to_the_end(watch.to_the_end(stream)) if stream else None
        except KeyboardInterrupt:
            print("the pull goes on; `session-lattice pull --cancel` ends it", file=sys.stderr)
            raise


def _cancelled(settings: Settings, lines: PullLines) -> Envelope | None:
    """How the pull under way has ended; None when there is none."""
    home = Home(settings.home)
    pid = home.puller_pid()
    if not pid:
        raise LatticeError(
            f"no puller runs on {home.root}", hint="start one: session-lattice serve-puller"
        )
    with closing(opened(settings)) as log:
        watch = PullWatch(log, home, pid)
        stream = watch.under_way()
        if not stream:
            lines.say("no pull is under way")
            return None
        watch.send(signal.SIGUSR1)
        return lines.to_the_end(watch.to_the_end(stream))
