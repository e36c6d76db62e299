"""A made-up history that is put into the base tables at once: texts to be found, nothing else."""

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec

from session_lattice.home import Home
from session_lattice.store.store import Store
from tests.bench.text import Text

SEED = 20_260_601
FIRST_US = 1_777_593_600_000_000
"""2026-05-01T00:00:00Z."""

STEP_US = 10_000_000
"""Between two messages, on average: 500,000 are two months of a busy machine."""

SESSION_MESSAGES = 250
REPOS = 40
FAILED_SHARE = 0.07
MESSAGE_CHARS = 150
"""The median; as in recorded transcripts a long tail makes 540 bytes of it on average."""

SIGMA = 1.5
MAX_CHARS = 32_768
CALL_CHARS = 150
CALL_SIGMA = 1.2
MAX_CALL_CHARS = 4_096
SHELL_SHARE = 0.6
EPOCH = "bench"


def fill(home: Home, messages: int) -> int:
    """So many messages and as many calls into the store of `home`; bytes of what they say."""
    home.create()
    store = Store(home, 60.0)
    try:
        size = _load(store, home.work / "made.ndjson", messages)
        store.publish("bench", "embedded", "1", False)
    finally:
        store.close()
    return size


def _load(store: Store, file: Path, messages: int) -> int:
    encoder, size = msgspec.json.Encoder(), 0
    with file.open("wb") as out:
        for row in _rows(messages):
            size += sum(len(str(row[name]).encode()) for name in ("text", "output"))
            out.write(encoder.encode(row) + b"\n")
    database = store._database
    sql = (Path(__file__).parent / "made.sql").read_text("utf-8")
    for statement in filter(str.strip, sql.split(";")):
        with database.transaction():
            parameters = {"path": str(file)} if "$path" in statement else {"epoch": EPOCH}
            database.run(statement, parameters if "$" in statement else None)
    file.unlink()
    return size


def _rows(messages: int) -> Iterator[dict[str, str | int | bool]]:
    """A message and a call in turns, in sessions that follow each other."""
    text, rng = Text(SEED), random.Random(SEED)
    ts = FIRST_US
    for number in range(messages):
        ts += int(rng.expovariate(1) * STEP_US)
        session = number // SESSION_MESSAGES
        place: dict[str, str | int | bool] = {
            "session": f"claude_code/{session:08x}-0000-4000-8000-{session:012x}",
            "cwd": f"/src/{text.words[session % REPOS]}-{session % REPOS}",
            "ts": ts,
            "number": number,
        }
        yield {**place, **_message(text, rng)}
        yield {**place, **_call(text, rng)}


def _message(text: Text, rng: random.Random) -> dict[str, str | bool]:
    size = min(MAX_CHARS, int(rng.lognormvariate(0, SIGMA) * MESSAGE_CHARS) + 8)
    kind = "prompt" if rng.random() < 0.2 else "reply"
    make = text.prose if rng.random() < 0.7 else text.code
    return {"kind": kind, "text": make(rng, size), "output": "", "ok": True, "tool": ""}


def _call(text: Text, rng: random.Random) -> dict[str, str | bool]:
    size = min(MAX_CALL_CHARS, int(rng.lognormvariate(0, CALL_SIGMA) * CALL_CHARS) + 8)
    shell, failed = rng.random() < SHELL_SHARE, rng.random() < FAILED_SHARE
    said = {"command": text.output(rng, size)} if shell else {"file_path": text.code(rng, size)}
    output = text.output(rng, 300) if failed else ""
    tool = "Bash" if shell else rng.choice(("Read", "Edit", "Grep"))
    given = msgspec.json.encode(said).decode()
    return {"kind": "", "text": given, "output": output, "ok": not failed, "tool": tool}
