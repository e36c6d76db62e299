"""What one more token count adds to a session.

A rollout repeats its counts: `token_count` comes again with every refresh of the rate
limits, with the parent's totals at a fork's beginning, and from version 0.153 on beside a
`token_usage_record` per answer of the API, which then is the only one that counts.
"""

from msgspec import Struct

from session_lattice.sources.codex_records import TokenInfo, Usage

MOST_TOKENS = 10**9
"""Tokens above which the number of one answer is taken for garbage."""


class Ledger(Struct, omit_defaults=True):
    """What was counted in one file so far.

    `total` is the last total met, whether it was counted or not; `context_tokens` is the size
    of the last answer, that is how full the model's context was; `records` says that there
    are records of single answers.
    """

    total: Usage | None = None
    context_tokens: int = 0
    records: bool = False

    def resets(self, info: TokenInfo) -> bool:
        """True when the total falls: the counter began anew, after a resume, fork or review."""
        total = info.total_token_usage
        return bool(total and self.total and _size(total) < _size(self.total))

    def count(self, info: TokenInfo) -> Usage | None:
        """What `info` adds; None when it repeats what is counted."""
        total, last = info.total_token_usage, info.last_token_usage
        if total is None:
            return last if last and _size(last) else None
        if total == self.total:
            return None
        if last is None:
            before = None if self.resets(info) else self.total
            last = _difference(total, before) if before else total
        self.total = total
        self.context_tokens = _sane(_size(last)) or self.context_tokens
        return last if _size(last) else None


def disjoint(usage: Usage) -> dict[str, int]:
    """The token fields of an event: cache reads and writes are taken out of the input."""
    whole = _sane(usage.input_tokens)
    read = min(_sane(usage.cached_input_tokens), whole)
    written = min(_sane(usage.cache_write_input_tokens), whole - read)
    return {
        "input_tokens": whole - read - written,
        "output_tokens": _sane(usage.output_tokens),
        "cache_write_tokens": written,
        "cache_read_tokens": read,
        "reasoning_tokens": _sane(usage.reasoning_output_tokens),
    }


def _sane(tokens: int) -> int:
    return tokens if 0 <= tokens <= MOST_TOKENS else 0


def _size(usage: Usage) -> int:
    return usage.total_tokens or usage.input_tokens + usage.output_tokens


def _difference(total: Usage, before: Usage) -> Usage:
    fields = Usage.__struct_fields__
    return Usage(*(getattr(total, name) - getattr(before, name) for name in fields))
