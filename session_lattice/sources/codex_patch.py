"""Which files a patch, a shell command or an end event of Codex names."""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from session_lattice.events import Action, Touch
from session_lattice.sources.codex_records import FileChange, ParsedCommand
from session_lattice.sources.edits import UNKNOWN, Change, patched, written
from session_lattice.sources.text import absolute

TOUCHES = 1000
"""Files of one call that are kept."""

PATH_CHARS = 4096
"""Characters of a path above which it is taken for garbage."""

BEGIN = "*** Begin Patch"

_HEADER = re.compile(r"^\*\*\* (?:(Add|Update|Delete) File|Move to): (.+)$", re.MULTILINE)
_CALLED = re.compile(r"\bapply_?patch\b")
_ENTERED = re.compile(r"""\bcd\s+(?:"([^"]+)"|'([^']+)'|([^\s;&|]+))\s*(?:&&|;|\n)""")
_ACTIONS: Mapping[str, Action] = {"Add": "create", "Update": "edit", "Delete": "delete"}
_CHANGES: Mapping[str, Action] = {"add": "create", "update": "edit", "delete": "delete"}
_PARSED: Mapping[str, Action] = {"read": "read", "search": "search"}


def patch_touches(patch: str, base: str) -> tuple[Touch, ...]:
    """The files that the headers of `patch` name, with the lines below each.

    A move is one of both its paths; the lines go with the one that it moves to.
    """
    found: dict[str, tuple[Action, Change]] = {}
    last = ""
    headers = list(islice(_HEADER.finditer(patch), 2 * TOUCHES))
    ends = [header.start() for header in headers[1:]] + [len(patch)]
    for header, end in zip(headers, ends, strict=True):
        verb, path = header.groups()
        path = absolute(path.strip(), base)
        change = patched(patch[header.end() : end])
        if verb:
            # A new file has no line to take: one that begins with "-" lacks the mark before it.
            change = Change(change.added) if verb == "Add" else change
            found[path] = _ACTIONS[verb], change
            last = path
        elif last:
            found[last], found[path] = ("move", UNKNOWN), ("move", change)
    return _touches((path, *told) for path, told in found.items())


def shell_patch(command: Any) -> tuple[str, str]:
    """The patch in a shell command and the directory it is run in, relative; "" without one.

    Known forms: `apply_patch` with the patch as its argument, or as a here-document in a
    script of `bash -lc`, there perhaps after `cd` somewhere else.
    """
    argv = command if isinstance(command, list) else [command]
    script = argv[-1] if argv else None
    if not isinstance(script, str) or BEGIN not in script:
        return "", ""
    before, _, after = script.partition(BEGIN)
    if _CALLED.search(before):
        entered = _ENTERED.search(before)
        return BEGIN + after, next(filter(None, entered.groups())) if entered else ""
    if len(argv) > 1 and isinstance(argv[-2], str) and _CALLED.fullmatch(argv[-2]):
        return BEGIN + after, ""
    return "", ""


def change_touches(changes: Mapping[str, FileChange] | None, base: str) -> tuple[Touch, ...]:
    """The files that a patch really changed."""
    found: dict[str, tuple[Action, Change]] = {}
    for path, change in (changes or {}).items():
        action = _CHANGES.get(change.type or "")
        path = absolute(path, base)
        if action and change.move_path:
            found[path] = "move", UNKNOWN
            found[absolute(change.move_path, base)] = "move", _lines(change)
        elif action:
            found[path] = action, _lines(change)
    return _touches((path, *told) for path, told in found.items())


def _lines(change: FileChange) -> Change:
    """The lines that a change added and removed: of a whole file, or of a unified diff."""
    diff, content = change.unified_diff, change.content
    if isinstance(diff, str):
        return patched(diff[max(0, diff.find("@@")) :])
    whole = written(content) if isinstance(content, str) else UNKNOWN
    return Change(removed=whole.added) if change.type == "delete" else whole


def command_touches(commands: Iterable[ParsedCommand] | None, base: str) -> tuple[Touch, ...]:
    """The files that Codex itself understood a command to read or to search."""
    found: dict[tuple[str, Action], None] = {}
    for command in commands or ():
        action = _PARSED.get(command.type or "")
        if action and command.path:
            found[absolute(_written(command.path, command.cmd or ""), base), action] = None
    return _touches((path, action, UNKNOWN) for path, action in found)


def _written(path: str, command: str) -> str:
    """`path` as the command spells it, for Codex shortens some to their last part."""
    for word in command.split():
        word = word.strip("'\"")
        if word.rstrip("/").endswith("/" + path):
            return word
    return path


def _touches(found: Iterable[tuple[str, Action, Change]]) -> tuple[Touch, ...]:
    sane = (told for told in found if len(told[0]) <= PATH_CHARS)
    return tuple(
        Touch(path=path, action=action, added=change.added, removed=change.removed)
        for path, action, change in islice(sane, TOUCHES)
    )
