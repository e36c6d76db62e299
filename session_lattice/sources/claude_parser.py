"""Turns the lines of one Claude Code transcript into events."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from session_lattice.events import (
    MessageAssistant,
    MessageKind,
    MessageUser,
    SessionCompacted,
    SessionObserved,
)
from session_lattice.sources.base import TEXT_BYTES
from session_lattice.sources.claude_context import AGENT, Context
from session_lattice.sources.claude_lines import (
    KNOWN_BLOCKS,
    KNOWN_MAJORS,
    KNOWN_SUBTYPES,
    KNOWN_TYPES,
    Block,
    Compaction,
    Line,
    Message,
    block_text,
    content_of,
    kind_of,
    message_of,
    prompt_of,
    text_of,
)
from session_lattice.sources.claude_links import Links, internal_kind
from session_lattice.sources.claude_memo import LEAVES, SHORT, SUMMARIES, Memo, remember
from session_lattice.sources.claude_tools import Tools
from session_lattice.sources.claude_usage import MAX_TOKENS, SYNTHETIC, UsageTracker
from session_lattice.sources.files import display
from session_lattice.sources.references import references
from session_lattice.sources.tail import Out, Place
from session_lattice.sources.text import clip, digest, name_of, parse_timestamp, title

NAMING = ("prompt", "command")
"""Kinds of a user's text whose references the session names; no other text is of its making."""

TITLE_PROMPT, TITLE_SUMMARY, TITLE_GENERATED, TITLE_OWN = 1, 2, 3, 4


