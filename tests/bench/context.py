"""What the benches of one run share: the cache, the histories, a home that is filled already."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp

from tests.bench.history import SEED, History, cached_history
from tests.bench.program import ROOT, Program

CACHE = ROOT / ".cache/bench"
RECORDED = ROOT.parent / "shared/transcripts"
SMALL_SHARE = 10
"""The small history, by which independence of history is shown, is a tenth of the other."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A copy of a history that a bench may append to, and a home that has taken it in."""

    program: Program
    transcripts: Path
    history: History


@dataclass
class Context:
    """One run of the benches. `rounds` is how often interleaved pieces take turns.

    `seconds` is how long an upstream is wedged in all, `pulls` how many meet one that fails.
    """

    megabytes: int
    rounds: int
    seconds: float
    pulls: int
    work: Path = field(default_factory=lambda: _work_directory())
    _workspaces: dict[int, Workspace] = field(default_factory=dict)

    @cached_property
    def history(self) -> History:
        return self.history_of(self.megabytes)

    @property
    def small_megabytes(self) -> int:
        return max(1, self.megabytes // SMALL_SHARE)

    def history_of(self, megabytes: int, seed: int = SEED) -> History:
        return cached_history(CACHE, megabytes, seed)

    def workspace(self, megabytes: int) -> Workspace:
        """A filled home, made once per size and run."""
        if megabytes not in self._workspaces:
            history = self.history_of(megabytes)
            root = self.work / f"filled-{megabytes}mb"
            for agent in (history.claude, history.codex):
                shutil.copytree(agent, root / agent.name)
            transcripts = f"{root / 'claude'}:{root / 'codex'}"
            program = Program.fresh(root / "home", transcripts)
            program.pull_once()
            self._workspaces[megabytes] = Workspace(program, root, history)
        return self._workspaces[megabytes]

    def folder(self, name: str) -> Path:
        path = self.work / name
        path.mkdir(parents=True, exist_ok=True)
        return path


def _work_directory() -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE.parent / ".gitignore").write_text("*\n")
    return Path(mkdtemp(prefix="run-", dir=CACHE))


@contextmanager
def context(megabytes: int, rounds: int, seconds: float, pulls: int) -> Iterator[Context]:
    """A context whose working directory goes away with the block."""
    made = Context(megabytes, rounds, seconds, pulls)
    try:
        yield made
    finally:
        shutil.rmtree(made.work, ignore_errors=True)
