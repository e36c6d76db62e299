"""Token totals: what is published against what is known to be true."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from tests.bench.context import RECORDED, Context
from tests.bench.history import History
from tests.bench.measure import SkipError
from tests.bench.program import Program
from tests.bench.report import Row, verdict

NAME = "totals"
TOKENS = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
Totals = dict[str, dict[str, tuple[int, ...]]]
"""Agent → model → TOKENS."""


def measure(context: Context) -> Iterator[Row]:
    """Recorded transcripts against EXPECTED.json, the made-up history against its ledger."""
    yield _made_up(context)
    yield _recorded(context)


def _made_up(context: Context) -> Row:
    space = context.workspace(context.megabytes)
    found, history = published(space.program), space.history
    wrong = _differences(found, expected_of(history))
    leaked = sum(_holds(space.program, secret) for secret in history.secrets)
    figure = f"{len(wrong)} models differ, {leaked} of {len(history.secrets)} planted secrets kept"
    met = not wrong and not leaked
    return Row(NAME, "made-up history, each model, both agents", figure, "equal", verdict(met))


def _recorded(context: Context) -> Row:
    if not RECORDED.is_dir():
        raise SkipError(f"{RECORDED.name} is not beside the checkout")
    program = Program.fresh(
        context.folder("recorded") / "home", f"{RECORDED / 'claude'}:{RECORDED / 'codex'}"
    )
    program.pull_once()
    found = published(program)
    told = json.loads((RECORDED / "EXPECTED.json").read_text("utf-8"))
    wrong = _differences({"claude_code": found["claude_code"]}, _claude(told)) + _codex(found, told)
    figure = "equal" if not wrong else "; ".join(wrong)
    what = "recorded transcripts, each model of Claude Code, Codex as a whole"
    return Row(NAME, what, figure, "equal to EXPECTED.json", verdict(not wrong))


def published(program: Program) -> Totals:
    """The view `model_usage` of the newest generation."""
    totals: Totals = {}
    sql = f"SELECT agent, model, {', '.join(TOKENS)} FROM model_usage"
    with duckdb.connect(str(_newest(program)), read_only=True) as connection:
        for agent, model, *tokens in connection.execute(sql).fetchall():
            totals.setdefault(agent, {})[model] = tuple(map(int, tokens))
    return totals


def expected_of(history: History) -> Totals:
    return {
        agent: {model: tuple(row[name] for name in TOKENS) for model, row in models.items()}
        for agent, models in history.totals.items()
    }


def _newest(program: Program) -> Path:
    return program.home.pointer.resolve(strict=True)


def _claude(told: Mapping[str, dict[str, list[int]]]) -> Totals:
    return {"claude_code": {m: tuple(tokens) for m, tokens in told["claude_by_model"].items()}}


def _codex(found: Totals, told: Mapping[str, dict[str, int]]) -> list[str]:
    """Codex is told as a whole: its input includes what came from the cache."""
    fresh, output, _, read = (sum(kind) for kind in zip(*found["codex"].values(), strict=True))
    want = told["codex"]
    pairs = {
        "input_tokens": (fresh + read, want["input_tokens"]),
        "cached_input_tokens": (read, want["cached_input_tokens"]),
        "output_tokens": (output, want["output_tokens"]),
    }
    return [
        f"codex {name} {ours} != {theirs}"
        for name, (ours, theirs) in pairs.items()
        if ours != theirs
    ]


def _differences(found: Totals, want: Totals) -> list[str]:
    return [
        f"{agent} {model}: {found.get(agent, {}).get(model)} != {want.get(agent, {}).get(model)}"
        for agent in sorted({*found, *want})
        for model in sorted({*found.get(agent, {}), *want.get(agent, {})})
        if (found.get(agent, {}).get(model) or NONE) != (want.get(agent, {}).get(model) or NONE)
    ]


NONE = (0, 0, 0, 0)
"""A model that was never billed may be listed or not."""


def _holds(program: Program, secret: str) -> bool:
    """Whether the text of any base table still has the secret."""
    sql = """
        SELECT exists(SELECT 1 FROM messages WHERE contains(text, $1))
            OR exists(SELECT 1 FROM tool_calls WHERE contains(input, $1) OR contains(output, $1))
    """
    with duckdb.connect(str(_newest(program)), read_only=True) as connection:
        row = connection.execute(sql, [secret]).fetchone()
    return bool(row and row[0])
