"""Tokens, costs and billing blocks beside ccusage's, on the same transcripts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from tests.bench.context import CACHE, RECORDED, Context
from tests.bench.measure import SkipError
from tests.bench.peers import Ccusage
from tests.bench.program import Program
from tests.bench.report import Row, verdict

NAME = "ccusage"
KINDS = ("inputTokens", "outputTokens", "cacheCreationTokens", "cacheReadTokens")
BLOCK_KINDS = (
    "inputTokens",
    "outputTokens",
    "cacheCreationInputTokens",
    "cacheReadInputTokens",
)
Tokens = tuple[int, ...]
Usage = dict[tuple[str, str, str], Tokens]
"""Agent, day and model → tokens of KINDS."""

Costs = dict[tuple[str, str], float]
"""Agent and day → microdollars."""

UNNAMED = "unknown"
"""The model of a transcript that names none; ccusage takes such for gpt-5."""

ROUNDING = 1.0
"""Microdollars by which one response may differ: here each is rounded to a whole one."""

USAGE = """
SELECT
    agent, day::VARCHAR, model,
    input_tokens, output_tokens, cache_write_tokens, cache_read_tokens,
    responses, coalesce(cost_microdollars, 0), unpriced_responses
FROM daily_usage
"""
BLOCKS = """
SELECT
    strftime(started_at, '%Y-%m-%dT%H:%M:%S.000Z'), strftime(ended_at, '%Y-%m-%dT%H:%M:%S.000Z'),
    input_tokens, output_tokens, cache_write_tokens, cache_read_tokens
FROM billing_blocks
WHERE agent = 'claude_code'
"""


@dataclass(frozen=True, slots=True)
class Published:
    """What the newest generation says."""

    usage: Usage
    costs: Costs
    responses: Mapping[tuple[str, str], int]
    unpriced: frozenset[tuple[str, str]]
    """Agent and day of responses without a known price."""

    blocks: dict[tuple[str, str], Tokens]


def measure(context: Context) -> Iterator[Row]:
    """The recorded transcripts, read by both."""
    if not RECORDED.is_dir():
        raise SkipError(f"{RECORDED.name} is not beside the checkout")
    peer = Ccusage.installed(CACHE)
    program = Program.fresh(
        context.folder("ccusage") / "home", f"{RECORDED / 'claude'}:{RECORDED / 'codex'}"
    )
    program.pull_once()
    ours = _published(program)
    claude = peer.report(RECORDED, "claude", "daily")["daily"]
    codex = peer.report(RECORDED, "codex", "daily")["daily"]
    blocks = peer.report(RECORDED, "claude", "blocks")["blocks"]
    yield _tokens(ours.usage, _usage(claude, codex))
    yield _costs(ours, _cost_by_day(claude, codex))
    yield _bounds(ours.blocks, _blocks(blocks))


def _published(program: Program) -> Published:
    pointer = program.home.pointer.resolve(strict=True)
    with duckdb.connect(str(pointer), read_only=True) as connection:
        rows = connection.execute(USAGE).fetchall()
        blocks = {(b[0], b[1]): tuple(b[2:]) for b in connection.execute(BLOCKS).fetchall()}
    costs: Costs = {}
    responses: dict[tuple[str, str], int] = {}
    for agent, day, *_, answered, cost, _unpriced in rows:
        costs[agent, day] = costs.get((agent, day), 0) + cost
        responses[agent, day] = responses.get((agent, day), 0) + answered
    return Published(
        {(row[0], row[1], row[2]): tuple(row[3:7]) for row in rows},
        costs,
        responses,
        frozenset((row[0], row[1]) for row in rows if row[9]),
        blocks,
    )


def _usage(claude: list[dict[str, Any]], codex: list[dict[str, Any]]) -> Usage:
    found: Usage = {}
    for day in claude:
        for model in day["modelBreakdowns"]:
            key = ("claude_code", day["date"], model["modelName"])
            found[key] = tuple(model[kind] for kind in KINDS)
    for day in codex:
        for name, model in day["models"].items():
            key = ("codex", day["date"], UNNAMED if model["isFallback"] else name)
            found[key] = tuple(model[kind] for kind in KINDS)
    return found


def _cost_by_day(claude: list[dict[str, Any]], codex: list[dict[str, Any]]) -> Costs:
    found = {("claude_code", day["date"]): day["totalCost"] * 1e6 for day in claude}
    return found | {("codex", day["date"]): day["costUSD"] * 1e6 for day in codex}


def _blocks(told: list[dict[str, Any]]) -> dict[tuple[str, str], Tokens]:
    return {
        (block["startTime"], block["endTime"]): tuple(
            block["tokenCounts"][kind] for kind in BLOCK_KINDS
        )
        for block in told
        if not block["isGap"]
    }


def _tokens(ours: Usage, theirs: Usage) -> Row:
    wrong = [key for key in sorted({*ours, *theirs}) if ours.get(key) != theirs.get(key)]
    unnamed = sum(key[2] == UNNAMED for key in theirs)
    figure = f"{len(theirs) - len(wrong)} of {len(theirs)} equal in all four kinds"
    figure += f", {unnamed} of them of no named model, which it takes for gpt-5" if unnamed else ""
    figure += "".join(f"; {' '.join(key)}" for key in wrong)
    return Row(NAME, "tokens by day and model", figure, "equal", verdict(not wrong))


def _costs(ours: Published, theirs: Costs) -> Row:
    """Days with a response that has no price here cannot be compared, and are counted."""
    both = [key for key in sorted({*ours.costs, *theirs}) if key not in ours.unpriced]
    off = {key: abs(ours.costs.get(key, 0) - theirs.get(key, 0)) for key in both}
    wrong = [key for key in both if off[key] > ROUNDING * ours.responses.get(key, 0)]
    figure = (
        f"{len(both) - len(wrong)} of {len(both)} equal, at most {max(off.values()):.0f}"
        f" microdollars off; {len(ours.unpriced)} more with a model that has no price here"
    )
    figure += "".join(f"; {' '.join(key)}" for key in wrong)
    bar = "equal, each response to a microdollar"
    return Row(NAME, "cost by agent and day", figure, bar, verdict(not wrong))


def _bounds(ours: dict[tuple[str, str], Tokens], theirs: dict[tuple[str, str], Tokens]) -> Row:
    """Its blocks leave out the files that subagents have of their own: their tokens are no bar."""
    wrong = [" to ".join(key) for key in sorted(ours.keys() ^ theirs.keys())]
    same = [key for key in ours.keys() & theirs.keys() if ours[key] == theirs[key]]
    missing = sum(sum(tokens) for tokens in ours.values()) - sum(map(sum, theirs.values()))
    figure = (
        f"{len(ours.keys() & theirs.keys())} of {len(theirs)} begin and end alike, {len(same)} with"
        f" equal tokens; the others have {missing:,} tokens fewer there"
    )
    figure += "".join(f"; {bounds}" for bounds in wrong)
    return Row(NAME, "billing blocks of Claude Code", figure, "equal bounds", verdict(not wrong))
