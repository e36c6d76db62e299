"""`python -m tests.upstream.process SESSIONS`: an upstream that is told what to do line by line.

First it prints {"port": …}. Each line on its input is [name, positional, named], the call of a
method; it prints {"result": …}. It ends with its input.
"""

import argparse
import json
import sys
from typing import Any

from tests.upstream.server import Upstream
from tests.upstream.world import SEED, World

CALLS = frozenset(
    {
        *("change", "change_repos", "add", "renumber", "scan", "restart"),
        *("refuse", "misbehave", "behave", "count", "delivered", "prepare"),
    }
)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.upstream.process")
    parser.add_argument("sessions", type=int)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    with Upstream(World(given.sessions, seed=given.seed)) as server:
        _tell({"port": server.port})
        for line in sys.stdin:
            name, positional, named = json.loads(line)
            if name not in CALLS:
                raise SystemExit(f"an upstream has no {name!r}")
            _tell({"result": getattr(server, name)(*positional, **named)})
    return 0


def _tell(said: dict[str, Any]) -> None:
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