class ClaudeParser:
    """The parser of one file, whose session and subagent `place` tells.

    A flat agent file's name has no session: its lines tell it. Events of a line are keyed by
    its uuid and the index of the block, so that copies of a line in other files are no-ops.
    An agent that Claude Code forked for itself repeats the session under new uuids: only its
    usage counts.
    """

    def __init__(self, path: str, place: Place, memo: Memo, out: Out, *, sample: bool) -> None:
        self._path = path
        self._out = out
        self._memo = memo
        self._sample = sample
        self._context = Context(place, memo, out)
        self._links = Links(self._context)
        self._tools = Tools(self._context, self._links)
        self._usage = UsageTracker(AGENT, memo.usage)
        self._internal = bool(internal_kind(place.subagent))
        self._flat = place.subagent != "" and place.session.startswith("agent-")
        self._begun = False
        self._leaves = deque(memo.leaves, LEAVES)
        self._keyed: dict[str, Callable[[Line, str], None]] = {
            "user": self._user,
            "assistant": self._assistant,
            "system": self._system,
            "attachment": self._on_attachment,
        }
        self._plain: dict[str, Callable[[Line], None]] = {
            "progress": self._on_progress,
            "summary": self._summary,
            "ai-title": lambda line: self._title(line.ai_title, TITLE_GENERATED),
            "custom-title": lambda line: self._title(line.custom_title, TITLE_OWN),
            "fork-context-ref": self._fork,
            "pr-link": self._pr_link,
        }

    def memo(self) -> Memo:
        self._memo.leaves = list(self._leaves)
        return self._memo

    def pause(self) -> None:
        self._context.release()
        for key, ts, event in self._usage.take():
            self._out.add(self._context.stream, key, ts, event)

    def feed(self, line: Line, number: int, part: int) -> None:
        self._enter(line)
        if line.uuid:
            short = line.uuid[-SHORT:]
            self._leaves.append(short)
            if self._memo.summaries:
                self._title(self._memo.summaries.pop(short, None), TITLE_SUMMARY)
        if keyed := self._keyed.get(line.type):
            keyed(line, line.uuid or _content_key(line, number, part))
        elif plain := self._plain.get(line.type):
            plain(line)
        elif line.type not in KNOWN_TYPES:
            self._out.warn(f"unknown_type:{name_of(line.type)}")

    def _enter(self, line: Line) -> None:
        context = self._context
        if self._flat and line.session_id:
            self._flat = False
            self._memo.session = line.session_id
            context.enter_session(line.session_id)
        context.enter(parse_timestamp(line.timestamp), line.cwd, line.git_branch)
        if context.own_subagent:
            if not self._begun:
                self._begun = True
                self._links.from_file(self._path)
        else:
            context.subagent = self._thread(line) if line.is_sidechain else ""
            self._facts(line)

    def _thread(self, line: Line) -> str:
        return line.agent_id or self._links.inline_thread(line)

    def _facts(self, line: Line) -> None:
        context = self._context
        if not self._begun:
            self._begun = True
            if context.changed("path", display(self._path)):
                self._observed("path", path=display(self._path), sample=self._sample)
        if line.version and context.changed("version", line.version):
            if not line.version.startswith(KNOWN_MAJORS):
                self._out.warn(f"unknown_version:{name_of(line.version)}")
            self._observed("version", version=line.version, cwd=line.cwd, branch=line.git_branch)
        if line.entrypoint and context.changed("entrypoint", line.entrypoint):
            self._observed("entrypoint", entrypoint=line.entrypoint)
        other = line.session_id
        if other and other != context.session and "forked_from" not in self._memo.facts:
            context.changed("forked_from", other)
            self._observed("forked_from", forked_from=other)

    def _observed(self, fact: str, **values: Any) -> None:
        given = {name: value for name, value in values.items() if value is not None}
        session = self._context.session
        self._context.observed(fact, SessionObserved(agent=AGENT, session=session, **given))

    def _summary(self, line: Line) -> None:
        """A summary titles the session that has its last line: often that is another one.

        Files begin with summaries of other sessions. One whose line is not among the latest
        of this file waits for it, and titles nothing if it never comes.
        """
        if not line.summary or not line.leaf_uuid:
            return
        short = line.leaf_uuid[-SHORT:]
        if short in self._leaves:
            self._title(line.summary, TITLE_SUMMARY)
        else:
            remember(self._memo.summaries, short, title(line.summary), SUMMARIES)

    def _title(self, text: str | None, rank: int) -> None:
        text = title(text) if text else ""
        name = f"title/{rank}"
        if text and not self._context.own_subagent and self._context.changed(name, text):
            self._observed(name, title=text, title_rank=rank)

    def _user(self, line: Line, key: str) -> None:
        content = line.message.content if line.message else None
        if self._internal or not content:
            return
        if isinstance(content, str):
            self._say(key, 0, kind_of(line, content, in_subagent=self._inside), content)
            return
        results = [n for n, block in enumerate(content) if block.type == "tool_result"]
        for index in results:
            self._tools.returned(line, content[index], f"{key}/{index}", alone=len(results) == 1)
        if len(results) < len(content):
            for index, kind, text in self._spoken(line, content, typed=not results):
                self._say(key, index, kind, text)

    @property
    def _inside(self) -> bool:
        return self._context.subagent != ""

    def _spoken(
        self, line: Line, blocks: list[Block], *, typed: bool
    ) -> Iterator[tuple[int, MessageKind, str]]:
        """(index of the first block, kind, text) of each run of blocks of one kind."""
        inside = self._inside or not typed
        runs: list[tuple[int, MessageKind, list[str]]] = []
        for index, block in enumerate(blocks):
            text = block_text(block)
            if not text:
                if block.type not in ("text", "tool_result"):
                    self._out.warn(f"unknown_block:{name_of(block.type)}")
                continue
            kind = kind_of(line, text, in_subagent=inside)
            if runs and runs[-1][1] == kind:
                runs[-1][2].append(text)
            else:
                runs.append((index, kind, [text]))
        for index, kind, texts in runs:
            yield index, kind, "\n".join(texts)

    def _say(self, key: str, index: int, kind: MessageKind, text: str) -> None:
        if not text.strip():
            return
        kept, size = clip(text, TEXT_BYTES)
        event = MessageUser(
            **self._context.fields,
            message=_message_id(key, index),
            kind=kind,
            text=kept,
            text_bytes=size,
        )
        self._context.emit(f"{key}/{index}", event)
        if kind in NAMING:
            self._context.refer(references(text), message=event.message)
        if kind == "prompt" and f"title/{TITLE_PROMPT}" not in self._memo.facts:
            self._title(text, TITLE_PROMPT)

    def _assistant(self, line: Line, key: str) -> None:
        message = line.message
        if message is None:
            return
        identity = message.id or key
        response = self._usage.response(identity, line.request_id)
        if message.usage is not None:
            self._count(identity, response, message, self._context.subagent)
        if self._internal or not message.content:
            return
        if isinstance(message.content, str):
            self._reply(f"{key}/0", key, message.content, message.model, response)
            return
        for index, block in enumerate(message.content):
            self._answered(line, block, key, index, response)

    def _count(self, identity: str, response: str, message: Message, subagent: str) -> None:
        if message.usage is not None and not self._usage.same(response, message.usage):
            where = self._context.where(subagent)
            self._usage.see(identity, response, message.model or "", message.usage, where)

    def _answered(self, line: Line, block: Block, key: str, index: int, response: str) -> None:
        model = line.message.model if line.message else None
        own = f"{key}/{index}"
        if block.type in ("tool_use", "server_tool_use", "mcp_tool_use"):
            self._tools.called(block, own, response)
        elif block.type == "text":
            self._reply(own, _message_id(key, index), block.text or "", model, response)
        elif block.type.endswith("_tool_result"):
            self._tools.returned(line, block, own, alone=False)
        elif block.type not in KNOWN_BLOCKS:
            self._out.warn(f"unknown_block:{name_of(block.type)}")

    def _reply(self, key: str, message: str, text: str, model: str | None, response: str) -> None:
        if not text.strip():
            return
        kept, size = clip(text, TEXT_BYTES)
        synthetic = model == SYNTHETIC
        event = MessageAssistant(
            **self._context.fields,
            message=message,
            kind="injected" if synthetic else "reply",
            text=kept,
            text_bytes=size,
            model="" if synthetic else model or "",
            response="" if synthetic else response,
        )
        self._context.emit(key, event)
        if not synthetic:
            self._context.refer(references(text), message=message)

    def _on_progress(self, line: Line) -> None:
        """A subagent's message may stand here alone: its own file is often missing."""
        progress = line.data
        if progress is None or progress.type != "agent_progress":
            return
        child = progress.agent_id
        if not isinstance(child, str) or not child:
            return
        call, parent = line.parent_tool_use_id or "", self._context.subagent
        self._links.link(child, "progress", parent=parent, call=call)
        inner = message_of(progress)
        message = inner.message if inner else None
        if inner and message and message.usage and message.id:
            response = self._usage.response(message.id, inner.request_id)
            self._count(message.id, response, message, child)

    def _pr_link(self, line: Line) -> None:
        url, slug, number = line.pr_url, line.pr_repository, line.pr_number
        if isinstance(url, str) and isinstance(slug, str) and isinstance(number, int):
            self._context.link(url, slug, number)

    def _fork(self, _line: Line) -> None:
        if self._context.own_subagent:
            self._links.link(self._context.own_subagent, "fork", kind="fork")

    def _system(self, line: Line, key: str) -> None:
        if line.subtype == "compact_boundary":
            compaction = line.compact_metadata or Compaction()
            tokens = compaction.pre_tokens
            event = SessionCompacted(
                **self._context.fields,
                trigger=compaction.trigger or "",
                pre_tokens=tokens if tokens and 0 < tokens <= MAX_TOKENS else None,
            )
            self._context.emit(f"{key}/0", event)
        elif line.subtype == "local_command":
            self._say(key, 0, "command", text_of(line.content))
        elif line.subtype and line.subtype not in KNOWN_SUBTYPES:
            self._out.warn(f"unknown_subtype:{name_of(line.subtype)}")

    def _on_attachment(self, line: Line, key: str) -> None:
        """A prompt that was typed while the agent was busy comes as an attachment."""
        attachment = line.attachment
        if attachment is None or attachment.type != "queued_command" or self._internal:
            return
        text = prompt_of(attachment)
        self._say(key, 0, kind_of(line, text, in_subagent=self._inside), text)


def _message_id(key: str, index: int) -> str:
    return f"{key}/{index}" if index else key


def _content_key(line: Line, number: int, part: int) -> str:
    """The identity of a line without a uuid: its content, and its place if it has no time."""
    place = "" if line.timestamp else f"{number}.{part}"
    return digest(content_of(line).decode("utf-8", "replace"), place)
