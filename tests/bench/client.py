"""Runs the load client beside a server and takes in what it measured."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.bench.measure import BenchError
from tests.bench.program import ROOT

CONNECTIONS = 16
WARM_SECONDS = 0.5
GRACE_SECONDS = 60.0


class Answers(msgspec.Struct, frozen=True):
    """What the client saw; times in seconds."""

    requests: int
    errors: int
    first_error: str
    per_second: float
    p50: float
    p90: float
    p99: float
    p999: float
    max: float


def load(
    port: int,
    paths: Sequence[str],
    folder: Path,
    *,
    connections: int = CONNECTIONS,
    seconds: float = WARM_SECONDS,
    rate: float = 0.0,
    count: int = 0,
) -> Answers:
    """Ask for `paths` in turn; every answer is either right or counted as an error."""
    listed = folder / "paths.txt"
    listed.write_text("\n".join(paths), "utf-8")
    command = [
        sys.executable, "-m", "tests.bench.load", str(port), str(listed),
        "--connections", str(connections), "--seconds", str(seconds),
        "--rate", str(rate), "--count", str(count),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + GRACE_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise BenchError("the load client hangs") from error
    if done.returncode:
        raise BenchError(f"the load client failed: {done.stderr[-400:]}")
    return msgspec.convert(json.loads(done.stdout), Answers)


def without_errors(answers: Answers) -> Answers:
    if answers.errors:
        raise BenchError(f"{answers.errors} errors, the first: {answers.first_error}")
    return answers
