"""Events as lines for people: when, where, what, and the gist of it."""

import unicodedata
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import msgspec

from session_lattice import events
from session_lattice.cli.feed.base import Frame, no_event
from session_lattice.cli.feed.gists import GISTS, Told, files, joined, text
from session_lattice.cli.tables import one_line

PLACE_CHARS = 20
"""An agent's name and the beginning of a session's id."""

ID_CHARS = 8
KIND_CHARS = 9

REMEMBERED_CALLS = 1000
"""Tools called and not returned yet whose names are kept."""

WIDE = ("W", "F")
"""East Asian widths of characters that take two columns of a terminal."""


class _Event(msgspec.Struct, frozen=True):
    """The frame's JSON object, as far as a line shows it."""

    stream: str
    ts: datetime
    type: str
    data: msgspec.Raw


_decoder = msgspec.json.Decoder(_Event)


class EventLines:
    """Makes one line of each event; remembers which tool a call was of.

    Token usage and tools that succeeded are left out unless `types` has them.
    """

    def __init__(self, types: Collection[str]) -> None:
        self._types = types
        self._calls: dict[tuple[str, str], str] = {}

    def line(self, frame: Frame) -> str | None:
        """Nothing in it is acted upon by a terminal. Raises LatticeError for what is no event."""
        try:
            event = _decoder.decode(frame.data)
            data = events.decode(bytes(event.data))
        except msgspec.DecodeError as error:
            raise no_event(error) from error
        told = self._told(event, data)
        if told is None:
            return None
        kind, gist = told
        place = one_line(_place(event.stream))
        line = f"{_clock(event.ts)}  {place:<{PLACE_CHARS}}  {one_line(kind):<{KIND_CHARS}}"
        return f"{line}  {one_line(_by(data) + gist)}".rstrip()

    def _told(self, event: _Event, data: Any) -> Told | None:
        if isinstance(data, events.ToolCalled):
            self._remember((event.stream, data.call), data.name)
        if isinstance(data, events.ToolReturned):
            return self._returned(data, self._calls.pop((event.stream, data.call), ""))
        if isinstance(data, events.UsageReported) and event.type not in self._types:
            return None
        gist: Callable[[Any], Told] | None = GISTS.get(type(data))
        return gist(data) if gist else (event.type, text(bytes(event.data).decode()))

    def _remember(self, call: tuple[str, str], name: str) -> None:
        while len(self._calls) >= REMEMBERED_CALLS:
            del self._calls[next(iter(self._calls))]
        self._calls[call] = name

    def _returned(self, data: events.ToolReturned, name: str) -> Told | None:
        if data.denied:
            return "denied", joined(name, text(data.output))
        if data.ok is False:
            code = f"exit {data.exit_code}" if data.exit_code else ""
            return "failed", joined(name, code, text(data.output))
        if "tool.returned" not in self._types:
            return None
        took = "" if data.duration_ms is None else f"{data.duration_ms / 1000:g} s"
        return "returned", joined(name, took, files(data.files, data.cwd))


def cut(line: str, room: int) -> str:
    """The line's beginning that takes up at most `room` columns of a terminal."""
    if len(line) * 2 <= room:
        return line
    used = 0
    for place, char in enumerate(line):
        used += 2 if unicodedata.east_asian_width(char) in WIDE else 1
        if used > room:
            return _ended(line[:place], room)
    return line


def _ended(line: str, room: int) -> str:
    """With a mark that it was cut, in place of the last character."""
    return line[:-1] + "…" if line and room > 1 else line


def _clock(at: datetime) -> str:
    """Local time; with the day unless that is today."""
    try:
        local = at.astimezone()
    except (OverflowError, ValueError):
        return "--:--:--"
    today = local.date() == datetime.now().date()
    return f"{local:%H:%M:%S}" if today else f"{local:%Y-%m-%d %H:%M:%S}"


def _place(stream: str) -> str:
    """A session by its agent and the beginning of its id, a pull by its end."""
    room, _, rest = stream.partition("/")
    if room == "session":
        agent, _, session = rest.partition("/")
        return f"{agent}/{session[:ID_CHARS]}"
    if room == "pull":
        return f"pull/{rest[-ID_CHARS:]}"
    return stream if len(stream) <= PLACE_CHARS else f"…{stream[1 - PLACE_CHARS :]}"


def _by(data: Any) -> str:
    """Which subagent, if any."""
    subagent = data.subagent if isinstance(data, events.SessionEvent) else ""
    return f"[{subagent[:ID_CHARS]}] " if subagent else ""
