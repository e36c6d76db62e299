"""What the first line of a rollout says about its session."""

from typing import Any, NamedTuple

import msgspec

from session_lattice.events import SessionObserved, SubagentLinked, session_stream
from session_lattice.sources.codex_context import AGENT, Context
from session_lattice.sources.codex_records import Payload
from session_lattice.sources.files import display
from session_lattice.sources.text import digest, name_of

KNOWN_MAJORS = ("0.", "1.")


class Guide(NamedTuple):
    """The thread that started this one, "" when it is not named, and what for."""

    parent: str
    kind: str
    name: str


def guide_of(meta: Payload) -> Guide | None:
    """None for a thread that a person started."""
    source = meta.source
    told = source.get("subagent") if isinstance(source, dict) else None
    if told is None and source != "subagent" and meta.thread_source != "subagent":
        return None
    root = meta.session_id if meta.session_id != meta.id else ""
    parent = meta.parent_thread_id or ""
    if isinstance(told, str):
        return Guide(parent or root or "", told, "")
    details = told if isinstance(told, dict) else {}
    spawn = details.get("thread_spawn")
    if isinstance(spawn, dict):
        role = _text(spawn.get("agent_role")) or meta.agent_role or "thread_spawn"
        parent = _text(spawn.get("parent_thread_id")) or parent
        return Guide(parent or root or "", role, _text(spawn.get("agent_path")))
    other = details.get("other") or next(iter(details), "")
    return Guide(parent or root or "", _text(other) or meta.agent_role or "", "")


def parent_of(meta: Payload, guide: Guide | None) -> str:
    """The thread whose lines the file may begin with or go on from, "" for none."""
    base = meta.history_base.thread_id if meta.history_base else None
    return base or meta.forked_from_id or (guide.parent if guide else "")


def observe(context: Context, meta: Payload, guide: Guide | None, path: str, sample: bool) -> None:
    """Tell the session's facts, unless a resume only repeats them."""
    memo, git = context.memo, meta.git
    if git and git.branch:
        memo.branch = git.branch
    memo.model = memo.model or meta.model or ""
    context.go(meta.cwd)
    forked = meta.forked_from_id or parent_of(meta, None)
    observed = SessionObserved(
        agent=AGENT,
        session=context.session,
        cwd=memo.cwd,
        branch=memo.branch,
        path=display(path),
        version=meta.cli_version or "",
        entrypoint=meta.originator or _text(meta.source),
        parent_session=guide.parent if guide else "",
        forked_from="" if forked == context.session else forked,
        repository_url=(git.repository_url if git else None) or "",
        sample=sample,
    )
    facts = digest(msgspec.json.encode(observed).decode())
    if facts == memo.facts:
        return
    if meta.cli_version and not meta.cli_version.startswith(KNOWN_MAJORS):
        context.out.warn(f"unknown_version:{name_of(meta.cli_version)}")
    memo.facts = facts
    context.add(context.name(f"session-{facts}"), observed)


def link(context: Context, guide: Guide) -> None:
    """Tell the parent's stream of this child, as far as the child knows."""
    linked = SubagentLinked(
        agent=AGENT,
        session=guide.parent,
        child_session=context.session,
        kind=guide.kind,
        description=guide.name,
        evidence="meta",
    )
    key = f"{AGENT}/{guide.parent}/child/{context.session}/meta"
    context.out.add(session_stream(AGENT, guide.parent), key, context.ts, linked)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
