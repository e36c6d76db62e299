"""The recorded transcripts give the totals that are known of them, through the whole pipeline."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.pair import REPO, Pair

RECORDED = REPO.parent / "shared" / "transcripts"

pytestmark = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="needs the recorded transcripts beside the checkout"
)


@pytest.fixture(scope="module")
def usage(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """model_usage as the command line tells it after one pull."""
    pair = Pair(tmp_path_factory.mktemp("recorded"))
    homes = [str(RECORDED / name) for name in ("claude", "codex")]
    pair.environment["SESSION_LATTICE_TRANSCRIPTS"] = ":".join(homes)
    assert pair.run("serve-puller", "--once").returncode == 0
    shown = pair.run("view", "model_usage", "--json")
    assert shown.returncode == 0, shown.stderr
    rows: list[dict[str, Any]] = json.loads(shown.stdout)["rows"]
    return rows


def expected() -> dict[str, Any]:
    totals: dict[str, Any] = json.loads(Path(RECORDED / "EXPECTED.json").read_text("utf-8"))
    return totals


def test_each_model_of_claude_code_has_its_total(usage: list[dict[str, Any]]) -> None:
    kinds = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
    mine = {
        row["model"]: [row[kind] for kind in kinds]
        for row in usage
        if row["agent"] == "claude_code"
    }
    assert mine == expected()["claude_by_model"]


def test_codex_has_its_totals(usage: list[dict[str, Any]]) -> None:
    def total(*kinds: str) -> int:
        return sum(row[kind] for row in usage if row["agent"] == "codex" for kind in kinds)

    known = expected()["codex"]
    assert total("input_tokens", "cache_read_tokens") == known["input_tokens"]
    assert total("cache_read_tokens") == known["cached_input_tokens"]
    assert total("output_tokens") == known["output_tokens"]
    assert total("reasoning_tokens") == known["reasoning_output_tokens"]


def test_a_model_without_a_price_has_a_cost_of_null(usage: list[dict[str, Any]]) -> None:
    unpriced = [row for row in usage if row["unpriced_responses"]]
    assert unpriced
    assert {row["cost_microdollars"] for row in unpriced} == {None}
