"""Usage of Claude Code's responses, each reported once per batch at its greatest."""

from collections.abc import Iterator
from typing import Any

import msgspec

from session_lattice.events import UsageReported

MAX_TOKENS = 1_000_000_000_000
"""A count above this is garbage and counts as 0."""

REMEMBERED = 8
"""Responses per file whose reported total is remembered from one batch to the next."""

SYNTHETIC = "<synthetic>"
"""The model of what Claude Code wrote itself: never billed."""

UNNAMED = "unknown"
"""The model of a response that used tokens and names none."""


class Usage(msgspec.Struct, gc=False):
    """`usage` as it stands in a message; anything may be of any type."""

    input_tokens: Any = None
    output_tokens: Any = None
    cache_creation_input_tokens: Any = None
    cache_read_input_tokens: Any = None
    cache_creation: Any = None
    output_tokens_details: Any = None
    speed: Any = None
    iterations: Any = None
    type: Any = None
    model: Any = None


class Reported(msgspec.Struct, array_like=True):
    """What was last reported of a message."""

    response: str
    total: int


class Where(msgspec.Struct, frozen=True, gc=False):
    """The fields that place an event; `ts` in microseconds."""

    ts: int
    session: str
    subagent: str
    cwd: str
    branch: str


class _Pending(msgspec.Struct, gc=False):
    where: Where
    event: UsageReported


class UsageTracker:
    """Gathers the usage of one file's lines; `take` hands out what is new since the last call.

    A message's usage is repeated on each of its lines and grows: the greatest total counts,
    at the time and place of the first. `reported` is the memory between batches, REMEMBERED
    messages long; forgetting costs a repeated event, which the log drops by its key.
    """

    def __init__(self, agent: str, reported: dict[str, Reported]) -> None:
        self._agent = agent
        self._reported = reported
        self._pending: dict[str, _Pending] = {}
        self._last: tuple[Any, ...] = ()

    def response(self, message: str, request: str | None) -> str:
        """The identity of a response; a line without a request belongs to the one known."""
        if request:
            return f"{message}/{request}"
        known = self._reported.get(message)
        return known.response if known else message

    def same(self, response: str, usage: Usage) -> bool:
        """True when the line before said the same of the same response."""
        now = (
            response,
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_creation_input_tokens,
            usage.cache_read_input_tokens,
            usage.iterations,
        )
        if now == self._last:
            return True
        self._last = now
        return False

    def see(self, message: str, response: str, model: str, usage: Usage, where: Where) -> None:
        """Take one line's usage into account. `message` is the API's id of the message."""
        if model != SYNTHETIC:
            self._report(message, response, model, usage, where)
        for number, advisor in enumerate(_advisors(usage)):
            own = f"{response}/advisor/{number}"
            named = advisor.model if isinstance(advisor.model, str) else ""
            self._report(own, own, named, advisor, where)

    def take(self) -> Iterator[tuple[str, int, UsageReported]]:
        """(key, ts, event) of every response that was reported higher than before."""
        for response, pending in self._pending.items():
            key = f"{self._agent}/usage/{response}/{pending.event.total}"
            yield key, pending.where.ts, pending.event
        self._pending.clear()

    def _report(self, message: str, response: str, model: str, usage: Usage, where: Where) -> None:
        known = self._reported.get(message)
        least = known.total if known and known.response == response else 0
        tokens = _tokens(usage)
        total = sum(tokens[:4])
        if total <= least:
            return
        earlier = self._pending.get(response)
        if earlier:
            where = earlier.where
        event = self._event(response, model, tokens, usage, where)
        self._pending[response] = _Pending(where, event)
        self._reported.pop(message, None)
        if len(self._reported) >= REMEMBERED:
            del self._reported[next(iter(self._reported))]
        self._reported[message] = Reported(response, total)

    def _event(
        self, response: str, model: str, tokens: list[int], usage: Usage, where: Where
    ) -> UsageReported:
        return UsageReported(
            agent=self._agent,
            session=where.session,
            subagent=where.subagent,
            cwd=where.cwd,
            branch=where.branch,
            response=response,
            model=model or UNNAMED,
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            cache_write_tokens=tokens[2],
            cache_read_tokens=tokens[3],
            cache_write_1h_tokens=tokens[4],
            reasoning_tokens=tokens[5],
            speed="fast" if usage.speed == "fast" else "",
        )


def _tokens(usage: Usage) -> list[int]:
    """Input, output, cache write, cache read; then, contained in those, 1h write, reasoning."""
    short = _part(usage.cache_creation, "ephemeral_5m_input_tokens")
    long = _part(usage.cache_creation, "ephemeral_1h_input_tokens")
    output = _count(usage.output_tokens)
    reasoning = _part(usage.output_tokens_details, "reasoning_tokens")
    return [
        _count(usage.input_tokens),
        output,
        max(_count(usage.cache_creation_input_tokens), short + long),
        _count(usage.cache_read_input_tokens),
        long,
        min(output, reasoning),
    ]


def _count(value: Any) -> int:
    """A number of tokens; null and garbage count as none."""
    if type(value) is int:
        return value if 0 < value <= MAX_TOKENS else 0
    return int(value) if type(value) is float and 0 < value <= MAX_TOKENS else 0


def _part(value: Any, name: str) -> int:
    return _count(value.get(name)) if isinstance(value, dict) else 0


def _advisors(usage: Usage) -> Iterator[Usage]:
    """Answers of an advisor model inside a response: they are billed on their own."""
    iterations = usage.iterations
    for one in iterations if isinstance(iterations, list) else ():
        if isinstance(one, dict) and one.get("type") == "advisor_message":
            yield msgspec.convert(one, Usage)
