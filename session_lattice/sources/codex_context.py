"""What a parser of a rollout remembers, and the way of its events to the batch."""

import zlib
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from session_lattice.events import Reference, ReferenceObserved, SessionEvent, session_stream
from session_lattice.sources.codex_forks import Replay
from session_lattice.sources.codex_records import Line
from session_lattice.sources.codex_usage import Ledger
from session_lattice.sources.references import observed
from session_lattice.sources.tail import Out
from session_lattice.sources.text import parse_timestamp

AGENT = "codex"

SAME_TIME_KEYS = 256
"""Events of one instant that are told apart by what they say; further ones by their line."""

TAG_CHARS = 128
"""Characters of what an event says that become part of its key."""

SPAWNS = 64
"""Calls that started an agent and wait for its id."""


TALKS = 64
"""Calls that talked to a forge or to git and whose output may still come."""


class Spawn(Struct, array_like=True):
    kind: str
    description: str


class Memo(Struct, omit_defaults=True):
    """The parser's state between two runs over a file.

    `keys` counts the events of the instant `ts` by key. `thread` is the id in the file's own
    session_meta and `facts` a hash of what that said; `guided` says that another agent talks
    to this one, `bare` that the file has no event messages. `echoes` holds by kind the form
    and hash of the last text that may come again in another form. `talks` has of the last calls
    that talked to a forge or to git what their output may hold, as `forges.Talk` does.
    """

    ts: int | None = None
    keys: dict[str, int] = {}
    thread: str = ""
    facts: str = ""
    guided: bool = False
    titled: bool = False
    bare: bool = False
    echoes: dict[str, tuple[str, str]] = {}
    cwd: str = ""
    branch: str = ""
    model: str = ""
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    replay: Replay = msgspec.field(default_factory=Replay)
    spawns: dict[str, Spawn] = {}
    talks: dict[str, tuple[bool, bool]] = {}


_decoder = msgspec.json.Decoder(Memo | None)


def decode_memo(data: bytes) -> Memo:
    """A fresh memo for `null`, and for what another version wrote."""
    try:
        return _decoder.decode(data) or Memo()
    except msgspec.DecodeError:
        return Memo()


class Context:
    """One file's session, and the time, directory and branch of its current line.

    An event's key is the session, the instant and what the event says, so that the same line
    has the same key in an archived or a compressed copy and wherever it moves in its file.
    What says the same at the same instant is counted; what has no time goes by its line.
    """

    def __init__(self, session: str, memo: Memo, out: Out) -> None:
        self.session = session
        self.memo = memo
        self.out = out
        self.stream = session_stream(AGENT, session)
        self._prefix = f"{AGENT}/{session}/"
        self._place = ""
        self._line = 0, 0
        self._timestamp: str | None = None
        self._observed = ""

    @property
    def ts(self) -> int:
        return self.out.now if self.memo.ts is None else self.memo.ts

    def enter(self, line: Line, number: int, part: int) -> None:
        """Take over a line's time; without one it stands at the time of the line before."""
        self._line = number, part
        if line.timestamp and line.timestamp == self._timestamp:
            return
        memo, self._timestamp = self.memo, line.timestamp
        ts = parse_timestamp(line.timestamp)
        if ts is None:
            self._timestamp = None
            self._place = f"line{number}.{part}"
            if line.timestamp:
                self.out.warn("bad_timestamp")
        else:
            self._place = f"{ts:x}"
            if ts != memo.ts:
                memo.ts, memo.keys = ts, {}

    def go(self, cwd: str | None) -> None:
        """The lines from here on are about work in `cwd`."""
        if cwd:
            self.memo.cwd = cwd
        if self.memo.cwd != self._observed:
            self._observed = self.memo.cwd
            self.out.observe(self.memo.cwd, self.ts)

    def name(self, tag: str) -> str:
        """What nothing else in the session is called: the instant and `tag`, counted."""
        if len(tag) > TAG_CHARS:
            tag = f"{tag[:TAG_CHARS]}.{crc(tag)}"
        keys = self.memo.keys
        name = f"{self._place}/{tag}"
        times = keys.get(name, 0)
        if not times and len(keys) >= SAME_TIME_KEYS:
            number, part = self._line
            return f"{name}@{number}.{part}"
        keys[name] = times + 1
        return f"{name}~{times}" if times else name

    def emit(self, key: str, event: type[SessionEvent], /, **values: Any) -> None:
        """Add an event under a `key` that is unique in the session."""
        memo = self.memo
        if self._observed != memo.cwd:
            self.go(None)
        self.add(
            key,
            event(agent=AGENT, session=self.session, cwd=memo.cwd, branch=memo.branch, **values),
        )

    def add(self, key: str, event: SessionEvent) -> None:
        self.out.add(self.stream, self._prefix + key, self.memo.ts or self.out.now, event)

    def refer(self, found: Iterable[Reference], *, call: str = "", message: str = "") -> None:
        """Tell the pull requests and issues that a call or a message names."""
        for key, values in observed(found, call=call, message=message):
            self.emit(key, ReferenceObserved, **values)

    def echoes(self, kind: str, form: str, text: str) -> bool:
        """True when `text` was the last of its `kind` and came in another form."""
        what = crc(text)
        known = self.memo.echoes.pop(kind, None)
        if known and known[0] != form and known[1] == what:
            return True
        self.memo.echoes[kind] = (form, what)
        return False


def crc(text: str) -> str:
    """What tells texts of one instant apart."""
    data = text.encode("utf-8", "replace")
    return f"{len(data):x}.{zlib.crc32(data):x}"
