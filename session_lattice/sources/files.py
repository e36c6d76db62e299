"""The transcript files below a root: which there are, and what became of each since last time.

Knows nothing of what is in the files. `Transcripts` is a dictionary of checkpoints and a
`scan` that compares it with the disk; `tail.TailingSource` reads what the scan found.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from session_lattice.sources import identity
from session_lattice.sources.identity import Checkpoint, Why

MAX_DEPTH = 24
"""Directories below the root's folders that are looked into."""

DELETED_LIMIT = 10_000
"""Checkpoints kept of deleted files, to know one that comes back; the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file that needs work: `path` as events name it, `real` as the disk names it.

    `checkpoint` is where to go on from (a fresh one for a file that is read from its start),
    `former` the path it had before when `why` is "moved". `stat` is None for a deleted file.
    """

    why: Why
    path: str
    real: str
    checkpoint: Checkpoint
    stat: os.stat_result | None = None
    former: str = ""

    @property
    def pending_bytes(self) -> int:
        """Bytes still to read; the compressed size for a compressed file."""
        if self.stat is None or self.checkpoint.state == "unreadable":
            return 0
        offset = 0 if self.path.endswith(identity.COMPRESSED) else self.checkpoint.offset
        return max(0, self.stat.st_size - offset)


@dataclass(frozen=True, slots=True)
class Rules:
    """Which files of a root are transcripts.

    `folders` are below the root and walked recursively. `wanted` takes a file's name, `enter`
    a directory's. `shadowed` takes every path found and returns those to be treated as if
    they were not there. `same` gives what a path stands for: when a file goes while another
    stands for the same, it has moved rather than vanished.
    """

    folders: tuple[str, ...]
    wanted: Callable[[str], bool]
    same: Callable[[str], object]
    enter: Callable[[str], bool] = lambda _name: True
    shadowed: Callable[[Collection[str]], Iterable[str]] = lambda _paths: ()


@dataclass(frozen=True, slots=True)
class _Found:
    real: str
    stat: os.stat_result


