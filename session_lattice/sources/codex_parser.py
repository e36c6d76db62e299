"""Turns the lines of one rollout into events."""

from collections.abc import Callable

from session_lattice.events import (
    MessageAssistant,
    MessageKind,
    MessageUser,
    SessionCompacted,
    SessionObserved,
    UsageReported,
)
from session_lattice.sources import codex_meta
from session_lattice.sources.base import TEXT_BYTES
from session_lattice.sources.codex_calls import Calls
from session_lattice.sources.codex_context import Context, Memo, crc
from session_lattice.sources.codex_forks import Entry, Judge, made_at
from session_lattice.sources.codex_marks import Threads, text_of
from session_lattice.sources.codex_messages import asked, injected_kind, told_cwd
from session_lattice.sources.codex_meta import Guide
from session_lattice.sources.codex_quiet import (
    KNOWN_LINES,
    QUIET_EVENTS,
    QUIET_ITEMS,
    QUIET_TURN_ITEMS,
)
from session_lattice.sources.codex_records import Line, Payload, TurnItem, Usage
from session_lattice.sources.codex_usage import disjoint
from session_lattice.sources.references import references
from session_lattice.sources.tail import Out
from session_lattice.sources.text import clip, name_of, title

NAMING = ("prompt", "command")
"""Kinds of a user's text whose references the session names; no other text is of its making."""

TITLE_PROMPT, TITLE_GENERATED = 1, 3

UNKNOWN_MODEL = "unknown"

Handler = Callable[[Payload], None]


