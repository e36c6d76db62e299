"""Which files a commit changed against its parent, and how many lines of each."""

import msgspec
import pygit2
from pygit2.enums import DeltaStatus, DiffFind, FileMode

from session_lattice.events import ChangedFile, ChangeStatus
from session_lattice.sources.git.objects import Entry, Objects, is_tree
from session_lattice.sources.git.repository import plain
from session_lattice.sources.sketch import COMMIT_FILE_LINES, sketch

MAX_FILES = 1_000
"""Files of one commit that are told; all are counted, and the lines of the told ones."""

MAX_SKETCHED_LINES = 5_000
"""Of a commit that adds more no lines are kept: it is an import."""

MAX_SIMILAR = 200
"""Added files for which a similar one is looked for, and changed ones that are candidates."""

MAX_DEPTH = 100
"""Directories in each other that are compared."""

MAX_CHANGES = 100_000
"""Changed files of one commit that are counted."""

PATH_CHARS = 1_000

_STATUS: dict[int, ChangeStatus] = {
    DeltaStatus.RENAMED: "renamed",
    DeltaStatus.COPIED: "copied",
}
_KIND = 0o170000
"""Of a mode: file, link, submodule."""


class Changes(msgspec.Struct, kw_only=True):
    """Whole counts, and the files up to MAX_FILES."""

    files_changed: int = 0
    additions: int = 0
    deletions: int = 0
    files: tuple[ChangedFile, ...] = ()


class _Change(msgspec.Struct, gc=False):
    path: bytes
    old: Entry | None
    new: Entry | None
    former: bytes = b""
    status: ChangeStatus | None = None


def changes(objects: Objects, old: bytes, new: bytes, *, sketched: bool) -> Changes:
    """Between the trees `old`, empty for none, and `new`. Raises one of repository.ERRORS."""
    found: list[_Change] = []
    _compare(objects, old, new, b"", found, 0)
    found.sort(key=lambda change: change.path)
    if old and _may_be_similar(found):
        found = _similar(objects, old, new, found)
    told = [_told(objects, change, sketched=sketched) for change in found[:MAX_FILES]]
    files = [file for file, _ in told]
    total = Changes(
        files_changed=len(found),
        additions=sum(file.additions for file in files),
        deletions=sum(file.deletions for file in files),
    )
    keep = sketched and total.additions <= MAX_SKETCHED_LINES
    total.files = tuple(_with_lines(file, added) if keep else file for file, added in told)
    return total


def _compare(
    objects: Objects, old: bytes, new: bytes, prefix: bytes, found: list[_Change], depth: int
) -> None:
    """Equal directories have equal hashes and are not entered."""
    before, after = objects.tree(old), objects.tree(new)
    pairs: dict[bytes, list[Entry | None]] = {entry[1]: [entry, None] for entry in before - after}
    for entry in after - before:
        pairs.setdefault(entry[1], [None, None])[1] = entry
    for name, (was, now) in pairs.items():
        below_was, below_now = is_tree(was), is_tree(now)
        if (below_was or below_now) and depth < MAX_DEPTH:
            left = was[2] if was and below_was else b""
            right = now[2] if now and below_now else b""
            _compare(objects, left, right, prefix + name + b"/", found, depth + 1)
        was, now = None if below_was else was, None if below_now else now
        if (was or now) and len(found) < MAX_CHANGES:
            found.append(_Change(prefix + name, was, now))


def _may_be_similar(found: list[_Change]) -> bool:
    added = sum(change.old is None for change in found)
    return 0 < added <= MAX_SIMILAR and 0 < len(found) - added <= MAX_SIMILAR


def _similar(objects: Objects, old: bytes, new: bytes, found: list[_Change]) -> list[_Change]:
    """The same with renames and copies, which libgit2 tells by how much of the content is left."""
    repository = objects.repository
    trees = [repository[pygit2.Oid(raw=sha)] for sha in (old, new)]
    diff = trees[0].diff_to_tree(trees[1], context_lines=0)  # type: ignore[attr-defined]
    flags = DiffFind.FIND_RENAMES | DiffFind.FIND_COPIES
    diff.find_similar(flags=flags, rename_limit=MAX_SIMILAR)
    former = {
        bytes(delta.new_file.raw_path): (bytes(delta.old_file.raw_path), _STATUS[delta.status])
        for delta in diff.deltas
        if delta.status in _STATUS
    }
    if not former:
        return found
    sources = {change.path: change.old for change in found}
    renamed = {path for path, status in former.values() if status == "renamed"}
    kept = [change for change in found if change.new or change.path not in renamed]
    for change in kept:
        if change.path in former:
            change.former, change.status = former[change.path]
            change.old = sources.get(change.former)
    return kept


def _told(objects: Objects, change: _Change, *, sketched: bool) -> tuple[ChangedFile, list[bytes]]:
    """The file without its sketch, and for one the lines that were added."""
    additions, deletions, binary, added = _lines(objects, change, sketched=sketched)
    file = ChangedFile(
        path=plain(change.path, PATH_CHARS),
        status=change.status or _status(change),
        former_path=plain(change.former, PATH_CHARS),
        additions=additions,
        deletions=deletions,
        binary=binary,
    )
    return file, added


def _with_lines(file: ChangedFile, added: list[bytes]) -> ChangedFile:
    lines = sketch(added, COMMIT_FILE_LINES) if added else ()
    return msgspec.structs.replace(file, lines=lines) if lines else file


def _status(change: _Change) -> ChangeStatus:
    if change.old is None:
        return "added"
    if change.new is None:
        return "deleted"
    same = int(change.old[0], 8) & _KIND == int(change.new[0], 8) & _KIND
    return "modified" if same else "type_changed"


def _lines(
    objects: Objects, change: _Change, *, sketched: bool
) -> tuple[int, int, bool, list[bytes]]:
    """Additions, deletions, whether it is binary, and the added lines. Of submodules none."""
    sides = [entry for entry in (change.old, change.new) if entry and not _is_submodule(entry)]
    if not sides or (change.old and change.new and change.old[2] == change.new[2]):
        return 0, 0, False, []
    blobs = [objects.blob(entry[2]) for entry in sides]
    if any(blob is None or blob.is_binary for blob in blobs):
        return 0, 0, True, []
    if len(sides) == 2:
        return _difference(blobs[0], blobs[1], sketched=sketched)
    lines = _split(blobs[0].data)  # type: ignore[union-attr]
    return (len(lines), 0, False, lines) if change.new in sides else (0, len(lines), False, [])


def _difference(
    old: pygit2.Blob | None, new: pygit2.Blob | None, *, sketched: bool
) -> tuple[int, int, bool, list[bytes]]:
    assert old is not None
    assert new is not None
    patch = old.diff(new, context_lines=0)  # type: ignore[call-arg]
    _, additions, deletions = patch.line_stats
    if not sketched:
        return additions, deletions, False, []
    # What comes before the first hunk are headings, which begin with "+" too.
    _, _, hunks = patch.data.partition(b"\n@@ ")
    added = [line[1:] for line in hunks.split(b"\n") if line[:1] == b"+"]
    return additions, deletions, False, added


def _split(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def _is_submodule(entry: Entry) -> bool:
    return int(entry[0], 8) == FileMode.COMMIT
