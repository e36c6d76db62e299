"""What people search for, by class, drawn from what the made-up history says."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode

from tests.bench.searches.made import REPOS, SEED
from tests.bench.text import Text

EACH = 12
"""Queries of each class."""

FIRST_DAY = date(2026, 5, 1)
COMMON, MIDDLING = 40, 400
"""Ranks in the vocabulary above which a word is common, and below which it is rare."""


@dataclass(frozen=True, slots=True)
class Query:
    """`words` must all occur, or with `phrase` side by side, for whoever looks without an index."""

    q: str
    words: tuple[str, ...]
    phrase: bool = False
    filters: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return "/search?" + urlencode({"q": self.q, "limit": "20", **self.filters})


def queries() -> dict[str, list[Query]]:
    """Class → queries."""
    text, rng = Text(SEED), random.Random(SEED)

    def word(low: int, high: int | None) -> str:
        return rng.choice(text.words[low:high])

    def plain(*ranks: tuple[int, int | None]) -> Query:
        words = tuple(word(*rank) for rank in ranks)
        return Query(" ".join(words), words)

    def phrase() -> Query:
        words = (word(0, COMMON), word(0, COMMON))
        return Query(f'"{" ".join(words)}"', words, phrase=True)

    def prefix() -> Query:
        begin = word(MIDDLING, None)[:5]
        return Query(f"{begin}*", (begin,))

    def within(**filters: str) -> Query:
        words = (word(COMMON, MIDDLING),)
        return Query(words[0], words, filters=filters)

    def in_time() -> Query:
        since = FIRST_DAY + timedelta(days=rng.randrange(50))
        until = since + timedelta(days=1)
        return within(since=since.isoformat(), until=until.isoformat())

    made: dict[str, Callable[[], Query]] = {
        "a rare word": lambda: plain((MIDDLING, None)),
        "a word": lambda: plain((COMMON, MIDDLING)),
        "a common word": lambda: plain((0, COMMON)),
        "two words": lambda: plain((0, COMMON), (COMMON, MIDDLING)),
        "three words": lambda: plain((0, COMMON), (COMMON, MIDDLING), (COMMON, MIDDLING)),
        "a phrase": phrase,
        "a beginning": prefix,
        "a word in a repository": lambda: within(repo=_repo(text, rng)),
        "a word in calls of a tool": lambda: within(tool=rng.choice(("Bash", "Grep"))),
        "a word in a day": in_time,
    }
    return {name: [make() for _ in range(EACH)] for name, make in made.items()}


def _repo(text: Text, rng: random.Random) -> str:
    number = rng.randrange(REPOS)
    return f"/src/{text.words[number]}-{number}"
