"""Keep child processes running: start them, start them again when they die, end them together."""

import asyncio
import random
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from session_lattice.errors import ConfigError

FIRST_PAUSE_SECONDS = 0.5
"""The longest pause before a child that died is started again; it doubles with each death."""

LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
"""A child that ran this long starts over with the first pause."""

STOP_SECONDS = 15.0
"""How long a child may take to end after SIGTERM, before SIGKILL."""


@dataclass(frozen=True, slots=True)
class Command:
    """A child: its name in messages, its command line and all its environment."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of each of the limits above."""

    first_pause: float = FIRST_PAUSE_SECONDS
    longest_pause: float = LONGEST_PAUSE_SECONDS
    healthy: float = HEALTHY_SECONDS
    stop: float = STOP_SECONDS

    def next(self, pause: float) -> float:
        return min(2 * pause, self.longest_pause)


class Supervisor:
    """Runs its commands until `stop`; made inside a running event loop.

    Each child's standard input is a pipe that closes when this process is gone, however it
    went; a child watches it (`lifeline`). Children have process groups of their own, so that
    Ctrl-C reaches only this process, which ends them in order.
    """

    def __init__(
        self, commands: Sequence[Command], say: Callable[[str], None], pace: Pace | None = None
    ) -> None:
        self._commands = commands
        self._say = say
        self._pace = pace or Pace()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End all children; `run` returns when they have ended."""
        self._stopping.set()

    async def run(self) -> int:
        """Run until `stop`: 0. Or until a child cannot work with its settings: its exit code."""
        kept = [asyncio.create_task(self._keep(command)) for command in self._commands]
        await asyncio.wait(kept, return_when=asyncio.FIRST_COMPLETED)
        self.stop()
        return max(await asyncio.gather(*kept))

    async def _keep(self, command: Command) -> int:
        clock = asyncio.get_running_loop().time
        pause = self._pace.first_pause
        while True:
            began = clock()
            code = await self._run_once(command)
            if self._stopping.is_set():
                return 0
            if code == ConfigError.exit_code:
                self._say(f"{command.name} cannot work with these settings; ending")
                return code
            if clock() - began >= self._pace.healthy:
                pause = self._pace.first_pause
            seconds = pause * random.uniform(0.5, 1)
            self._say(f"{command.name} {_how(code)}; it starts again in {seconds:.1f} s")
            if await self._stopped_within(seconds):
                return 0
            pause = self._pace.next(pause)

    async def _run_once(self, command: Command) -> int:
        process = await asyncio.create_subprocess_exec(
            *command.arguments, stdin=PIPE, env=dict(command.environment), process_group=0
        )
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            await self._end(command, process, ended)
        return await ended

    async def _end(self, command: Command, process: Process, ended: "asyncio.Task[int]") -> None:
        with suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait({ended}, timeout=self._pace.stop)
        if not ended.done():
            self._say(f"{command.name} did not end within {self._pace.stop:g} s; killing it")
            with suppress(ProcessLookupError):
                process.kill()

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()


def _how(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