class CodexParser:
    """The parser of one rollout of the thread `session`; `rollout` is the file's own id.

    Prompts are taken from event messages, all else from response items, as the same text
    stands in both. Files from before the envelope have items only.
    """

    def __init__(
        self,
        path: str,
        session: str,
        rollout: str,
        memo: Memo,
        out: Out,
        threads: Threads,
        *,
        sample: bool,
    ) -> None:
        self._path = path
        self._rollout = rollout
        self._memo = memo
        self._replay = memo.replay
        self._sample = sample
        self._out = out
        self._context = Context(session, memo, out)
        self._calls = Calls(self._context)
        self._judge = Judge(memo.replay, threads, path)
        self._lines: dict[str, Handler] = {
            "compacted": self._compacted,
            "inter_agent_communication": self._between_agents,
            "session_meta": self._session_meta,
            "token_usage_record": self._usage_record,
            "turn_context": self._turn_context,
        }
        self._items: dict[str, Handler] = {
            "agent_message": self._from_agent,
            "message": self._message,
            **self._calls.items,
        }
        self._events: dict[str, Handler] = {
            "item_completed": self._item_completed,
            "thread_name_updated": self._renamed,
            "token_count": self._token_count,
            "turn_aborted": self._aborted,
            "user_message": self._user_message,
            **self._calls.events,
        }

    def memo(self) -> Memo:
        return self._memo

    def pause(self) -> None:
        for entry in self._judge.release():
            self._take(*entry, copied=False)

    def feed(self, line: Line, number: int, part: int) -> None:
        if not self._replay.copying or line.type == "session_meta":
            self._take(line, number, part, copied=False)
            return
        entry = Entry(line, number, part)
        for settled, copied in self._judge.sort(entry, self._resets(line)):
            self._take(*settled, copied=copied)

    def _take(self, line: Line, number: int, part: int, *, copied: bool) -> None:
        kind, payload = line.type, line.payload
        if payload is None:
            self._take_bare(line, number, part)
            return
        if kind == "response_item":
            handler = self._items.get(payload.type or "")
        elif kind == "event_msg":
            handler = self._events.get(payload.type or "")
        else:
            handler = self._lines.get(kind or "")
        if kind != "session_meta":
            self._replay.begun = True
        if self._replay.parent:
            if copied:
                self._pass(kind, payload)
                return
            self._judge.hear(line)
        if handler:
            self._context.enter(line, number, part)
            if not self._memo.facts and kind != "session_meta":
                self._observe(Payload(), None)
            handler(payload)
        else:
            self._unhandled(kind, payload)

    def _pass(self, kind: str | None, payload: Payload) -> None:
        """A copied line makes no event, but the file's own lines go on from it."""
        if kind == "turn_context":
            self._turn_context(payload)
        elif payload.info:
            self._memo.ledger.count(payload.info)

    def _unhandled(self, kind: str | None, payload: Payload) -> None:
        if kind == "response_item" and payload.type not in QUIET_ITEMS:
            self._out.warn(f"unknown_item:{name_of(payload.type or '')}")
        elif kind == "event_msg" and payload.type not in QUIET_EVENTS:
            self._out.warn(f"unknown_event:{name_of(payload.type or '')}")
        elif kind not in KNOWN_LINES:
            self._out.warn(f"unknown_type:{name_of(kind or '')}")

    def _take_bare(self, line: Line, number: int, part: int) -> None:
        """A line from before the envelope, whose payload is the line, or one that lost its own."""
        kind = line.type or ""
        handler = self._items.get(kind)
        if not kind and line.id and line.timestamp:
            handler = self._session_meta
        if handler:
            self._memo.bare = True
            self._context.enter(line, number, part)
            if not self._memo.facts and kind:
                self._observe(Payload(), None)
            handler(line)
        elif not (line.record_type or kind in QUIET_ITEMS or kind in KNOWN_LINES):
            self._out.warn(f"unknown_type:{name_of(kind)}")

    def _session_meta(self, meta: Payload) -> None:
        """The first is the file's own; later ones are of a resume, or of what it copies."""
        context, memo = self._context, self._memo
        if memo.thread and meta.id not in (memo.thread, context.session):
            if meta.id and self._judge.copies(meta.id) and not memo.guided:
                self._forked(meta.id)
            return
        guide = codex_meta.guide_of(meta)
        self._observe(meta, guide)
        if memo.thread:
            return
        memo.thread = meta.id or context.session
        memo.guided = guide is not None
        if guide and guide.parent:
            codex_meta.link(context, guide)
        parent = codex_meta.parent_of(meta, guide)
        if not parent and self._rollout != context.session:
            parent = context.session
        born = made_at(self._rollout) or context.ts // 1000
        self._judge.begins(meta, parent, born, context.ts)

    def _observe(self, meta: Payload, guide: Guide | None) -> None:
        codex_meta.observe(self._context, meta, guide, self._path, self._sample)

    def _forked(self, parent: str) -> None:
        name = self._context.name(f"forked-{parent}")
        self._context.emit(name, SessionObserved, forked_from=parent)

    def _turn_context(self, payload: Payload) -> None:
        self._memo.model = payload.model or self._memo.model
        self._context.go(payload.cwd)

    def _item_completed(self, payload: Payload) -> None:
        item = payload.item or TurnItem()
        if item.type == "UserMessage":
            self._prompt("item", text_of(item.content))
        elif handle := self._calls.turn_items.get(item.type or ""):
            handle(item)
        elif item.type not in QUIET_TURN_ITEMS:
            self._out.warn(f"unknown_turn_item:{name_of(item.type or '')}")

    def _user_message(self, payload: Payload) -> None:
        self._prompt("event", payload.message if isinstance(payload.message, str) else "")

    def _prompt(self, form: str, text: str) -> None:
        if text.strip() and not self._context.echoes("prompt", form, text):
            self._say("injected" if self._memo.guided else "prompt", text)
            self._title_once(text)

    def _message(self, payload: Payload) -> None:
        text = text_of(payload.content)
        if not text.strip():
            return
        if payload.role == "assistant":
            self._reply(text)
            return
        if not self._memo.cwd:
            self._context.go(told_cwd(text))
        kind = injected_kind(text) if payload.role == "user" else "injected"
        if kind:
            self._say(kind, text)
        elif self._memo.bare:
            self._prompt("item", text)

    def _reply(self, text: str) -> None:
        kept, size = clip(text, TEXT_BYTES)
        name = self._context.name(f"reply-{crc(text)}")
        model = self._memo.model
        self._context.emit(
            name, MessageAssistant, message=name, text=kept, text_bytes=size, model=model
        )
        self._context.refer(references(text), message=name)

    def _say(self, kind: MessageKind, text: str) -> None:
        kept, size = clip(text, TEXT_BYTES)
        name = self._context.name(f"{kind}-{crc(text)}")
        self._context.emit(name, MessageUser, message=name, kind=kind, text=kept, text_bytes=size)
        if kind in NAMING:
            self._context.refer(references(asked(text)), message=name)

    def _from_agent(self, payload: Payload) -> None:
        self._notify("item", text_of(payload.content))

    def _between_agents(self, payload: Payload) -> None:
        self._notify("line", text_of(payload.content))

    def _notify(self, form: str, text: str) -> None:
        if text.strip() and not self._context.echoes("notification", form, text):
            self._say("notification", text)
            self._title_once(text)

    def _title_once(self, text: str) -> None:
        if not self._memo.titled:
            self._memo.titled = True
            self._title(asked(text), TITLE_PROMPT)

    def _renamed(self, payload: Payload) -> None:
        self._title(payload.thread_name or "", TITLE_GENERATED)

    def _title(self, text: str, rank: int) -> None:
        text = title(text)
        if text:
            name = self._context.name(f"title-{crc(text)}")
            self._context.emit(name, SessionObserved, title=text, title_rank=rank)

    def _aborted(self, payload: Payload) -> None:
        if payload.reason == "interrupted":
            self._say("interrupt", payload.reason)

    def _compacted(self, payload: Payload) -> None:
        name = self._context.name("compacted")
        tokens = self._memo.ledger.context_tokens or None
        self._context.emit(name, SessionCompacted, pre_tokens=tokens)
        if isinstance(payload.message, str) and payload.message.strip():
            self._say("summary", payload.message)

    def _resets(self, line: Line) -> bool:
        info = line.payload.info if line.payload else None
        return info is not None and self._memo.ledger.resets(info)

    def _token_count(self, payload: Payload) -> None:
        if payload.info is None:
            return
        ledger = self._memo.ledger
        new = self._judge.counts(ledger.resets(payload.info))
        usage = ledger.count(payload.info)
        if usage and new and not ledger.records:
            total = ledger.total or usage
            name = self._context.name(f"usage-{total.total_tokens:x}")
            self._report(name, f"{self._context.session}/{name}", usage)

    def _usage_record(self, record: Payload) -> None:
        """One answer of the API. A record that names another thread was copied from there."""
        own = (None, self._memo.thread, self._context.session)
        if record.thread_id not in own or not record.response_id or not record.usage:
            return
        self._memo.ledger.records = True
        name = f"response/{record.response_id}"
        self._report(name, record.response_id, record.usage)

    def _report(self, name: str, response: str, usage: Usage) -> None:
        counted = disjoint(usage)
        model = self._memo.model or UNKNOWN_MODEL
        if any(counted.values()):
            self._context.emit(name, UsageReported, response=response, model=model, **counted)
