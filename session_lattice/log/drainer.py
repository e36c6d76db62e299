"""The one consumer that writes to the log, however many threads produce."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from session_lattice import events
from session_lattice.errors import LogError
from session_lattice.events import TERMINAL, Draft, Event
from session_lattice.log.base import Encoded, EventLog
from session_lattice.log.redaction import redact_events

QUEUE_DRAFTS = 4096
"""Drafts that wait at most; as many again are being written. A larger delivery waits alone."""

QUEUE_DELIVERIES = 256
"""Deliveries that wait at most."""


MAX_EVENT_BYTES = 1024 * 1024
"""Of one encoded event. Sources cut long texts; only names of absurd length get this far."""

CUT_CHARS = 512
"""What is left of every text of an event that is larger."""

CUT_ITEMS = 256
"""What is left of its lists."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Drafts of one source, in order, and the checkpoints that hold once they are in the log.

    Drafts that another process has encoded come as what `encode` made of them there.
    """

    source: str
    drafts: Sequence[Draft] | Sequence[Encoded]
    checkpoints: Mapping[str, bytes | None]


@dataclass(slots=True)
class _Waiting:
    producer: threading.Thread
    delivery: Delivery
    dropped: bool = False


class Drainer:
    """Encodes, redacts, checks and appends what threads submit, in one thread of its own.

    Deliveries of one thread keep their order. Those that wait together become one transaction.
    When a delivery fails, it and all that its thread has submitted after it are dropped, with
    their checkpoints. The thread is told by a LogError at its next `submit` or `flush`; what it
    submits from then on is taken again, so it should start over from the log's checkpoints.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._changed = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._queued_drafts = 0
        self._submitted = 0
        self._settled = 0
        self._failures: WeakKeyDictionary[threading.Thread, Exception] = WeakKeyDictionary()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="drainer", daemon=True)
        self._thread.start()

    def submit(self, delivery: Delivery) -> None:
        """Hand over a delivery; waits while the queue is full."""
        producer = threading.current_thread()
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._has_room(delivery))
            self._tell(self._failures.pop(producer, None))
            if self._closing:
                raise LogError("nothing more is written: the program is ending")
            self._queue.append(_Waiting(producer, delivery))
            self._queued_drafts += len(delivery.drafts)
            self._submitted += 1
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until all that was submitted is in the log; raises what kept any of it out."""
        with self._changed:
            target = self._submitted
            self._changed.wait_for(lambda: self._settled >= target)
            self._tell_any()

    def close(self) -> None:
        """Write what was submitted, then end. Raises what `flush` would."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        with self._changed:
            self._tell_any()

    def _has_room(self, delivery: Delivery) -> bool:
        return not self._queue or (
            len(self._queue) < QUEUE_DELIVERIES
            and self._queued_drafts + len(delivery.drafts) <= QUEUE_DRAFTS
        )

    def _tell_any(self) -> None:
        """The caller's own failure, or one that its thread has not been told yet."""
        own = self._failures.pop(threading.current_thread(), None)
        self._tell(own or next(iter(self._failures.values()), None))

    @staticmethod
    def _tell(failure: Exception | None) -> None:
        if isinstance(failure, LogError):
            raise LogError(failure.what, hint=failure.hint) from failure
        if failure is not None:
            raise LogError(
                f"events could not be written: {failure!r}", hint="report this as a bug"
            ) from failure

    def _run(self) -> None:
        while group := self._take():
            self._settle(group, self._write(group))

    def _take(self) -> list[_Waiting]:
        """All that waits; empty only when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            group = list(self._queue)
            self._queue.clear()
            self._queued_drafts = 0
            self._changed.notify_all()
        return group

    def _write(self, group: Sequence[_Waiting]) -> dict[threading.Thread, Exception]:
        """Append a group in one transaction; why, for each producer some of whose was not.

        This is the top of the thread, so that it passes every error on.
        """
        failed: dict[threading.Thread, Exception] = {}
        encoded: list[Encoded] = []
        checkpoints: dict[str, dict[str, bytes | None]] = {}
        for waiting in group:
            if waiting.dropped or waiting.producer in failed:
                continue
            try:
                encoded += _encoded(waiting.delivery.drafts)
            except Exception as error:
                failed[waiting.producer] = error
            else:
                kept = checkpoints.setdefault(waiting.delivery.source, {})
                kept.update(waiting.delivery.checkpoints)
        try:
            self._log.append(encoded, checkpoints)
        except Exception as error:
            return {waiting.producer: error for waiting in group if not waiting.dropped} | failed
        return failed

    def _settle(
        self, group: Sequence[_Waiting], failed: Mapping[threading.Thread, Exception]
    ) -> None:
        with self._changed:
            self._failures.update(failed)
            for waiting in self._queue:
                waiting.dropped = waiting.dropped or waiting.producer in failed
            self._settled += len(group)
            self._changed.notify_all()


def _encoded(drafts: Sequence[Draft] | Sequence[Encoded]) -> list[Encoded]:
    new = [draft for draft in drafts if isinstance(draft, Draft)]
    return encode(new) + [draft for draft in drafts if isinstance(draft, Encoded)]


def encode(drafts: Sequence[Draft]) -> list[Encoded]:
    """What the log keeps of `drafts`. Raises LogError for one that is not an event."""
    placed = [_line(draft) for draft in drafts]
    lines = redact_events([line for _, line in placed])
    return [
        Encoded(draft.stream, draft.key, draft.ts, *_kind(type(draft.event)), _checked(draft, line))
        for (draft, _), line in zip(placed, lines, strict=True)
    ]


def _line(draft: Draft) -> tuple[Draft, bytes]:
    try:
        line = events.encode(draft.event)
    except UnicodeEncodeError:
        draft = _without_surrogates(draft)
        line = events.encode(draft.event)
    except TypeError as error:
        raise _not_an_event(draft, error) from error
    if len(line) > MAX_EVENT_BYTES:
        draft = _rebuilt(draft, _cut)
        line = events.encode(draft.event)
    return draft, line


def _without_surrogates(draft: Draft) -> Draft:
    """Names of files that are no UTF-8 hold code points that cannot be encoded: spell them out."""
    spelled = _rebuilt(draft, _spelled_out)
    return Draft(_spelled_out(draft.stream), _spelled_out(draft.key), draft.ts, spelled.event)


def _rebuilt(draft: Draft, change: Callable[[Any], Any]) -> Draft:
    """The draft with `change` made to its event's fields."""
    try:
        event = msgspec.convert(change(msgspec.to_builtins(draft.event)), type(draft.event))
    except msgspec.ValidationError as error:
        raise _not_an_event(draft, error) from error
    return Draft(draft.stream, draft.key, draft.ts, event)


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value[:CUT_CHARS]
    if isinstance(value, list | tuple):
        return [_cut(item) for item in value[:CUT_ITEMS]]
    if isinstance(value, dict):
        return {key: _cut(item) for key, item in value.items()}
    return value


def _spelled_out(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list | tuple):
        return [_spelled_out(item) for item in value]
    if isinstance(value, dict):
        return {key: _spelled_out(item) for key, item in value.items()}
    return value


def _checked(draft: Draft, line: bytes) -> bytes:
    try:
        events.validate(line)
    except msgspec.ValidationError as error:
        raise _not_an_event(draft, error) from error
    return line


def _not_an_event(draft: Draft, error: Exception) -> LogError:
    name, _ = _kind(type(draft.event))
    return LogError(
        f"a source made an event {name} of {draft.stream} that is not one: {error}",
        hint="report this as a bug of the source",
    )


@cache
def _kind(event: type[Event]) -> tuple[str, bool]:
    return str(event.__struct_config__.tag), issubclass(event, TERMINAL)
