"""Tool calls of a rollout, their results, and the agents that they start."""

from collections.abc import Callable

import msgspec

from session_lattice.events import SubagentLinked, ToolCalled, ToolReturned, Touch
from session_lattice.sources.base import INPUT_BYTES, OUTPUT_BYTES
from session_lattice.sources.codex_context import SPAWNS, TALKS, Context, Spawn
from session_lattice.sources.codex_patch import change_touches, command_touches
from session_lattice.sources.codex_records import Payload, TurnItem
from session_lattice.sources.codex_tools import (
    LARGEST_EXIT_CODE,
    Call,
    Output,
    call_talk,
    call_touches,
    called,
    duration_ms,
    mcp_outcome,
    returned,
)
from session_lattice.sources.printed import printed_commits
from session_lattice.sources.references import references
from session_lattice.sources.text import clip, excerpt, title

NAME_BYTES = 256
"""Bytes of a tool's name that are kept."""

SPAWNER = "spawn_agent"


class _Spawned(msgspec.Struct):
    agent_id: str | None = None


_spawned = msgspec.json.Decoder(_Spawned)


class Calls:
    """Emits ToolCalled and ToolReturned.

    A call may have two results: what the model was given, and an end event with what really
    happened, exit code, changed files. Each is an event of its own, as either may be missing.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.items: dict[str, Callable[[Payload], None]] = {
            "function_call": self._call,
            "custom_tool_call": self._call,
            "local_shell_call": self._call,
            "tool_search_call": self._call,
            "image_generation_call": self._done_call,
            "web_search_call": self._done_call,
            "function_call_output": self._output,
            "custom_tool_call_output": self._output,
            "local_shell_call_output": self._output,
            "mcp_tool_call_output": self._output,
            "tool_search_output": self._found,
        }
        self.events: dict[str, Callable[[Payload], None]] = {
            "exec_command_end": self._command_ended,
            "patch_apply_end": self._patch_ended,
            "mcp_tool_call_end": self._mcp_ended,
            "collab_agent_spawn_end": self._spawn_ended,
            "sub_agent_activity": self._agent_active,
        }
        self.turn_items: dict[str, Callable[[TurnItem], None]] = {
            "CommandExecution": self._command_item,
            "FileChange": self._change_item,
            "SubAgentActivity": self._activity_item,
        }

    def _call(self, payload: Payload) -> None:
        call = called(payload)
        name = self._context.name(f"call-{payload.call_id or payload.id or call.name}")
        self._emit_call(name, payload.call_id or payload.id or name, call)

    def _done_call(self, payload: Payload) -> None:
        """A call that the API itself carries out: its item is its result too."""
        call = called(payload)
        name = self._context.name(f"call-{payload.id or call.name}")
        self._emit_call(name, payload.id or name, call)
        status = payload.status
        ok = status == "completed" if isinstance(status, str) else None
        self._emit_return(f"{name}-returned", payload.id or name, Output("", ok))

    def _emit_call(self, name: str, call_id: str, call: Call) -> None:
        kept, size = clip(call.input, INPUT_BYTES)
        files = call_touches(call, self._context.memo.cwd)
        self._context.out.observe_files(files, self._context.ts)
        self._context.emit(
            name,
            ToolCalled,
            call=call_id,
            name=clip(call.name, NAME_BYTES)[0],
            input=kept,
            input_bytes=size,
            files=files,
        )
        self._talk(call_id, call)
        if call.name.endswith(SPAWNER):
            self._note_spawn(call_id, call)

    def _talk(self, call_id: str, call: Call) -> None:
        """Tell what a call names of a forge, and remember that its output may name more."""
        talk = call_talk(call)
        self._context.refer(talk.references, call=call_id)
        if talk.forge or talk.git:
            talks = self._context.memo.talks
            if len(talks) >= TALKS:
                del talks[next(iter(talks))]
            talks[call_id] = talk.forge, talk.git

    def _emit_return(
        self, name: str, call_id: str, output: Output, files: tuple[Touch, ...] = ()
    ) -> None:
        forge, git = self._context.memo.talks.get(call_id, (False, False))
        lines = printed_commits(output.text, OUTPUT_BYTES) if git else ()
        kept, size = excerpt(output.text, OUTPUT_BYTES, lines)
        self._context.out.observe_files(files, self._context.ts)
        self._context.emit(
            name,
            ToolReturned,
            call=call_id,
            ok=output.ok,
            denied=output.denied,
            exit_code=output.exit_code,
            duration_ms=output.duration_ms,
            output=kept,
            output_bytes=size,
            files=files,
        )
        if forge:
            self._context.refer(references(output.text), call=call_id)

    def _output(self, payload: Payload) -> None:
        name = self._context.name(f"return-{payload.call_id or ''}")
        call_id = payload.call_id or name
        self._emit_return(name, call_id, returned(payload.output))
        if call_id in self._context.memo.spawns and isinstance(payload.output, str):
            self._spawn_returned(call_id, payload.output)

    def _found(self, payload: Payload) -> None:
        name = self._context.name(f"return-{payload.call_id or ''}")
        self._emit_return(name, payload.call_id or name, Output("", payload.status == "completed"))

    def _command_ended(self, payload: Payload) -> None:
        text = payload.aggregated_output or payload.stdout or payload.stderr or ""
        code = payload.exit_code
        code = code if code is None or abs(code) <= LARGEST_EXIT_CODE else None
        ok = _completed(payload.status) if code is None else code == 0
        denied = payload.status == "declined"
        cwd = payload.cwd or self._context.memo.cwd
        files = () if denied else command_touches(payload.parsed_cmd, cwd)
        output = Output(text, ok, denied, code, duration_ms(payload.duration))
        self._emit_end(payload, output, files)

    def _patch_ended(self, payload: Payload) -> None:
        ok = _completed(payload.status) if payload.success is None else payload.success
        text = payload.stdout or payload.stderr or ""
        cwd = self._context.memo.cwd
        files = () if ok is False else change_touches(payload.changes, cwd)
        self._emit_end(payload, Output(text, ok, payload.status == "declined"), files)

    def _mcp_ended(self, payload: Payload) -> None:
        ok, text = mcp_outcome(payload.result)
        output = Output(text, ok, duration_ms=duration_ms(payload.duration))
        self._emit_end(payload, output, ())

    def _emit_end(self, payload: Payload, output: Output, files: tuple[Touch, ...]) -> None:
        name = self._context.name(f"{payload.type}-{payload.call_id or ''}")
        self._emit_return(name, payload.call_id or name, output, files)

    def _command_item(self, item: TurnItem) -> None:
        self._command_ended(_as_payload(item))

    def _change_item(self, item: TurnItem) -> None:
        self._patch_ended(_as_payload(item))

    def _activity_item(self, item: TurnItem) -> None:
        self._started(item.agent_thread_id, item.id or "", item.kind)

    def _agent_active(self, payload: Payload) -> None:
        self._started(payload.agent_thread_id, payload.event_id or "", payload.kind)

    def _started(self, child: str | None, call: str, activity: object) -> None:
        if child and activity == "started":
            self._link(child, call, "sub_agent_activity")

    def _spawn_ended(self, payload: Payload) -> None:
        if payload.new_thread_id:
            call = payload.call_id or ""
            self._link(payload.new_thread_id, call, "collab_agent_spawn_end")

    def _spawn_returned(self, call: str, output: str) -> None:
        try:
            child = _spawned.decode(output).agent_id
        except (msgspec.DecodeError, UnicodeEncodeError):
            return
        if child:
            self._link(child, call, SPAWNER)

    def _note_spawn(self, call_id: str, call: Call) -> None:
        fields = call.fields()
        kind = fields.get("agent_type") or fields.get("role")
        told = fields.get("task_name") or fields.get("message") or fields.get("prompt")
        spawns = self._context.memo.spawns
        if len(spawns) >= SPAWNS:
            del spawns[next(iter(spawns))]
        spawns[call_id] = Spawn(
            kind if isinstance(kind, str) else "", title(told) if isinstance(told, str) else ""
        )

    def _link(self, child: str, call: str, evidence: str) -> None:
        spawn = self._context.memo.spawns.get(call) or Spawn("", "")
        self._context.emit(
            f"child/{child}/{evidence}",
            SubagentLinked,
            child_session=child,
            call=call,
            kind=spawn.kind,
            description=spawn.description,
            evidence=evidence,
        )


def _completed(status: object) -> bool | None:
    return {"completed": True, "failed": False, "declined": False}.get(str(status))


def _as_payload(item: TurnItem) -> Payload:
    """A completed turn item in the form of the end event that it stands for."""
    return Payload(
        type=item.type,
        call_id=item.id,
        cwd=item.cwd,
        parsed_cmd=item.parsed_cmd,
        exit_code=item.exit_code,
        duration=item.duration,
        status=item.status,
        aggregated_output=item.aggregated_output,
        changes=item.changes,
    )