class Transcripts:
    """The files of one root with their checkpoints, kept by path.

    `state` after a scan: "ok"; "missing" when none of the folders is there, which says
    nothing about the files (the disk may not be mounted): nothing is reported as deleted;
    "unreadable" when a folder itself may not be listed.
    """

    def __init__(self, root: Path, rules: Rules) -> None:
        self._root = root
        self._rules = rules
        self._known: dict[str, Checkpoint] = {}
        self.state = "missing"
        self.files = 0
        self.blind: list[str] = []

    def load(self, checkpoints: Mapping[str, bytes]) -> None:
        """Take checkpoints as the log keeps them, instead of all that were known."""
        decoded = ((path, identity.decode(data)) for path, data in checkpoints.items())
        self._known = {path: found for path, found in decoded if found is not None}

    def keep(self, checkpoints: Mapping[str, Checkpoint | None]) -> None:
        """Remember checkpoints that are durable by now; None forgets."""
        for path, checkpoint in checkpoints.items():
            if checkpoint is None:
                self._known.pop(path, None)
            else:
                self._known[path] = checkpoint

    def warnings(self) -> Iterator[tuple[str, int]]:
        """(kind, count) of every file, and "unreadable_path" for those met in the last scan."""
        for checkpoint in self._known.values():
            yield from checkpoint.warnings.items()
        if self.blind:
            yield "unreadable_path", len(self.blind)

    def scan(self) -> list[Change]:
        """Everything that changed since the checkpoints, oldest file first.

        An unchanged file costs one stat. A file that can't be opened is reported each time.
        """
        found = self._walk()
        self.files = len(found)
        if self.state == "missing":
            return []
        fresh: list[str] = []
        changes: list[Change] = []
        for path, file in found.items():
            checkpoint = self._known.get(path)
            if checkpoint is None:
                fresh.append(path)
            elif checkpoint.state != "present" or not checkpoint.unchanged(file.stat):
                changes.append(_changed(path, file, checkpoint))
        changes += self._come_and_gone(found, fresh)
        changes.sort(key=_age)
        return changes

    def _come_and_gone(self, found: Mapping[str, _Found], fresh: Sequence[str]) -> list[Change]:
        absent = {
            path: checkpoint
            for path, checkpoint in self._known.items()
            if path not in found and not self._hidden(path)
        }
        changes = []
        vanished = identity.Vanished(absent) if fresh and absent else None
        for path in fresh:
            real, stat = found[path].real, found[path].stat
            taken = vanished.take(real) if vanished else None
            if taken is None:
                changes.append(Change("new", path, real, Checkpoint(), stat))
            else:
                former, checkpoint = taken
                del absent[former]
                changes.append(Change("moved", path, real, checkpoint, stat, former))
        gone = {path: was for path, was in absent.items() if was.state != "deleted"}
        return changes + self._lost(gone, found)

    def _lost(self, gone: Mapping[str, Checkpoint], found: Mapping[str, _Found]) -> list[Change]:
        """Deletions, and files whose content goes on under another path that is read anyway."""
        if not gone:
            return []
        stands_for = {self._rules.same(path): path for path in found}
        changes = []
        for path, checkpoint in gone.items():
            twin = stands_for.get(self._rules.same(path))
            if twin is None:
                changes.append(Change("deleted", path, path, checkpoint))
            else:
                changes.append(Change("superseded", twin, twin, checkpoint, former=path))
        return changes

    def forgettable(self) -> list[str]:
        """Deleted files beyond DELETED_LIMIT, oldest first."""
        deleted = [path for path, known in self._known.items() if known.state == "deleted"]
        excess = len(deleted) - DELETED_LIMIT
        if excess <= 0:
            return []
        return sorted(deleted, key=lambda path: self._known[path].mtime_ns)[:excess]

    def _hidden(self, path: str) -> bool:
        """True below a directory that can't be listed: its files may well be there."""
        return any(path.startswith(directory) for directory in self.blind)

    def _walk(self) -> dict[str, _Found]:
        self.blind = []
        found: dict[str, _Found] = {}
        tops = [str(self._root / folder) for folder in self._rules.folders]
        there = [top for top in tops if self._exists(top)]
        for top in there:
            self._walk_folder(top, found)
        self.state = "ok" if there else "missing"
        if any(f"{top}/" in self.blind for top in tops):
            self.state = "unreadable"
        for path in list(self._rules.shadowed(found.keys())):
            found.pop(path, None)
        return found

    def _exists(self, top: str) -> bool:
        try:
            os.stat(top)  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            self.blind.append(top + "/")
        return True

    def _walk_folder(self, top: str, found: dict[str, _Found]) -> None:
        """One stat per file; directories by their type in the listing."""
        wanted, enter = self._rules.wanted, self._rules.enter
        linked = {os.path.realpath(top)}
        stack = [(top, 0)]
        while stack:
            directory, depth = stack.pop()
            for entry in self._list(directory):
                if wanted(entry.name) and entry.is_file():
                    self._add(entry, found)
                elif depth < MAX_DEPTH and enter(entry.name) and _is_new_directory(entry, linked):
                    stack.append((entry.path, depth + 1))

    def _list(self, directory: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(directory) as entries:
                return list(entries)
        except FileNotFoundError:
            return []
        except OSError:
            self.blind.append(directory + "/")
            return []

    def _add(self, entry: os.DirEntry[str], found: dict[str, _Found]) -> None:
        try:
            found[display(entry.path)] = _Found(entry.path, entry.stat())
        except FileNotFoundError:
            return
        except OSError:
            self.blind.append(entry.path)


def display(path: str) -> str:
    """`path` as text that can be kept: bytes that are not UTF-8 become backslash escapes."""
    if path.isascii():
        return path
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def encode(checkpoint: Checkpoint) -> bytes:
    return msgspec.json.encode(checkpoint)


def _is_new_directory(entry: os.DirEntry[str], linked: set[str]) -> bool:
    """Follows a link to a directory once, and never to what is walked anyway or holds that."""
    if entry.is_dir(follow_symlinks=False):
        return True
    if not (entry.is_symlink() and entry.is_dir()):
        return False
    target = os.path.realpath(entry.path)
    if any(f"{target}/".startswith(f"{seen}/") for seen in linked):
        return False
    if any(f"{seen}/".startswith(f"{target.rstrip('/')}/") for seen in linked):
        return False
    linked.add(target)
    return True


def _changed(path: str, file: _Found, checkpoint: Checkpoint) -> Change:
    try:
        why = identity.compare(file.real, checkpoint, file.stat)
    except OSError:
        why = "appended"
    if why != "appended":
        checkpoint = Checkpoint(state=checkpoint.state, changes=checkpoint.changes)
    if checkpoint.state == "deleted":
        why = "returned"
    return Change(why, path, file.real, checkpoint, file.stat)


def _age(change: Change) -> tuple[int, str]:
    mtime = change.stat.st_mtime_ns if change.stat else change.checkpoint.mtime_ns
    return mtime, change.path
