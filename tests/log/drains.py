"""What the drainer's tests share: a log that can be held and made to fail, drafts, deliveries."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from session_lattice import events
from session_lattice.events import Draft, MessageUser
from session_lattice.log.base import Encoded, EventLog
from session_lattice.log.drainer import Delivery, Drainer
from session_lattice.log.memory import MemoryEventLog

Start = Callable[[EventLog], Drainer]
Checkpoints = Mapping[str, Mapping[str, bytes | None]]


class HeldLog(MemoryEventLog):
    """Waits in its first append until `go`; counts what each append brought."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.go = threading.Event()
        self.sizes: list[int] = []
        self.failures: list[Exception] = []

    def append(self, events: Sequence[Encoded], checkpoints: Checkpoints) -> int:
        self.entered.set()
        self.go.wait()
        self.sizes.append(len(events))
        if self.failures:
            raise self.failures.pop(0)
        return super().append(events, checkpoints)


def draft(key: str, stream: str = "session/claude_code/1", text: str = "hello") -> Draft:
    event = MessageUser(
        agent="claude_code", session="1", message=key, kind="prompt", text=text, text_bytes=5
    )
    return Draft(stream, key, 1, event)


def delivery(*keys: str, source: str = "claude", **checkpoints: bytes | None) -> Delivery:
    return Delivery(source, [draft(key) for key in keys], checkpoints)


def keys(log: EventLog) -> list[str]:
    return [events.decode(found.data).message for found in log.read(0)]


def in_thread(work: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread
