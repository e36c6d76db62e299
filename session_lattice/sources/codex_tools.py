"""Tool calls of Codex and what came of them, out of the many forms that versions gave them."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from session_lattice.events import Touch
from session_lattice.sources.codex_patch import BEGIN, patch_touches, shell_patch
from session_lattice.sources.codex_records import Payload
from session_lattice.sources.forges import SILENT, Talk, is_served, served, spoken
from session_lattice.sources.text import absolute

START_CHARS = 400
"""Characters at the beginning of an output that tell a refusal or an error."""

LARGEST_EXIT_CODE = 2**32
"""Above it a number is no exit code; Windows has unsigned ones of 32 bits."""

LONGEST_SECONDS = 1e9
"""Seconds above which a duration is taken for garbage."""

_PATCHED = "Success. Updated the following files"
_FAILED = (
    "apply_patch verification failed",
    "failed in sandbox",
    "exec_command failed",
    "execution error",
    "failed to parse function arguments",
    "unsupported call",
    "unsupported custom tool call",
    "aborted by user",
    "error: ",
)
_SHELLS = ("shell", "shell_command", "exec_command", "container.exec", "local_shell")

_DENIED = re.compile(
    r"(?:exec command|patch) rejected|This action was rejected|\w+ failed for .*rejected by user",
    re.DOTALL,
)
_HEADER = re.compile(
    r"(?:Script (\w+).*\n)?(?:Exit code: (-?\d{1,10})\n)?(?:Chunk ID: .*\n)?"
    r"Wall time:? ([\d.]{1,20}) seconds?\n?(?:Process exited with code (-?\d{1,10})\n)?"
    r"(?:(?:Process running|Original token count|Total output lines).*\n){0,3}(?:Output:(?:\n|$))?"
)
_SCRIPT_ENDS = {"completed": True, "failed": False, "terminated": False}
_SECONDS = re.compile(r"^([\d.]+)s?$")


class _Metadata(Struct):
    exit_code: int | None = None
    duration_seconds: float | None = None


class _Wrapped(Struct):
    """The output of shells and patches up to version 0.5x: JSON in a string."""

    output: str
    metadata: _Metadata | None = None


_wrapped = msgspec.json.Decoder(_Wrapped)
_any = msgspec.json.Decoder()


class Output(NamedTuple):
    """`ok` is None when nothing in the output tells."""

    text: str
    ok: bool | None = None
    denied: bool = False
    exit_code: int | None = None
    duration_ms: int | None = None


class Call(NamedTuple):
    """`input` is the text of what was `given`."""

    name: str
    input: str
    given: Any = None

    def fields(self) -> Mapping[str, Any]:
        """The arguments by name; empty when they are not an object."""
        given = self.given
        if isinstance(given, str):
            try:
                given = _any.decode(given)
            except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
                return {}
        return given if isinstance(given, dict) else {}


def called(payload: Payload) -> Call:
    """What a `*_call` item calls."""
    kind = payload.type or ""
    if kind == "custom_tool_call":
        return Call(payload.name or "", _text(payload.input))
    name = payload.name or kind.removesuffix("_call")
    if kind in ("function_call", "tool_search_call"):
        given = payload.arguments
        return Call(_qualified(payload.namespace, name), _text(given), given)
    if kind == "image_generation_call":
        return Call(name, payload.revised_prompt or "")
    return Call(name, _text(payload.action), payload.action)


def call_touches(call: Call, cwd: str) -> tuple[Touch, ...]:
    """The files that a call is about to change or read, as far as it names them."""
    if call.name == "apply_patch":
        fields = call.fields()
        given = fields.get("input") or fields.get("patch")
        return patch_touches(given if isinstance(given, str) else call.input, cwd)
    if call.name.endswith("view_image"):
        path = call.fields().get("path")
        return (Touch(path=absolute(path, cwd), action="read"),) if isinstance(path, str) else ()
    if BEGIN in call.input and call.name in _SHELLS:
        fields = call.fields()
        patch, entered = shell_patch(fields.get("command") or fields.get("cmd"))
        if patch:
            return patch_touches(patch, absolute(entered, _workdir(fields, cwd)))
    return ()


def call_talk(call: Call) -> Talk:
    """What a call says to git and to forges."""
    if call.name in _SHELLS:
        fields = call.fields()
        command = fields.get("command") or fields.get("cmd")
        if isinstance(command, list):
            words = [word for word in command if isinstance(word, str)]
            scripted = len(words) > 2 and words[1] in ("-lc", "-c")
            command = words[-1] if scripted else " ".join(words)
        return spoken(command) if isinstance(command, str) else SILENT
    return served(call.name, call.fields()) if is_served(call.name) else SILENT


def _workdir(fields: Mapping[str, Any], cwd: str) -> str:
    given = fields.get("workdir") or fields.get("working_directory")
    return absolute(given, cwd) if isinstance(given, str) else cwd


def returned(output: Any) -> Output:
    """What a `*_output` item tells."""
    if isinstance(output, str):
        return _from_text(output)
    if isinstance(output, list):
        blocks = (block.get("text") for block in output if isinstance(block, dict))
        return _from_text("\n".join(text for text in blocks if isinstance(text, str)))
    if isinstance(output, dict):
        success = output.get("success")
        content = output.get("content", output)
        told = returned(content) if isinstance(content, str | list) else Output(_text(content))
        return told._replace(ok=success) if isinstance(success, bool) else told
    return Output("")


def _from_text(text: str) -> Output:
    if text.startswith('{"output":'):
        try:
            return _from_wrapped(_wrapped.decode(text))
        except (msgspec.DecodeError, UnicodeEncodeError):
            pass
    if not text.startswith(("Exit code: ", "Wall time", "Chunk ID: ", "Script ")):
        return _judged(text, None, None)
    header = _HEADER.match(text)
    if header is None:
        return _judged(text, None, None)
    script, exit_code, wall, exited = header.groups()
    body = text[header.end() :]
    took = _milliseconds(wall)
    if script in _SCRIPT_ENDS:
        return Output(body, _SCRIPT_ENDS[script], duration_ms=took)
    code = exit_code or exited
    return _judged(body, int(code) if code else None, took)


def _from_wrapped(wrapped: _Wrapped) -> Output:
    told = wrapped.metadata or _Metadata()
    took = None if told.duration_seconds is None else _milliseconds(told.duration_seconds)
    return _judged(wrapped.output, told.exit_code, took)


def _judged(text: str, exit_code: int | None, duration_ms: int | None) -> Output:
    """By the exit code; without one by the words that Codex itself puts in its place."""
    start = text[:START_CHARS]
    denied = exit_code is None and _DENIED.match(start) is not None
    ok: bool | None = None
    if exit_code is not None and abs(exit_code) > LARGEST_EXIT_CODE:
        exit_code = None
    if exit_code is not None:
        ok = exit_code == 0
    elif start.startswith(_PATCHED):
        ok = True
    elif denied or start.startswith(_FAILED):
        ok = False
    return Output(text, ok, denied, exit_code, duration_ms)


def mcp_outcome(result: Any) -> tuple[bool | None, str]:
    """Whether an MCP tool succeeded, and what it said: `{"Ok": {…}}` or `{"Err": …}`."""
    if not isinstance(result, dict):
        return None, ""
    if "Err" in result:
        return False, _text(result["Err"])
    answer = result.get("Ok")
    if not isinstance(answer, dict):
        return None, ""
    failed = answer.get("isError") or answer.get("is_error")
    return not failed, returned(answer.get("content")).text


def duration_ms(value: Any) -> int | None:
    """Milliseconds of a duration: `{"secs", "nanos"}`, or text such as "1.5s"."""
    if isinstance(value, dict):
        seconds, nanos = value.get("secs"), value.get("nanos", 0)
        if isinstance(seconds, int) and isinstance(nanos, int):
            return _milliseconds(seconds + nanos / 1e9)
    if isinstance(value, str) and (seconds_text := _SECONDS.match(value)):
        return _milliseconds(seconds_text.group(1))
    return None


def _milliseconds(seconds: str | float) -> int | None:
    try:
        seconds = float(seconds)
    except (ValueError, OverflowError):
        return None
    return round(seconds * 1000) if 0 <= seconds <= LONGEST_SECONDS else None


def _qualified(namespace: str | None, name: str) -> str:
    """`mcp__server__tool`, however its two halves are joined in this version."""
    if not namespace:
        return name
    joined = namespace.endswith("_") or name.startswith("_")
    return namespace + name if joined else f"{namespace}__{name}"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()
