"""What somebody typed, as an expression of FTS5 that is never a syntax error.

several words     all of them, anywhere in the text
"a phrase"        these words side by side; so is a word with marks in it, such as a/path.py
begin*            words that begin so
one OR other      either of the two; binds closer than what stands beside it
-word             not with this word; so does NOT word
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from session_lattice.errors import QueryError

MAX_QUERY_CHARS = 1_000
MAX_TERMS = 32
"""Words and phrases of one query."""

MAX_WORDS = 64
"""Words of all its terms together: a UUID has five."""

MIN_PREFIX_CHARS = 3
"""Before a `*`: what a shorter one begins is a good part of all words there are."""

MARK = "\ue000"
"""Begins the words that stand for filters; what is typed never has it."""

_TERM = re.compile(
    r'(?P<sign>-(?=["\w]))?(?:"(?P<phrase>[^"]*)(?:"(?P<star>\*)?|$)|(?P<word>[^\s"]+))'
)
_WORD = re.compile(r"[^\W_]+")
_UNSAID = re.compile("[\x00\ud800-\udfff\ue000]")
"""NUL would end the expression, a surrogate cannot be encoded, and the mark is ours."""

_HINT = 'write words, "a phrase", begin*, one OR other, -without'


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase, or what words begin with."""

    text: str
    begins: bool = False
    excluded: bool = False

    @property
    def words(self) -> list[str]:
        return _WORD.findall(self.text)

    @property
    def sql(self) -> str:
        return f'"{self.text}"' + (" *" if self.begins else "")


def parse(query: str) -> str:
    """The expression. Raises QueryError for what cannot be meant."""
    if len(query) > MAX_QUERY_CHARS:
        raise QueryError(
            f"the query has {len(query)} characters", hint=f"at most {MAX_QUERY_CHARS} are taken"
        )
    groups, excluded = _groups(_terms(_UNSAID.sub(" ", query)))
    _check([*(term for group in groups for term in group), *excluded])
    if not groups:
        told = "only says what is not wanted" if excluded else "has no word to search for"
        raise QueryError(f"the query {told}", hint=_HINT)
    wanted = " AND ".join(f"({_either(group)})" for group in groups)
    return f"({wanted}) NOT ({_either(excluded)})" if excluded else f"({wanted})"


def words(query: str) -> list[str]:
    """The words that are wanted, in small letters; of a query that `parse` takes."""
    groups, _ = _groups(_terms(_UNSAID.sub(" ", query)))
    return [word.lower() for group in groups for term in group for word in term.words]


def also(expression: str, filters: Iterable[Iterable[int]]) -> str:
    """The expression within documents that have one of the names of each of the `filters`."""
    told = [" OR ".join(f'"{MARK}{name}"' for name in names) for names in filters]
    return " AND ".join([f"({expression})", *(f"(names : ({names}))" for names in told)])


def facets(names: Iterable[int]) -> str:
    """What stands for a document's own names."""
    return " ".join(f"{MARK}{name}" for name in names)


def _either(terms: Iterable[Term]) -> str:
    return " OR ".join(term.sql for term in terms)


def _terms(query: str) -> Iterator[Term | str]:
    """Terms in order, and the words that join them: OR, AND, NOT."""
    for match in _TERM.finditer(query):
        if (word := match["word"]) is None:
            yield Term(match["phrase"], bool(match["star"]), bool(match["sign"]))
        elif word in ("OR", "AND", "NOT") and not match["sign"]:
            yield word
        else:
            yield Term(word.rstrip("*"), word.endswith("*"), bool(match["sign"]))


def _groups(terms: Iterable[Term | str]) -> tuple[list[list[Term]], list[Term]]:
    """Alternatives, all of which must be met by one of their terms, and what is excluded.

    What joins nothing, at an end or beside another one, is left out.
    """
    groups: list[list[Term]] = []
    excluded: list[Term] = []
    joint = ""
    for term in terms:
        if isinstance(term, str):
            joint = term
        elif term.words:
            if term.excluded or joint == "NOT":
                excluded.append(term)
            elif joint == "OR" and groups:
                groups[-1].append(term)
            else:
                groups.append([term])
            joint = ""
    return groups, excluded


def _check(terms: list[Term]) -> None:
    count = sum(len(term.words) for term in terms)
    if len(terms) > MAX_TERMS or count > MAX_WORDS:
        raise QueryError(
            f"the query has {count} words in {len(terms)} terms",
            hint=f"at most {MAX_WORDS} words in {MAX_TERMS} terms are taken",
        )
    for term in terms:
        begun = term.words[-1]
        if term.begins and begun.isascii() and len(begun) < MIN_PREFIX_CHARS:
            raise QueryError(
                f"too many words begin with {begun!r}",
                hint=f"write at least {MIN_PREFIX_CHARS} letters before the *",
            )
