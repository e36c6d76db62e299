"""Tool calls of Claude Code and their results."""

import re
from typing import Any

import msgspec

from session_lattice.events import Action, ToolCalled, ToolReturned, Touch
from session_lattice.sources.base import INPUT_BYTES, OUTPUT_BYTES
from session_lattice.sources.claude_context import Context
from session_lattice.sources.claude_lines import Block, Line, Result, text_of
from session_lattice.sources.claude_links import Links, prompt_mark
from session_lattice.sources.claude_memo import CALLS, PATHS, Call, remember
from session_lattice.sources.edits import UNKNOWN, Change, patched, replaced, written
from session_lattice.sources.forges import SILENT, Talk, is_served, served, spoken
from session_lattice.sources.printed import printed_commits
from session_lattice.sources.references import references
from session_lattice.sources.text import absolute, clip, digest, excerpt

NAME_BYTES = 256
"""Bytes of a tool's name that are kept: garbage occurs."""

PATH_BYTES = 4096
"""Bytes of a path above which it is taken for garbage."""

STARTERS = ("Agent", "Task")
"""Tools that start a subagent."""

SHELLS = ("Bash", "PowerShell")

WRITE = "Write"
_ACTIONS: dict[str, Action] = {
    "Read": "read",
    "NotebookRead": "read",
    "Artifact": "read",
    "Edit": "edit",
    "MultiEdit": "edit",
    "NotebookEdit": "edit",
    WRITE: "edit",
    "Grep": "search",
    "Glob": "search",
    "LS": "search",
}
_WRITTEN: dict[str, Action] = {"create": "create", "update": "edit"}
_DENIED = re.compile(
    r"(?:Error: )?(?:The user doesn't want to (?:proceed|take this action)"
    r"|User rejected tool use|Claude requested permissions? to"
    r"|Permission to use \S+ (?:with command .*)?has been denied)"
)
_EXIT = re.compile(r"(?:Error: )?(?:Error calling tool \S+ )?Exit code (\d{1,3})\b")


class _FileInput(msgspec.Struct, gc=False):
    file_path: Any = None
    notebook_path: Any = None
    path: Any = None
    content: Any = None
    old_string: Any = None
    new_string: Any = None
    new_source: Any = None
    edits: Any = None


class _Edit(msgspec.Struct, gc=False):
    old_string: str = ""
    new_string: str = ""


class _Hunk(msgspec.Struct, gc=False):
    lines: list[str] = []


class _Command(msgspec.Struct, gc=False):
    command: Any = None


class _StartInput(msgspec.Struct, gc=False):
    prompt: Any = None
    description: Any = None
    subagent_type: Any = None


_file_input = msgspec.json.Decoder(_FileInput)
_start_input = msgspec.json.Decoder(_StartInput)
_command = msgspec.json.Decoder(_Command)
_fields = msgspec.json.Decoder(dict[str, Any])
_hunks = msgspec.json.Decoder(list[_Hunk])
_text = msgspec.json.Decoder(str)


