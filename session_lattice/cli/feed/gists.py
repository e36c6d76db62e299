"""What each type of event comes to in a few words."""

from collections.abc import Callable, Mapping, Sequence
from os.path import relpath
from typing import Any

import msgspec

from session_lattice import events
from session_lattice.cli.tables import short_path, shown
from session_lattice.events import Touch

MAX_FILES = 3
"""Of one tool call; of more, only how many there are."""

SHA_CHARS = 7
"""Of a commit's hash, as git itself shortens it."""

GIST_CHARS = 1000
"""Of a text, from which its line is made."""

Told = tuple[str, str]
"""The kind of event in a word, and its gist."""

_SIZES = (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000))
_COUNTS = (("M", 1_000_000), ("k", 1000))


def text(given: str) -> str:
    return given[:GIST_CHARS]


def joined(*parts: str) -> str:
    """Those that say something."""
    return ", ".join(part for part in parts if part)


def files(touched: Sequence[Touch], cwd: str) -> str:
    """Their names, from the working directory if they lie below it."""
    names = [_file(touch.path, cwd) for touch in touched[:MAX_FILES]]
    more = len(touched) - len(names)
    return " ".join([*names, *([f"and {more} more"] if more else [])])


def _file(path: str, cwd: str) -> str:
    below = bool(cwd) and path.startswith(cwd.rstrip("/") + "/")
    return relpath(path, cwd) if below else short_path(path)


def _session(data: events.SessionObserved) -> Told:
    return "session", joined(
        text(data.title),
        f"forked from {data.forked_from}" if data.forked_from else "",
        f"started by {data.parent_session}" if data.parent_session else "",
        f"in {short_path(data.cwd)}" if data.cwd else "",
        f"kept in {short_path(data.path)}" if data.path else "",
        f"written by version {data.version}" if data.version else "",
    )


def _transcript(data: events.TranscriptChanged) -> Told:
    return "transcript", f"{data.state}: {short_path(data.path)}"


def _message(data: events.MessageUser | events.MessageAssistant) -> Told:
    return data.kind, text(data.text)


def _usage(data: events.UsageReported) -> Told:
    cached = f"{_short(data.cache_read_tokens)} cached" if data.cache_read_tokens else ""
    tokens = joined(f"{_short(data.input_tokens)} in", f"{_short(data.output_tokens)} out", cached)
    return "usage", f"{tokens}  {data.model}"


def _called(data: events.ToolCalled) -> Told:
    return "tool", f"{data.name}  {files(data.files, data.cwd) or _input(data.input)}"


def _input(given: str) -> str:
    """The first text of a JSON object, such as a command or a pattern; else as it is."""
    try:
        found = msgspec.json.decode(given)
    except msgspec.DecodeError:
        return text(given)
    values = found.values() if isinstance(found, dict) else ()
    return next((text(value) for value in values if isinstance(value, str)), text(given))


def _compacted(data: events.SessionCompacted) -> Told:
    before = "" if data.pre_tokens is None else f"from {_short(data.pre_tokens)} tokens"
    return "compacted", joined(data.trigger, before)


def _subagent(data: events.SubagentLinked) -> Told:
    return "subagent", joined(data.kind, text(data.description))


def _reported(data: events.SessionReported) -> Told:
    tokens = f"{_short(data.output_tokens)} tokens out" if data.output_tokens else ""
    return "reported", joined(text(data.last_prompt), f"{shown(data.messages)} messages", tokens)


def _repo(data: events.RepoObserved) -> Told:
    dirty = data.untracked_files + data.modified_files
    return "repository", joined(
        short_path(data.repo),
        f"on {data.head}" if data.head else "",
        f"{shown(dirty)} files not committed" if dirty else "",
        f"{shown(data.commits_30d)} commits in 30 days" if data.commits_30d else "",
    )


def _checkout(data: events.CheckoutObserved) -> Told:
    return "checkout", f"{short_path(data.cwd)} of {short_path(data.repo)}"


def _commit(data: events.CommitObserved) -> Told:
    return "commit", joined(
        f"{data.sha[:SHA_CHARS]} {text(data.subject)}",
        f"{shown(data.files_changed)} files" if data.files_changed else "",
        f"by {data.author_name}" if data.author_name else "",
        f"in {short_path(data.repo)}",
    )


def _refs(data: events.RefsObserved) -> Told:
    head = f"{data.head} at {data.head_sha[:SHA_CHARS]}" if data.head_sha else data.head
    return "refs", joined(short_path(data.repo), head, f"{shown(len(data.refs))} references")


def _head(data: events.HeadMoved) -> Told:
    moved = " ".join(part for part in (data.action, data.branch) if part)
    return "head", f"{short_path(data.worktree)} at {data.sha[:SHA_CHARS]} by {moved}"


def _reference(data: events.ReferenceObserved) -> Told:
    kind = "" if data.kind == "either" else f"{data.kind.replace('_', ' ')} "
    return "reference", f"{kind}{data.slug}#{data.number}"


def _started(data: events.PullStarted) -> Told:
    return "started", data.reason


def _progressed(data: events.PullProgressed) -> Told:
    done = 100 * data.done_bytes / max(1, data.total_bytes)
    return "progress", f"{done:.0f} % of {_size(data.total_bytes)}"


def _view(data: events.ViewMaterialized) -> Told:
    return "view", f"{data.view}: {shown(data.rows)} rows, {shown(data.dirty)} keys anew"


def _published(data: events.GenerationPublished) -> Told:
    return "published", f"generation {data.generation}, {_size(data.bytes)}"


def _finished(data: events.PullFinished) -> Told:
    generation = "nothing new" if data.generation is None else f"generation {data.generation}"
    return "finished", f"{generation}, {shown(data.events)} events, {_took(data.duration_ms)}"


def _failed(data: events.PullFailed) -> Told:
    advice = f" (try: {data.hint})" if data.hint else ""
    return "failed", joined(data.reason, data.error + advice)


def _cancelled(data: events.PullCancelled) -> Told:
    return "cancelled", f"after {_took(data.duration_ms)}"


def _took(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.1f} s"


def _size(count: int) -> str:
    return _scaled(count, _SIZES, " ") or f"{count} bytes"


def _short(count: int) -> str:
    return _scaled(count, _COUNTS, "") or str(count)


def _scaled(count: int, scales: Sequence[tuple[str, int]], gap: str) -> str:
    found = next((scale for scale in scales if count >= scale[1]), None)
    return f"{count / found[1]:.1f}{gap}{found[0]}" if found else ""


GISTS: Mapping[type, Callable[[Any], Told]] = {
    events.SessionObserved: _session,
    events.TranscriptChanged: _transcript,
    events.MessageUser: _message,
    events.MessageAssistant: _message,
    events.UsageReported: _usage,
    events.ToolCalled: _called,
    events.SessionCompacted: _compacted,
    events.SubagentLinked: _subagent,
    events.SessionReported: _reported,
    events.CheckoutObserved: _checkout,
    events.RepoObserved: _repo,
    events.RefsObserved: _refs,
    events.CommitObserved: _commit,
    events.HeadMoved: _head,
    events.ReferenceObserved: _reference,
    events.PullStarted: _started,
    events.PullProgressed: _progressed,
    events.ViewMaterialized: _view,
    events.GenerationPublished: _published,
    events.PullFinished: _finished,
    events.PullFailed: _failed,
    events.PullCancelled: _cancelled,
}
