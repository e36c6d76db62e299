"""Codex's transcripts below its home: rollouts in `sessions` and `archived_sessions`."""

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from session_lattice.sources.codex_context import AGENT, decode_memo
from session_lattice.sources.codex_marks import Threads
from session_lattice.sources.codex_parser import CodexParser
from session_lattice.sources.codex_records import Line
from session_lattice.sources.files import Rules
from session_lattice.sources.identity import COMPRESSED
from session_lattice.sources.tail import Out, Place, TailingSource

ACTIVE = "sessions"
ARCHIVE = "archived_sessions"
PREFIX = "rollout-"
SUFFIX = ".jsonl"

_UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_THREAD = re.compile(rf"({_UUID})(?:_([^_]+))?$", re.IGNORECASE)


class Codex(TailingSource[Line]):
    """The source of one Codex home, such as `~/.codex`.

    A session is a thread: the UUID in a rollout's name, or the name where there is none.
    After a revert a thread goes on in another rollout. `sample` marks every session as one
    that came with the program.
    """

    def __init__(self, root: Path, *, sample: bool = False) -> None:
        super().__init__(root, CodexFormat(sample=sample))


class CodexFormat:
    agent = AGENT
    record = Line

    def __init__(self, *, sample: bool) -> None:
        self._sample = sample
        self._threads = Threads(lambda path: _ids(path)[0])
        self.rules = Rules(
            folders=(ACTIVE, ARCHIVE), wanted=_is_rollout, same=_name, shadowed=self._shadowed
        )

    def place(self, path: str, _memo: bytes) -> Place:
        return Place(_ids(path)[0], archived=_is_archived(path))

    def parser(self, path: str, place: Place, memo: bytes, out: Out) -> CodexParser:
        rollout = _ids(path)[1]
        return CodexParser(
            path, place.session, rollout, decode_memo(memo), out, self._threads, sample=self._sample
        )

    def _shadowed(self, paths: Collection[str]) -> Iterable[str]:
        """All but the best file of each rollout: the active before the archived, plain first."""
        best = {_name(path): path for path in paths}
        if len(best) < len(paths):
            best = {_name(path): path for path in sorted(paths, key=_precedence, reverse=True)}
        self._threads.found(best.values())
        if len(best) == len(paths):
            return ()
        shown = set(best.values())
        return [path for path in paths if path not in shown]


def _is_rollout(name: str) -> bool:
    return name.startswith(PREFIX) and name.removesuffix(COMPRESSED).endswith(SUFFIX)


def _is_archived(path: str) -> bool:
    return path.rpartition("/")[0].endswith(f"/{ARCHIVE}")


def _precedence(path: str) -> tuple[bool, bool, str]:
    return _is_archived(path), path.endswith(COMPRESSED), path


def _name(path: str) -> str:
    """What a rollout is called, wherever it lies and whether it is compressed."""
    return path.rpartition("/")[2].removesuffix(COMPRESSED).removesuffix(SUFFIX)


def _ids(path: str) -> tuple[str, str]:
    """(thread, rollout) of a file; the same for a thread's first one."""
    name = _name(path)
    found = _THREAD.search(name)
    if found is None:
        name = name.removeprefix(PREFIX)
        return name, name
    return found[1], found[2] or found[1]