class Tools:
    """Emits ToolCalled and ToolReturned, and remembers calls until their results come.

    A Write touches its file as "create" unless this transcript read or wrote it before, as
    Claude Code itself demands before it overwrites a file. So the action is known with the
    call, and a Write that fails or never returns shows as attempted; a result names the file
    again only when it says otherwise.
    """

    def __init__(self, context: Context, links: Links) -> None:
        self._context = context
        self._links = links

    def called(self, block: Block, key: str, response: str) -> None:
        context = self._context
        raw = bytes(block.input)
        call = block.id or key
        name = clip(block.name or "", NAME_BYTES)[0]
        talk = _talk(name, raw)
        waiting = Call(name, forge=talk.forge, git=talk.git)
        event = ToolCalled(
            **context.fields,
            call=call,
            name=name,
            response=response,
            input=raw[:INPUT_BYTES].decode("utf-8", "ignore"),
            input_bytes=len(raw),
            files=self._touches(name, raw, waiting),
        )
        if name in STARTERS:
            _note_start(raw, waiting)
        if waiting.path or talk.forge or talk.git or name in STARTERS:
            remember(context.memo.calls, call, waiting, CALLS)
        if event.files:
            context.out.observe_files(event.files, context.ts)
        context.emit(key, event)
        if talk.references:
            context.refer(talk.references, call=call)

    def returned(self, line: Line, block: Block, key: str, *, alone: bool) -> None:
        """`alone`: the line has no other result, so that its `toolUseResult` is this one's."""
        context = self._context
        call = block.tool_use_id or key
        waiting = context.memo.calls.pop(call, None)
        told = line.tool_use_result if alone else None
        result = told if isinstance(told, Result) else None
        text = text_of(block.content)
        ok = _ok(block.is_error, told, text)
        if waiting and waiting.path and ok is not False:
            remember(context.memo.paths, waiting.path, None, PATHS)
        if result and isinstance(result.agent_id, str) and result.agent_id:
            self._link(call, result.agent_id, waiting)
        kept = printed_commits(text, OUTPUT_BYTES) if waiting and waiting.git else ()
        output, output_bytes = excerpt(text, OUTPUT_BYTES, kept)
        event = ToolReturned(
            **context.fields,
            call=call,
            ok=ok,
            denied=bool(line.tool_denial_kind) or bool(_DENIED.match(text)),
            exit_code=_exit_code(result, ok, text),
            duration_ms=_duration_ms(result),
            output=output,
            output_bytes=output_bytes,
            files=self._corrected(result, waiting),
        )
        if event.files:
            context.out.observe_files(event.files, context.ts)
        context.emit(key, event)
        if waiting and waiting.forge:
            context.refer(references(text), call=call)

    def _touches(self, name: str, raw: bytes, waiting: Call) -> tuple[Touch, ...]:
        action = _ACTIONS.get(name)
        if action is None:
            return ()
        try:
            given = _file_input.decode(raw)
        except msgspec.DecodeError:
            return ()
        path = given.file_path or given.notebook_path or given.path
        if action == "search":
            path = path or self._context.memo.cwd
        if not isinstance(path, str) or not path or len(path) > PATH_BYTES:
            return ()
        path = absolute(path, self._context.memo.cwd)
        if action != "search":
            waiting.path = digest(path)
        if name == WRITE and waiting.path not in self._context.memo.paths:
            action = "create"
            waiting.kind = action
        change = UNKNOWN if action in ("read", "search") else _change(given)
        return (Touch(path=path, action=action, added=change.added, removed=change.removed),)

    def _corrected(self, result: Result | None, waiting: Call | None) -> tuple[Touch, ...]:
        """The file of a Write whose result says another action than the call's touch did."""
        if result is None or not isinstance(result.file_path, str):
            return ()
        told = _WRITTEN.get(str(result.type))
        if told is None or (waiting and told == (waiting.kind or "edit")):
            return ()
        path = absolute(result.file_path, self._context.memo.cwd)
        change = _told_change(result)
        return (Touch(path=path, action=told, added=change.added, removed=change.removed),)

    def _link(self, call: str, child: str, waiting: Call | None) -> None:
        self._links.link(
            child,
            "tool_result",
            parent=self._context.subagent,
            call=call,
            kind=waiting.kind if waiting else "",
            description=waiting.description if waiting else "",
        )


def _talk(name: str, raw: bytes) -> Talk:
    """What a call says to git and to forges."""
    try:
        if name in SHELLS:
            command = _command.decode(raw).command
            return spoken(command) if isinstance(command, str) else SILENT
        return served(name, _fields.decode(raw)) if is_served(name) else SILENT
    except msgspec.DecodeError:
        return SILENT


def _change(given: _FileInput) -> Change:
    """The lines that an input writes and takes away; nothing for a tool that only reads."""
    if isinstance(given.content, str):
        return written(given.content)
    if isinstance(given.new_source, str):
        return written(given.new_source)
    if isinstance(given.new_string, str):
        old = given.old_string if isinstance(given.old_string, str) else ""
        return replaced([(old, given.new_string)])
    try:
        edits = msgspec.convert(given.edits or [], list[_Edit])
    except msgspec.ValidationError:
        return UNKNOWN
    return replaced((edit.old_string, edit.new_string) for edit in edits) if edits else UNKNOWN


def _told_change(result: Result) -> Change:
    """What a Write's result says was changed; all of the file where it has no patch."""
    try:
        hunks = _hunks.decode(result.structured_patch) if result.structured_patch else []
        if hunks:
            return patched("\n".join(line for hunk in hunks for line in hunk.lines))
        return written(_text.decode(result.content)) if result.content else UNKNOWN
    except msgspec.DecodeError:
        return UNKNOWN


def _note_start(raw: bytes, waiting: Call) -> None:
    try:
        given = _start_input.decode(raw)
    except msgspec.DecodeError:
        return
    if isinstance(given.prompt, str):
        waiting.prompt = prompt_mark(given.prompt)
    if isinstance(given.description, str):
        waiting.description = given.description[:NAME_BYTES]
    if isinstance(given.subagent_type, str):
        waiting.kind = given.subagent_type[:NAME_BYTES]


def _ok(flag: bool | None, told: object, text: str) -> bool | None:
    """The flag, else what the rest of the line proves; None when nothing tells."""
    if flag is not None:
        return not flag
    failed = isinstance(told, str) and told.startswith("Error")
    if failed or text.startswith("<tool_use_error>"):
        return False
    return True if isinstance(told, Result) else None


def _exit_code(result: Result | None, ok: bool | None, text: str) -> int | None:
    """A shell command's: one that failed says it, one that ended well was not interrupted."""
    said = _EXIT.match(text)
    if said:
        return int(said[1])
    if not ok or result is None or result.interrupted is not False:
        return None
    return None if result.background_task_id or result.return_code_interpretation else 0


def _duration_ms(result: Result | None) -> int | None:
    if result is None:
        return None
    for value, factor in (
        (result.total_duration_ms, 1),
        (result.duration_ms, 1),
        (result.duration_seconds, 1000),
    ):
        if isinstance(value, int | float) and 0 <= value < 1e12:
            return round(value * factor)
    return None
