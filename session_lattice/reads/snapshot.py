"""Which generation a request is answered from, and a handle on it of its own."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from session_lattice.errors import GenerationError, NoGenerationError
from session_lattice.home import Home
from session_lattice.reads.catalog import Column, Stamp, View, read_catalog, read_stamp
from session_lattice.store import generations
from session_lattice.store.generations import Generation, Reader

if TYPE_CHECKING:
    import duckdb

RECHECK_SECONDS = 5.0
"""While an older generation stands in, the pointed one is tried again this often."""

CLAIM_SECONDS = 0.25
"""How long who was told to open a generation has before the next one is told."""

MAX_TRIED = 16
"""Generations that are tried, newest first, before giving up."""

Identity = tuple[int, int, int] | None
"""Inode, size and time of change of what the pointer leads to; None when that is nowhere."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A generation that should be served and cannot be; `since` is microseconds, UTC."""

    what: str
    since: int
    advice: str


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """A generation that was found whole, and what it says of itself.

    `pointed` is False while it stands in for a newer generation that cannot be read.
    `serial` rises with each opening of a process; `parts` are the columns of what is not in
    the catalog, described once; `names` is what searches looked up, which cannot change;
    `prepared` is what `Snapshots.prepare` made.
    """

    generation: Generation
    stamp: Stamp
    catalog: dict[str, View]
    pointed: bool
    serial: int
    parts: dict[str, dict[str, Column]] = field(default_factory=dict)
    names: dict[tuple[str, str], str | None] = field(default_factory=dict)
    prepared: Mapping[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one request reads: one whole generation, through a handle of its own."""

    connection: "duckdb.DuckDBPyConnection"
    served: Served

    @property
    def generation(self) -> int:
        return self.served.generation.number

    @property
    def stamp(self) -> Stamp:
        return self.served.stamp

    @property
    def catalog(self) -> dict[str, View]:
        return self.served.catalog


@dataclass(slots=True, eq=False)
class _Held:
    """What is served, attached under `name`, and how many requests read it.

    `identity` is what the pointer led to then, `until` how long that is believed.
    """

    served: Served
    name: str
    identity: Identity
    until: float
    users: int = 0
    retired: bool = False


@dataclass(slots=True)
class Snapshots:
    """Opens snapshots of one home's newest good generation; safe to share between threads.

    The first request that sees a new pointer attaches its generation and waits for it; those
    that arrive meanwhile are answered from the one before, which the last of them detaches.
    """

    home: Home
    trouble: Trouble | None = None
    prepare: Callable[[Snapshot], Mapping[Any, Any]] = lambda _: {}
    """What is to be made of a generation before it takes the place of another."""

    _reader: Reader | None = None
    _held: _Held | None = None
    _opening: Lock = field(default_factory=Lock)
    _counting: Lock = field(default_factory=Lock)
    _distrusted: dict[Identity, tuple[GenerationError, float]] = field(default_factory=dict)
    _serial: int = 0
    _claim: tuple[Identity, float] = (None, 0.0)

    @contextmanager
    def open(self) -> Iterator[Snapshot]:
        """A handle on the newest good generation. Raises NoGenerationError."""
        held = self._enter()
        try:
            with self._instance().handle(held.name) as connection:
                yield Snapshot(connection, held.served)
        finally:
            self._leave(held)

    def _enter(self) -> _Held:
        while True:
            held = self._newest()
            with self._counting:
                if not held.retired:
                    held.users += 1
                    return held

    def _leave(self, held: _Held) -> None:
        with self._counting:
            held.users -= 1
            idle = held.retired and not held.users
        if idle:
            self._instance().detach(held.name)

    def _replace(self, newer: _Held | None) -> None:
        with self._counting:
            before, self._held = self._held, newer
            if before:
                before.retired = True
            idle = before if before and not before.users else None
        if idle:
            self._instance().detach(idle.name)

    def _instance(self) -> Reader:
        if self._reader is None:
            self._reader = Reader(self.home)
        return self._reader

    def served(self) -> Served:
        """What `open` would open. Raises NoGenerationError."""
        return self._newest().served

    @property
    def serial(self) -> int:
        """Of the generation that is served; 0 before the first."""
        held = self._held
        return held.served.serial if held else 0

    def look(self) -> Served | None:
        """What is served, without waiting; None if the caller is to `open`, as one now must.

        Of those that look while a generation is due or being opened, only the first is told.
        """
        held, identity = self._held, self.identity()
        if held is None or self._current(held, identity) or self._opening.locked():
            return held.served if held else None
        now = time.monotonic()
        if self._claim[0] == identity and now < self._claim[1]:
            return held.served
        self._claim = (identity, now + CLAIM_SECONDS)
        return None

    def identity(self) -> Identity:
        """Of the file that the pointer leads to now."""
        try:
            found = os.stat(self.home.pointer)  # noqa: PTH116 - half of what Path.stat costs
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _newest(self) -> _Held:
        held = self._held
        if held and (self._current(held, self.identity()) or self._opening.locked()):
            return held
        with self._opening:
            held, identity = self._held, self.identity()
            if held is None or not self._current(held, identity):
                try:
                    newer = self._resolve(identity)
                except NoGenerationError:
                    self._replace(None)
                    raise
                if held:
                    self._make_ready(newer)
                self._replace(newer)
                return newer
            return held

    def _make_ready(self, newer: _Held) -> None:
        """While the others are still answered from the generation before."""
        with self._instance().handle(newer.name) as connection:
            snapshot = Snapshot(connection, newer.served)
            newer.served = replace(newer.served, prepared=self.prepare(snapshot))

    def distrust(self, served: Served, error: Exception) -> None:
        """A read found it broken: another generation stands in until it is replaced."""
        broken = generations.broken(served.generation, str(error).splitlines()[0])
        now = time.monotonic()
        with self._opening:
            known = {key: value for key, value in self._distrusted.items() if now < value[1]}
            self._distrusted = {**known, _identity_of(served.generation): (broken, _recheck())}
            if self._held and self._held.served is served:
                self._replace(None)

    def close(self) -> None:
        """Let go of every file; nothing may be reading."""
        with self._opening:
            if self._reader:
                self._reader.close()
            self._held = self._reader = None

    @staticmethod
    def _current(held: _Held, identity: Identity) -> bool:
        return held.identity == identity and time.monotonic() < held.until

    def _resolve(self, identity: Identity) -> _Held:
        troubles: list[Trouble] = []
        for generation in self._candidates():
            pointed = generation == generations.pointed_at(self.home)
            try:
                served, name = self._open(generation, pointed)
            except GenerationError as error:
                troubles.append(self._trouble(generation, error))
                continue
            self.trouble = None if pointed else self._fallback(generation, troubles)
            if pointed:
                return _Held(served, name, _identity_of(generation), float("inf"))
            return _Held(served, name, identity, _recheck())
        self.trouble = troubles[0] if troubles else None
        raise _nothing(self.home, troubles)

    def _candidates(self) -> Iterator[Generation]:
        """The pointed one, again if the pointer moves on meanwhile, then from newest to oldest."""
        tried: list[Generation] = []
        while len(tried) < MAX_TRIED:
            pointed = generations.pointed_at(self.home)
            found = [pointed] if pointed else []
            left = [one for one in found + generations.all_published(self.home) if one not in tried]
            if not left:
                return
            tried.append(left[0])
            yield left[0]

    def _open(self, generation: Generation, pointed: bool) -> tuple[Served, str]:
        known = self._distrusted.get(_identity_of(generation))
        if known and time.monotonic() < known[1]:
            raise known[0]
        name = self._instance().attach(generation)
        try:
            with self._instance().handle(name) as connection:
                generations.check(generation, connection)
                stamp, catalog = read_stamp(connection), read_catalog(connection)
        except BaseException:
            self._instance().detach(name)
            raise
        self._serial += 1
        return Served(generation, stamp, catalog, pointed, self._serial), name

    def _trouble(self, generation: Generation, error: GenerationError) -> Trouble:
        return Trouble(error.what, _touched(generation), error.hint)

    def _fallback(self, generation: Generation, troubles: list[Trouble]) -> Trouble:
        instead = f"generation {generation.number} is served instead"
        if troubles:
            first = troubles[0]
            return Trouble(f"{first.what}; {instead}", first.since, first.advice)
        return Trouble(
            f"{self.home.pointer.name} leads nowhere; {instead}",
            _touched(generation),
            "wait for the puller's next generation, or run `session-lattice serve-puller --once`",
        )


def _identity_of(generation: Generation) -> Identity:
    try:
        found = generation.path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _touched(generation: Generation) -> int:
    """When the file was last changed, or its directory if it is gone; microseconds."""
    for path in (generation.path, generation.path.parent):
        try:
            return path.stat().st_mtime_ns // 1000
        except OSError:
            continue
    return 0


def _recheck() -> float:
    return time.monotonic() + RECHECK_SECONDS


def _nothing(home: Home, troubles: list[Trouble]) -> NoGenerationError:
    if troubles:
        return NoGenerationError(f"{troubles[0].what}, and no other is left", hint=START_HINT)
    return NoGenerationError(f"nothing has been published in {home.root} yet", hint=START_HINT)


START_HINT = (
    "start `session-lattice serve-puller` (or `session-lattice up`) and wait for its first pull"
)
