"""A seeded history of made-up agent sessions, as large as asked, with its true totals.

Shapes and proportions follow recorded transcripts of Claude Code and Codex: 2.3 kB a line on
average, log-normal with a tail to 2 MB, three bytes of Claude Code for one of Codex, about
four files per MB. The same seed and size give the same bytes.
"""

import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from tests.bench import claude, claude_eras, codex
from tests.bench.world import World

VERSION = 1
"""Goes up when the same seed gives other bytes; part of the cache's key."""

SEED = 20_260_501
MEGABYTES = 250
FIRST_DAY_MS = 1_777_593_600_000
"""2026-05-01T00:00:00Z."""

SPAN_DAYS = 60
DAY_MS = 86_400_000
CLAUDE_SHARE = 0.75
SESSION_MEDIAN_BYTES = 105_000
SESSION_SIGMA = 1.1
LARGEST_SESSION_BYTES = 8_000_000
COPY_SHARE = 0.04
"""Of Claude Code sessions, how many are resumed into a new file that copies their lines."""

FORK_SHARE = 0.05
"""Of Codex sessions, how many are forked into a file that replays them."""

UNFINISHED_SHARE = 0.15
"""Of files, how many lack the newline after their last line."""


@dataclass(frozen=True, slots=True)
class History:
    """Where it lies, how much of it there is, and what a right reader finds in it.

    `totals` is agent → model → the token fields of the view `model_usage`.
    """

    root: Path
    files: int
    lines: int
    bytes: int
    totals: dict[str, dict[str, dict[str, int]]]
    secrets: list[str]

    @property
    def claude(self) -> Path:
        return self.root / "claude"

    @property
    def codex(self) -> Path:
        return self.root / "codex"

    @property
    def transcripts(self) -> str:
        """What SESSION_LATTICE_TRANSCRIPTS takes."""
        return f"{self.claude}:{self.codex}"


def cached_history(cache: Path, megabytes: int = MEGABYTES, seed: int = SEED) -> History:
    """The history of that size and seed, made on first use below `cache`."""
    root = cache / f"history-v{VERSION}-{seed}-{megabytes}mb"
    facts = root / "facts.json"
    if not facts.is_file():
        shutil.rmtree(root, ignore_errors=True)
        write_history(root, megabytes, seed)
    return msgspec.convert({**msgspec.json.decode(facts.read_bytes()), "root": root}, History)


def write_history(root: Path, megabytes: int = MEGABYTES, seed: int = SEED) -> History:
    """Write `claude/projects/**` and `codex/sessions/**` below `root`, and `facts.json` last."""
    writer = _Writer(root, World(seed))
    want = megabytes * 1_000_000
    while writer.bytes < want:
        start = FIRST_DAY_MS + int(writer.world.dice.random() * SPAN_DAYS * DAY_MS)
        size = writer.world.dice.size(SESSION_MEDIAN_BYTES, SESSION_SIGMA, LARGEST_SESSION_BYTES)
        size = min(size, want - writer.bytes)
        if writer.claude_bytes <= CLAUDE_SHARE * writer.bytes:
            writer.claude_sessions(start, size)
        else:
            writer.codex_sessions(start, size)
    history = writer.history()
    facts = {key: value for key, value in asdict(history).items() if key != "root"}
    (root / "facts.json").write_bytes(msgspec.json.encode(facts))
    return history


class _Writer:
    """Puts sessions on disk as soon as they are made, so that memory stays small."""

    def __init__(self, root: Path, world: World) -> None:
        self.root, self.world = root, world
        self.files = self.lines = self.bytes = self.claude_bytes = 0

    def claude_sessions(self, start_ms: int, size: int) -> None:
        dice = self.world.dice
        era = dice.choices(claude_eras.ERAS, weights=[era.share for era in claude_eras.ERAS])[0]
        session = claude.Session(self.world, era, dice.choice(self.world.repositories), start_ms)
        before = self.bytes
        self._write("claude/projects", session.run(size))
        if dice.chance(COPY_SHARE):
            self._write("claude/projects", session.resume_as_copy().run(size))
        self.claude_bytes += self.bytes - before

    def codex_sessions(self, start_ms: int, size: int) -> None:
        dice = self.world.dice
        era = dice.choices(codex.ERAS, weights=[era.share for era in codex.ERAS])[0]
        repo = dice.choice(self.world.repositories)
        session = codex.Session(self.world, era, repo, start_ms).run(size)
        self._write("codex/sessions", session)
        if dice.chance(FORK_SHARE):
            later = session.file.now + DAY_MS
            fork = codex.Session(self.world, era, repo, later, forked_from=session)
            self._write("codex/sessions", fork.run(fork.file.size + size // 4))

    def _write(self, folder: str, session: claude.Session | codex.Session) -> None:
        seconds = session.file.now / 1000
        for name, data in session.files().items():
            transcript = name.endswith(".jsonl")
            if transcript and self.world.dice.chance(UNFINISHED_SHARE):
                data = data.removesuffix(b"\n")
            path = self.root / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            os.utime(path, (seconds, seconds))
            self.bytes += len(data)
            self.files += transcript
            self.lines += data.count(b"\n") if transcript else 0

    def history(self) -> History:
        counts: dict[str, Any] = {"files": self.files, "lines": self.lines, "bytes": self.bytes}
        return History(
            self.root, **counts, totals=self.world.ledger.totals, secrets=self.world.secrets
        )
