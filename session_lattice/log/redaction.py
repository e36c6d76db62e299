"""The one point that every text passes before it is kept: secrets become `[redacted:<kind>]`.

It has two steps, because almost no event holds a secret. One linear pass of RE2 over the
encoded events finds those that may; only they are decoded, redacted string by string with the
precise rules, and encoded again.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

import msgspec
import re2  # type: ignore[import-untyped]

from session_lattice.log.patterns import RULES, Rule

GATE_MEMORY_BYTES = 32 * 1024 * 1024
"""What RE2 may use for each automaton; beyond it throws states away and gets slower."""


def redact_events(events: Sequence[bytes]) -> list[bytes]:
    """The encoded events, each a line of JSON, with a mark in place of each secret in a string.

    Redacting again changes nothing.
    """
    cleaned = list(events)
    for index in _suspects(events):
        cleaned[index] = _redact_event(events[index])
    return cleaned


def _suspects(events: Sequence[bytes]) -> Iterator[int]:
    text = b"\n".join(events)
    ends = list(accumulate(len(event) + 1 for event in events))
    position = 0
    while (found := _gate().search(text, position)) is not None:
        index = bisect_right(ends, found.start())
        yield index
        position = ends[index]


def _redact_event(data: bytes) -> bytes:
    """Until nothing changes: a mark may end a word, so that the next secret is seen as one.

    It ends, because every round leaves less text outside marks.
    """
    while _gate().search(data) is not None:
        event = msgspec.json.decode(data)
        cleaner = msgspec.json.encode(_redact_strings(event, _rules_for(data)))
        if cleaner == data:
            break
        data = cleaner
    return data


def _rules_for(data: bytes) -> list[Rule]:
    # None also means that the automaton outgrew its memory.
    found = _gates().Match(data)
    return list(RULES) if found is None else [RULES[index] for index in sorted(found)]


def _redact_strings(value: Any, rules: Sequence[Rule]) -> Any:
    if isinstance(value, str):
        for rule in rules:
            value = rule.apply(value)
        return value
    if isinstance(value, list):
        return [_redact_strings(item, rules) for item in value]
    if isinstance(value, dict):
        return {key: _redact_strings(item, rules) for key, item in value.items()}
    return value


@cache
def _gate() -> Any:
    """Whether any rule may find something, and where."""
    return re2.compile("|".join(rule.gate for rule in RULES).encode(), _options())


@cache
def _gates() -> Any:
    """Which rules may find something."""
    gates = re2.Set.SearchSet(_options())
    for rule in RULES:
        gates.Add(rule.gate.encode())
    gates.Compile()
    return gates


def _options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.max_mem = GATE_MEMORY_BYTES
    return options
