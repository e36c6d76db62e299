"""What made-up sessions share: dice, repositories, fake secrets, the ledger of true totals."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from math import log
from typing import Any

import msgspec

from tests.bench.text import Text

MIB = 1024 * 1024
REPOSITORIES = 12
PATHS_PER_REPOSITORY = 160
BRANCHES_PER_REPOSITORY = 6
FOCUS_PATHS = 14
LARGEST_FILE_CHARS = 400_000
SECRET_SHARE = 1 / 400
"""Of command outputs, how many hold a fake secret."""

FIELDS = (
    "responses",
    "input_tokens",
    "output_tokens",
    "cache_write_tokens",
    "cache_read_tokens",
    "reasoning_tokens",
)
"""As in the view `model_usage`: input without cache, output with reasoning."""

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_text = lru_cache(maxsize=1)(Text)
_encoder = msgspec.json.Encoder()


def compact(value: Any) -> bytes:
    """One line of JSON without a space after its separators, newline included."""
    return _encoder.encode(value) + b"\n"


def stamp(ms: int) -> str:
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Dice(random.Random):
    """A seeded generator that knows the shapes of identifiers and sizes."""

    def uuid(self) -> str:
        h = f"{self.getrandbits(128):032x}"
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def token(self, prefix: str, length: int) -> str:
        return prefix + "".join(self.choices(ALPHABET, k=length))

    def size(self, median: float, sigma: float, most: int) -> int:
        """A log-normal size in characters, at least 1 and at most `most`."""
        return max(1, min(most, int(self.lognormvariate(log(median), sigma))))

    def chance(self, probability: float) -> bool:
        return self.random() < probability


@dataclass(frozen=True, slots=True)
class Repository:
    """A checkout; `bodies` is path → contents, so that a file read twice reads the same."""

    cwd: str
    remote: str
    branches: tuple[str, ...]
    bodies: dict[str, str]

    def focus(self, dice: Dice) -> tuple[str, ...]:
        """The few files that one session works on."""
        return tuple(dice.sample(list(self.bodies), FOCUS_PATHS))


class Ledger:
    """True totals by (agent, model), each response once."""

    def __init__(self) -> None:
        self.totals: dict[str, dict[str, dict[str, int]]] = {}

    def add(self, agent: str, model: str, **tokens: int) -> None:
        row = self.totals.setdefault(agent, {}).setdefault(model, dict.fromkeys(FIELDS, 0))
        row["responses"] += 1
        for field, count in tokens.items():
            row[field] += count


class World:
    """The texts, repositories and secrets that all sessions of one history draw from."""

    def __init__(self, seed: int) -> None:
        self.dice = Dice(seed)
        self.text = _text(seed)
        self.ledger = Ledger()
        self.secrets: list[str] = []
        self.repositories = [self._repository() for _ in range(REPOSITORIES)]

    def _repository(self) -> Repository:
        dice, words = self.dice, self.text.words
        name = f"{dice.choice(words[200:])}-{dice.choice(words[:200])}"
        folders = [f"{dice.choice(words)}/{dice.choice(words)}" for _ in range(20)]
        bodies = {self._path(folders): self._body() for _ in range(PATHS_PER_REPOSITORY)}
        branches = (
            "main",
            *(f"feat/{self.text.name(dice)}" for _ in range(BRANCHES_PER_REPOSITORY)),
        )
        return Repository(
            f"/home/dev/src/{name}", f"https://example.org/dev/{name}.git", branches, bodies
        )

    def _path(self, folders: list[str]) -> str:
        suffix = self.dice.choice(("py", "go", "ts", "md"))
        return f"{self.dice.choice(folders)}/{self.text.name(self.dice)}.{suffix}"

    def _body(self) -> str:
        return self.text.code(self.dice, self.dice.size(5_200, 1.1, LARGEST_FILE_CHARS))

    def command_output(self, size: int) -> str:
        """What a command printed; now and then somebody's fake secret is in it."""
        output = self.text.output(self.dice, size)
        return output + self._secret() if self.dice.chance(SECRET_SHARE) else output

    def _secret(self) -> str:
        """Put together here, so that no scanner takes this file for a leak."""
        dice = self.dice
        kinds = (
            dice.token("AK" + "IA", 16).upper(),
            dice.token("gh" + "p_", 36),
            dice.token("sk-" + "ant-api03-", 93) + "AA",
            dice.token("xo" + "xb-1234567890-", 24),
        )
        secret = dice.choice(kinds)
        self.secrets.append(secret)
        return f"\nexport SERVICE_KEY={secret}\n"


class Transcript:
    """The lines of one file, and the clock that its timestamps come from."""

    def __init__(self, start_ms: int) -> None:
        self.lines: list[bytes] = []
        self.size = 0
        self.now = start_ms

    def add(self, line: dict[str, Any]) -> None:
        self.keep(compact(line))

    def keep(self, line: bytes) -> None:
        self.lines.append(line)
        self.size += len(line)

    def tick(self, ms: int) -> str:
        self.now += ms
        return stamp(self.now)
