"""The two daemons as one: what `up` needs to know before it starts them, and says once they run."""

import asyncio
import http.client
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from session_lattice import child
from session_lattice.cli.supervisor import Command
from session_lattice.config import PREFIX, Settings
from session_lattice.errors import HomeLockedError, LatticeError
from session_lattice.home import Home

LOOPBACK = "127.0.0.1"
PAIR = ("serve-puller", "serve-reads")
TRANSCRIPTS = f"{PREFIX}TRANSCRIPTS"

ANSWER_SECONDS = 2.0
"""How long the reads server may take to answer one question."""

LOOK_SECONDS = 0.25
"""Between two looks whether the first generation is there."""


@dataclass(frozen=True, slots=True)
class AgentHome:
    """One agent's home and how many transcripts it holds."""

    source: str
    root: str
    files: int


def agent_homes(settings: Settings) -> list[AgentHome]:
    """The agents' homes that are there, one entry for each agent."""
    from session_lattice.puller.discovery import Discovery

    found = []
    for source in Discovery(settings.agents_homes, sample=False).found():
        source.load({})
        source.pending()
        status = source.status()
        found.append(AgentHome(status.name, status.root, status.files or 0))
    return found


def running(settings: Settings) -> bool:
    """True if both daemons run on this home already.

    Raises HomeLockedError when the puller does and the address is not its reads server's.
    """
    puller = Home(settings.home).puller_pid()
    if not puller:
        return False
    status = ask(settings, "/status")
    if status and status.get("puller", {}).get("pid") == puller:
        return True
    raise HomeLockedError(
        f"process {puller} is already the puller of {settings.home}, "
        f"and {settings.reads_url} does not serve it",
        holder=puller,
        hint="run `session-lattice serve-reads` beside it, or stop it first",
    )


def free_port(settings: Settings) -> int:
    """The port to serve on: the one asked for, or for 0 one that is free. Raises LatticeError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise LatticeError(
                f"{settings.host} port {settings.port} cannot be served on: {error.strerror}",
                hint="stop what listens there, or choose another with --port",
            ) from error
        return int(probe.getsockname()[1])


def with_recall(settings: Settings) -> Settings:
    """The same, with the puller asking the `serve-recall` that runs beside it.

    Raises LatticeError if its port is taken.
    """
    port = free_port(replace(settings, host=LOOPBACK, port=settings.recall_port))
    return replace(settings, recall_port=port, repo_recall_url=f"http://{LOOPBACK}:{port}")


def commands(
    environment: Mapping[str, str], *, sample: bool, recall: bool = False
) -> list[Command]:
    """The command lines of the daemons, with this interpreter and from this very package."""
    options = ["--sample"] if sample else []
    own = child.environment(environment)
    if not recall:
        return [command(name, own, *options) for name in PAIR]
    # The transcripts are then read by the recall service, and by nobody else.
    pairs = {name: value for name, value in own.items() if name != TRANSCRIPTS}
    return [command("serve-recall", own), *(command(name, pairs) for name in PAIR)]


def command(name: str, environment: Mapping[str, str], *options: str) -> Command:
    """The command line of one daemon that ends with this process; `environment` is all of it."""
    line = (*child.PYTHON, "session_lattice", name, "--until-stdin-closes", *options)
    return Command(name, line, environment)


def found_lines(homes: Sequence[AgentHome]) -> list[str]:
    """What a person is told of the agents' homes, a line each."""
    if not homes:
        return ["  found   no transcripts of an agent"]
    return [
        f"  found   {home.files:,} transcripts of {home.source} in {short(home.root)}"
        for home in homes
    ]


async def first_generation(settings: Settings) -> dict[str, int]:
    """Wait until a generation is served; "generation" and the rows of each view."""
    while True:
        status = await asyncio.to_thread(ask, settings, "/status")
        if status and status.get("generation") and _has_told(settings, status):
            listed = await asyncio.to_thread(ask, settings, "/views") or {}
            rows = {view["name"]: view["rows"] for view in listed.get("views", [])}
            return {"generation": status["generation"], **rows}
        await asyncio.sleep(LOOK_SECONDS)


def _has_told(settings: Settings, status: Mapping[str, Any]) -> bool:
    """Whether the upstream, if there is one, has had its first scan, or told nothing in vain."""
    services = [one["state"] for one in status["sources"] if one.get("sessions") is not None]
    return not settings.repo_recall_url or (bool(services) and "scanning" not in services)


def ask(settings: Settings, path: str) -> dict[str, Any] | None:
    """The JSON object that the reads server answers with, None if nobody of ours answers."""
    headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path, headers=headers)
        answer = json.load(connection.getresponse())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return answer if isinstance(answer, dict) else None


def short(path: str | Path) -> str:
    """A path as a person writes it."""
    home = str(Path.home())
    text = str(path)
    return "~" + text[len(home) :] if text == home or text.startswith(home + "/") else text
