"""The same rows as most services would send them: a Pydantic model each, then `json.dumps`.

    python -m tests.bench.streams.pydantic_peer LOG

Reads the whole log in batches as large as they come, validates each row as a frame whose
`data` is decoded to a dict, and dumps the model. No HTTP and no frame around it. Prints one line
of JSON, times in seconds.
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Json

from session_lattice.events import Envelope
from session_lattice.log.sqlite import SqliteEventLog
from session_lattice.reads.times import from_micros
from tests.bench.streams.children import tell


class Frame(BaseModel):
    """What the `data` of a frame holds."""

    stream: str
    seq: int
    position: int
    ts: datetime
    type: str
    terminal: bool
    origin: str
    data: Json[dict[str, Any]]


def main(path: Path) -> None:
    log = SqliteEventLog(path, readonly=True)
    began, position, size = time.perf_counter(), 0, 0
    while events := log.read(position):
        for event in events:
            size += len(_sent(event))
        position = events[-1].position
    tell(seconds=time.perf_counter() - began, characters=size, events=position)
    log.close()


def _sent(event: Envelope) -> str:
    frame = Frame.model_validate(
        {
            "stream": event.stream,
            "seq": event.seq,
            "position": event.position,
            "ts": from_micros(event.ts),
            "type": event.type,
            "terminal": event.terminal,
            "origin": event.origin,
            "data": event.data,
        }
    )
    return json.dumps(frame.model_dump(mode="json"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
