"""`python -m tests.bench.lattices HOME SESSIONS ROUNDS`: JSON of what the views cost.

A process of its own, so that its memory is that of the store and its views.
"""

import json
import resource
import sys
import time
from importlib import resources
from pathlib import Path
from statistics import median
from typing import Any

from session_lattice import events
from session_lattice.events import Draft, Envelope, Event
from session_lattice.home import Home
from session_lattice.store.store import Store

EPOCH = "bench"
PER_SESSION = 500


def main(home: str, sessions: int, rounds: int) -> None:
    place = Home(Path(home))
    place.create()
    store = Store(place, 60.0)
    store.applied(EPOCH)
    fill(store, sessions)
    began = time.perf_counter()
    anew = store.refresh()
    rebuilt = time.perf_counter() - began
    settle(store)
    wrong = [str(error) for error in store.view_errors]
    turns = [turn(store, sessions, number) for number in range(rounds)]
    store.close()
    print(
        json.dumps(
            {
                "wrong": wrong,
                "rebuild_seconds": rebuilt,
                "rebuilds_ms": {one.view: one.duration_ms for one in anew},
                "refresh_seconds": [seconds for seconds, _ in turns],
                "refreshes_ms": medians([views for _, views in turns]),
                "dirty": turns[-1][1] and {name: keys for name, (_, keys) in turns[-1][1].items()},
                "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "stored_bytes": place.database.stat().st_size,
            }
        )
    )


def fill(store: Store, sessions: int) -> None:
    text = resources.files(__package__).joinpath("history.sql").read_text("utf-8")
    for statement in text.replace("$sessions", str(sessions)).split(";\n"):
        if statement.strip():
            store._database.run(statement)
    store._database.run("CHECKPOINT")


def settle(store: Store) -> None:
    """As publishing does it after each refresh."""
    store._database.run("FORCE CHECKPOINT")


def turn(
    store: Store, sessions: int, number: int
) -> tuple[float, dict[str, tuple[int, int | None]]]:
    """One session goes on; how long the refresh takes, and view → (milliseconds, dirty keys)."""
    at = (number * 7919) % sessions
    agent = "codex" if at % 4 == 0 else "claude_code"
    uuid = store._database.value(f"SELECT md5('{at}')")
    first = sessions * PER_SESSION + PER_SESSION + 1 + number * 10
    store.apply(envelopes(happened(agent, uuid, number), first))
    began = time.perf_counter()
    done = store.refresh()
    seconds = time.perf_counter() - began
    settle(store)
    return seconds, {one.view: (one.duration_ms, one.dirty) for one in done}


def happened(agent: str, session: str, number: int) -> list[Event]:
    place: dict[str, Any] = {
        "agent": agent, "session": session, "cwd": "/home/sam/repo1", "branch": "main",
    }  # fmt: skip
    path = f"/home/sam/repo1/src/part{number}.py"
    return [
        events.MessageUser(**place, message=f"n{number}", kind="prompt", text="go", text_bytes=2),
        events.MessageAssistant(**place, message=f"o{number}", text="yes", text_bytes=3),
        events.UsageReported(
            **place,
            response=f"new{number}",
            model="claude-opus-4-5",
            input_tokens=5,
            output_tokens=9,
        ),
        events.ToolCalled(
            **place,
            call=f"d{number}",
            name="Edit",
            files=(events.Touch(path=path, action="edit", added=(1, 2, 3)),),
        ),
        events.ToolReturned(**place, call=f"d{number}", ok=True),
        events.ToolCalled(**place, call=f"e{number}", name="Bash", input='{"command":"pytest"}'),
        events.ToolReturned(**place, call=f"e{number}", ok=False, output="Error: 3 failed"),
    ]


def envelopes(happened: list[Event], first: int) -> list[Envelope]:
    now = time.time_ns() // 1000
    return [
        Envelope(
            first + place, draft.stream, place, now + place * 1_000_000,
            str(draft.event.__struct_config__.tag), False, "here", events.encode(draft.event),
        )
        for place, draft in enumerate(Draft("session/x", "k", now, event) for event in happened)
    ]  # fmt: skip


def medians(turns: list[dict[str, tuple[int, int | None]]]) -> dict[str, float]:
    return {name: median(turn.get(name, (0, 0))[0] for turn in turns) for name in turns[0]}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
