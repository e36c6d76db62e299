"""Which call started which subagent, in all the ways Claude Code's files tell it."""

from pathlib import Path
from typing import Any

import msgspec

from session_lattice.events import SubagentLinked
from session_lattice.sources.claude_context import AGENT, Context
from session_lattice.sources.claude_lines import Line, block_text
from session_lattice.sources.claude_memo import CHAIN_LINES, LINKS, SHORT, remember
from session_lattice.sources.text import clip, digest

META_BYTES = 64 * 1024
"""Bytes read of an agent's `.meta.json`."""

DESCRIPTION_BYTES = 1024
"""Bytes of a description that are kept."""

INTERNAL = {"acompact-": "compaction", "aprompt_suggestion-": "prompt suggestion"}
"""Beginnings of the ids of forks that Claude Code makes for itself: they repeat the session."""


class Meta(msgspec.Struct, rename="camel"):
    """What lies beside an agent's file; anything may be of any type."""

    agent_type: Any = None
    description: Any = None
    tool_use_id: Any = None


def internal_kind(subagent: str) -> str:
    """The kind of an internal fork, "" for a subagent that was asked for."""
    return next((kind for start, kind in INTERNAL.items() if subagent.startswith(start)), "")


def prompt_mark(prompt: str) -> str:
    """What a call's prompt and the first text of the sidechain that it started share."""
    return digest(prompt.strip())


class Links:
    """Emits SubagentLinked, each link once per file as far as the memo reaches.

    Evidence: "tool_result" (the call's result names the agent), "progress" (a progress line
    does), "meta" (the file beside the agent's), "prompt" (an inline sidechain begins with the
    call's prompt), "fork" (the agent's file says that it continues a session), "path" (only
    the place of the agent's file tells, the call is unknown).
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def link(
        self,
        child: str,
        evidence: str,
        *,
        parent: str = "",
        call: str = "",
        kind: str = "",
        description: str = "",
    ) -> None:
        """Say that `call`, made by the subagent `parent`, started `child`; "" for unknown."""
        context = self._context
        description = clip(description, DESCRIPTION_BYTES)[0]
        mark = digest(child, evidence, parent, call, kind, description)
        if mark in context.memo.links:
            return
        remember(context.memo.links, mark, None, LINKS)
        event = SubagentLinked(
            agent=AGENT,
            session=context.session,
            subagent=parent,
            child_session=context.session,
            child_subagent=child,
            call=call,
            kind=kind,
            description=description,
            evidence=evidence,
        )
        context.emit(f"link/{context.session}/{mark}", event)

    def from_file(self, path: str) -> None:
        """Link the agent whose own file is at `path`, by what lies beside it."""
        child = self._context.own_subagent
        meta = self._meta(Path(path).with_suffix(".meta.json"))
        if meta is None:
            self.link(child, "path", kind=internal_kind(child))
            return
        self.link(
            child,
            "meta",
            call=_text(meta.tool_use_id),
            kind=_text(meta.agent_type) or internal_kind(child),
            description=_text(meta.description),
        )

    def _meta(self, path: Path) -> Meta | None:
        try:
            with path.open("rb") as file:
                return msgspec.json.decode(file.read(META_BYTES), type=Meta)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            self._context.out.warn("bad_meta")
            return None

    def inline_thread(self, line: Line) -> str:
        """The id of the sidechain that a line of a main file belongs to.

        Versions 1.0.x gave it none: it is named after its first line, and a line belongs to
        its parent's chain, or to the latest one when the parent is not known any more.
        """
        memo = self._context.memo
        own, parent = (line.uuid or "")[-SHORT:], (line.parent_uuid or "")[-SHORT:]
        chain = memo.chains.get(own) or memo.chains.get(parent) or (parent and memo.chain)
        if not chain:
            chain = f"inline-{(line.uuid or digest(line.timestamp or ''))[:8]}"
            self._link_by_prompt(chain, line)
        memo.chain = chain
        if own:
            remember(memo.chains, own, chain, CHAIN_LINES)
        return chain

    def _link_by_prompt(self, chain: str, line: Line) -> None:
        mark = prompt_mark(_first_text(line))
        for identity, call in self._context.memo.calls.items():
            if call.prompt == mark:
                self.link(
                    chain, "prompt", call=identity, kind=call.kind, description=call.description
                )
                call.prompt = ""
                return
        self.link(chain, "path")


def _first_text(line: Line) -> str:
    content = line.message.content if line.message else None
    if isinstance(content, list):
        return next((block_text(block) for block in content if block.type == "text"), "")
    return content or ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
