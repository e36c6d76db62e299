"""A source made of transcript files that grow: scan, read on, parse, batch.

A format (Claude Code, Codex) gives `TailingSource` the rules for its files and a parser per
file; everything about files, offsets, checkpoints and batches is here and knows no format.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from session_lattice.events import (
    Draft,
    Event,
    Touch,
    TranscriptChanged,
    TranscriptState,
    session_stream,
)
from session_lattice.sources import files
from session_lattice.sources.base import BATCH_BYTES, Batch, SourceStatus, count_warning
from session_lattice.sources.checkouts import Checkouts
from session_lattice.sources.files import Change, Rules, Transcripts
from session_lattice.sources.identity import UNFINISHED, Checkpoint
from session_lattice.sources.lines import LineDecoder, LineReader
from session_lattice.sources.text import digest

BATCH_FILES = 500
"""Files that one batch covers at most."""

T = TypeVar("T", bound=msgspec.Struct)
T_contra = TypeVar("T_contra", bound=msgspec.Struct, contravariant=True)


@dataclass(frozen=True, slots=True)
class Place:
    """What a file's path says: whose events are in it. `archived` when it lies in an archive."""

    session: str
    subagent: str = ""
    archived: bool = False


class Out:
    """Where a parser puts what it finds in one file.

    `now` is the file's modification time: the time of what has none of its own.
    """

    def __init__(self, checkouts: Checkouts, warnings: Mapping[str, int], now: int) -> None:
        self.warnings = dict(warnings)
        self.now = now
        self._checkouts = checkouts
        self._drafts: list[Draft] = []

    def add(self, stream: str, key: str, ts: int, event: Event) -> None:
        self._drafts.append(Draft(stream, key, ts, event))

    def observe(self, cwd: str, ts: int) -> None:
        """Once per directory and run, say which repository `cwd` belongs to."""
        draft = self._checkouts.observe(cwd, ts)
        if draft is not None:
            self._drafts.append(draft)

    def observe_files(self, touches: Iterable[Touch], ts: int) -> None:
        """Likewise for the directories of files, where they lie in one."""
        for touch in touches:
            draft = self._checkouts.observe_file(touch.path, ts)
            if draft is not None:
                self._drafts.append(draft)

    def warn(self, kind: str) -> None:
        count_warning(self.warnings, kind, 1)

    def take(self) -> list[Draft]:
        drafts, self._drafts = self._drafts, []
        return drafts


class Parser(Protocol[T_contra]):
    """Turns the records of one file into drafts. Made anew for each run over the file."""

    def feed(self, record: T_contra, line: int, part: int, /) -> None:
        """One record: `line` counts the file's lines from 0, `part` the objects glued on one line.

        (line, part) is the same however the file was cut into runs.
        """
        ...

    def pause(self) -> None:
        """The batch ends here: add what was held back, as the next record may never come."""
        ...

    def memo(self) -> object:
        """What a later parser of this file needs; small, encodable as JSON."""
        ...


class Format(Protocol[T]):
    """One agent's transcripts."""

    @property
    def agent(self) -> str: ...

    @property
    def rules(self) -> Rules: ...

    @property
    def record(self) -> type[T]:
        """What a line is decoded into: every field with a default, unknown ones ignored."""
        ...

    def place(self, path: str, memo: bytes) -> Place:
        """By the path; `memo` is what the parser left, `null` for a file not read yet."""
        ...

    def parser(self, path: str, place: Place, memo: bytes, out: Out) -> Parser[T]:
        """A parser that goes on with `memo`, JSON; `null` at a file's start."""
        ...


