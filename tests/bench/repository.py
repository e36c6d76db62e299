"""A made-up repository with a long history, the same for the same number of commits."""

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import SkipError

SEED = 5
FILES_PER_COMMIT = 3
CHANGED_LINES = (2, 9)
"""Of one file in one commit: at least, below."""

WORDS = [
    f"{first}_{second}"
    for first in ("tide", "harbor", "moon", "salt", "gauge", "buoy", "chart", "swell", "ebb")
    for second in ("level", "rate", "index", "table", "curve", "point", "range", "limit")
]
NAMES = [f"src/{a}/{b}/{c}.py" for a in WORDS[:25] for b in WORDS[40:50] for c in WORDS[50:58]]


def long_repository(cache: Path, commits: int) -> Path:
    """A bare repository of so many commits on one branch, made once. Raises SkipError."""
    if not shutil.which("git"):
        raise SkipError("git is not installed")
    place = cache / f"repository-{commits}-{SEED}.git"
    if not place.exists():
        unfinished = place.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        _git("init", "-q", "-b", "main", "--bare", str(unfinished))
        _import(unfinished, commits)
        unfinished.rename(place)
    return place


def _git(*words: str) -> None:
    subprocess.run(["git", *words], check=True)


def _import(place: Path, commits: int) -> None:
    # Without deltas: those that it would make on the way are of unlike files.
    command = ["git", "-C", str(place), "-c", "core.compression=1"]
    with subprocess.Popen(
        [*command, "fast-import", "--quiet", "--depth=0"], stdin=subprocess.PIPE
    ) as process:
        assert process.stdin
        for part in _stream(commits):
            process.stdin.write(part)
    if process.returncode:
        raise SkipError("git fast-import did not take the made-up history")


def _stream(commits: int) -> Iterator[bytes]:
    chance = random.Random(SEED)
    files: dict[str, list[str]] = {}
    at = 1_500_000_000
    for number in range(commits):
        at += chance.randrange(60, 3000)
        yield (
            f"commit refs/heads/main\nauthor Sam Tide <sam@example.org> {at - 30} +0200\n"
            f"committer Kim Moon <kim@example.org> {at} +0200\n"
        ).encode()
        yield _data(
            f"feat(tide): change {number} of the gauge (#{number % 900 + 1})\n\nIt is needed.\n\n"
            "Reviewed-by: Kim Moon <kim@example.org>\n"
        )
        for name in chance.sample(NAMES, FILES_PER_COMMIT):
            _change(files, name, chance)
            yield f"M 644 inline {name}\n".encode() + _data("\n".join(files[name]) + "\n")
        yield b"\n"


def _change(files: dict[str, list[str]], name: str, chance: random.Random) -> None:
    lines = files.get(name)
    if lines is None:
        files[name] = [_line(chance) for _ in range(chance.randrange(15, 60))]
        return
    start = chance.randrange(len(lines))
    lines[start : start + chance.randrange(6)] = [
        _line(chance) for _ in range(chance.randrange(*CHANGED_LINES))
    ]


def _line(chance: random.Random) -> str:
    words = [chance.choice(WORDS) for _ in range(3)]
    return f"    {words[0]} = {words[1]}({words[2]}, {chance.randrange(100_000)})"


def _data(text: str) -> bytes:
    raw = text.encode()
    return b"data %d\n" % len(raw) + raw + b"\n"