class _Gathered:
    """A batch in the making. A checkpoint of None forgets."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.drafts: list[Draft] = []
        self.checkpoints: dict[str, Checkpoint | None] = {}
        self.read_bytes = 0

    def add(self, path: str, checkpoint: Checkpoint, out: Out) -> None:
        self.drafts += out.take()
        self.checkpoints[path] = checkpoint

    @property
    def full(self) -> bool:
        return self.read_bytes >= BATCH_BYTES or len(self.checkpoints) >= BATCH_FILES

    def batch(self) -> Batch:
        encoded = {
            path: None if checkpoint is None else files.encode(checkpoint)
            for path, checkpoint in self.checkpoints.items()
        }
        return Batch(self.drafts, encoded, self.read_bytes)


class TailingSource(Generic[T]):
    """The Source protocol over one root of one format.

    `batches` must be consumed even when `pending` says 0 bytes: a deletion has none. What it
    yields counts as durable once the next batch is asked for; when an append fails instead,
    drop the generator and call `load` with what the log has, if it was asked for already.
    """

    def __init__(self, root: Path, form: Format[T]) -> None:
        self._root = root
        self._form = form
        self._files = Transcripts(root, form.rules)
        self._decoder = LineDecoder(form.record)
        self._changes: list[Change] = []

    @property
    def name(self) -> str:
        """`<agent>:<root>`."""
        return f"{self._form.agent}:{files.display(str(self._root))}"

    @property
    def roots(self) -> tuple[Path, ...]:
        return tuple(self._root / folder for folder in self._form.rules.folders)

    def load(self, checkpoints: Mapping[str, bytes]) -> None:
        self._files.load(checkpoints)

    def pending(self) -> int:
        self._changes = self._files.scan()
        return sum(change.pending_bytes for change in self._changes)

    def abandon(self) -> None:
        """A read of a file cannot be ended from outside; there is nothing to do."""

    def close(self) -> None:
        """No file stays open from one scan to the next."""

    def status(self) -> SourceStatus:
        warnings: dict[str, int] = {}
        for kind, times in self._files.warnings():
            count_warning(warnings, kind, times)
        state, count = self._files.state, self._files.files
        return SourceStatus(self.name, state, str(self._root), files=count, warnings=warnings)

    def batches(self) -> Iterator[Batch]:
        changes, self._changes = self._changes, []
        checkouts = Checkouts()
        gathered = _Gathered()
        for change in changes:
            for _ in self._apply(change, gathered, checkouts):
                yield from self._deliver(gathered)
        if any(change.why == "deleted" for change in changes):
            gathered.checkpoints.update(dict.fromkeys(self._files.forgettable()))
        if gathered.checkpoints:
            yield from self._deliver(gathered)

    def _deliver(self, gathered: _Gathered) -> Iterator[Batch]:
        yield gathered.batch()
        self._files.keep(gathered.checkpoints)
        gathered.clear()

    def _apply(self, change: Change, gathered: _Gathered, checkouts: Checkouts) -> Iterator[None]:
        """Work one change off into `gathered`; yields whenever that is full and whole."""
        if change.why == "superseded":
            self._set_state(change, change.checkpoint, "moved", gathered)
            gathered.checkpoints[change.former] = None
        elif change.why == "deleted":
            gone = self._set_state(change, change.checkpoint, "deleted", gathered)
            gathered.checkpoints[change.path] = gone
        else:
            yield from self._open(change, gathered, checkouts)
        if gathered.full:
            yield

    def _open(self, change: Change, gathered: _Gathered, checkouts: Checkouts) -> Iterator[None]:
        known = change.checkpoint
        out = Out(checkouts, known.warnings, _mtime(change))
        try:
            with closing(LineReader(change.real, known, out.warn)) as reader:
                state = _new_state(change, self._place(change))
                if state:
                    known = self._set_state(change, known, state, gathered)
                yield from self._read(change, known, reader, out, gathered)
        except FileNotFoundError:
            return
        except OSError:
            self._give_up(change, gathered)
        if change.why == "moved":
            gathered.checkpoints[change.former] = None

    def _read(
        self,
        change: Change,
        known: Checkpoint,
        reader: LineReader,
        out: Out,
        gathered: _Gathered,
    ) -> Iterator[None]:
        place = self._place(change)
        parser = self._form.parser(change.real, place, bytes(known.memo), out)
        decode, feed, warn = self._decoder.decode, parser.feed, out.warn
        mark = reader.offset
        limit = mark + BATCH_BYTES - gathered.read_bytes
        for raw, line, part in reader:
            for record in decode(raw, warn, part):
                feed(record, line, part)
                part += 1
            if reader.offset >= limit:
                gathered.read_bytes += reader.offset - mark
                gathered.add(change.path, _save(known, reader, parser, out, finished=False), out)
                yield
                mark = reader.offset
                limit = mark + BATCH_BYTES
        gathered.read_bytes += reader.offset - mark
        gathered.add(change.path, _save(known, reader, parser, out, finished=True), out)

    def _place(self, change: Change) -> Place:
        return self._form.place(change.path, bytes(change.checkpoint.memo))

    def _give_up(self, change: Change, gathered: _Gathered) -> None:
        """The file stays as far as it was read; said once, and tried again at each scan."""
        known = change.checkpoint
        if known.state == "unreadable":
            return
        counts = dict(known.warnings)
        count_warning(counts, "unreadable_file", 1)
        known = msgspec.structs.replace(known, warnings=counts, size=UNFINISHED)
        gathered.checkpoints[change.path] = self._set_state(change, known, "unreadable", gathered)

    def _set_state(
        self, change: Change, known: Checkpoint, state: TranscriptState, gathered: _Gathered
    ) -> Checkpoint:
        """Tell the new state; returns the checkpoint that remembers that it was told."""
        place = self._place(change)
        if place.archived and state in ("moved", "present"):
            state = "archived"
        agent = self._form.agent
        when = change.stat.st_mtime_ns if change.stat else known.mtime_ns
        what = digest(change.path, change.former, str(when))
        event = TranscriptChanged(
            agent=agent,
            session=place.session,
            subagent=place.subagent,
            path=change.path,
            state=state,
            former_path=change.former,
        )
        key = f"{agent}/transcript/{what}/{known.changes}/{state}"
        stream = session_stream(agent, place.session)
        gathered.drafts.append(Draft(stream, key, time.time_ns() // 1000, event))
        kept: TranscriptState = state if state in ("deleted", "unreadable") else "present"
        return msgspec.structs.replace(known, state=kept, changes=known.changes + 1)


def _new_state(change: Change, place: Place) -> TranscriptState | None:
    """The state to tell for a file that can be read; None when it is as it was."""
    if change.why == "new":
        return "archived" if place.archived else None
    if change.why in ("rewritten", "truncated", "replaced", "moved"):
        return change.why
    if change.why == "returned" or change.checkpoint.state == "unreadable":
        return "present"
    return None


def _save(
    known: Checkpoint, reader: LineReader, parser: Parser[Any], out: Out, *, finished: bool
) -> Checkpoint:
    parser.pause()
    memo = msgspec.Raw(msgspec.json.encode(parser.memo()))
    known = msgspec.structs.replace(known, memo=memo, warnings=dict(out.warnings))
    return reader.position(known, finished=finished)


def _mtime(change: Change) -> int:
    return change.stat.st_mtime_ns // 1000 if change.stat else 0
