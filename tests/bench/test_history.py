"""The made-up history is what the benches take it for: seeded, shaped and counted right."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bench.history import History, cached_history, write_history

MEGABYTES = 6
SEED = 11
CLAUDE_USAGE = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return write_history(tmp_path_factory.mktemp("history"), MEGABYTES, SEED)


def _lines(root: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(root.rglob("*.jsonl")):
        yield from map(json.loads, path.read_bytes().splitlines())


def test_another_seed_gives_another_history_and_the_same_seed_the_same(
    history: History, tmp_path: Path
) -> None:
    again = write_history(tmp_path / "again", MEGABYTES, SEED)
    other = write_history(tmp_path / "other", MEGABYTES, SEED + 1)
    assert other.totals != history.totals
    assert (again.bytes, again.totals, again.secrets) == (
        history.bytes,
        history.totals,
        history.secrets,
    )


def test_a_cached_history_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    made = cached_history(tmp_path, 1, SEED)
    assert cached_history(tmp_path, 1, SEED) == made


def test_lines_are_compact_json_of_about_the_recorded_length(history: History) -> None:
    for line in next(history.claude.rglob("*.jsonl")).read_bytes().splitlines():
        assert (
            json.dumps(json.loads(line), separators=(",", ":"), ensure_ascii=False).encode() == line
        )
    assert 1_500 < history.bytes / history.lines < 3_500


def test_claude_totals_are_the_greatest_usage_of_each_message_over_all_files(
    history: History,
) -> None:
    found: dict[str, tuple[str, dict[str, int]]] = {}
    for line in _lines(history.claude):
        told = line["data"].get("message", {}) if line["type"] == "progress" else line
        message = told.get("message", {})
        if "usage" in message:
            usage = {ours: message["usage"][theirs] for theirs, ours in CLAUDE_USAGE.items()}
            known = found.get(message["id"], ("", {}))[1]
            if sum(usage.values()) > sum(known.values()):
                found[message["id"]] = message["model"], usage
    assert _summed(found.values()) == _without_reasoning(history.totals["claude_code"])


def test_codex_totals_count_each_change_of_a_total_once_and_no_replay(history: History) -> None:
    counted = []
    for path in sorted(history.codex.rglob("*.jsonl")):
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        counted += list(_counts(lines))
    assert _summed(counted) == _without_reasoning(history.totals["codex"])


def _counts(lines: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, int]]]:
    """Usage of each answer of a rollout; a fork's replay ends where its total first falls."""
    replay = sum(line["type"] == "session_meta" for line in lines) > 1
    model, before = "", None
    for line in lines:
        payload = line["payload"]
        model = payload["model"] if line["type"] == "turn_context" else model
        if payload.get("type") != "token_count" or payload["info"]["total_token_usage"] == before:
            continue
        total, last = payload["info"]["total_token_usage"], payload["info"]["last_token_usage"]
        replay = replay and not (before and total["total_tokens"] < before["total_tokens"])
        before = total
        if not replay:
            fresh = last["input_tokens"] - last["cached_input_tokens"]
            yield (
                model,
                {
                    "input_tokens": fresh,
                    "output_tokens": last["output_tokens"],
                    "cache_write_tokens": 0,
                    "cache_read_tokens": last["cached_input_tokens"],
                },
            )


def _summed(usages: Any) -> dict[str, dict[str, int]]:
    totals: dict[str, dict[str, int]] = {}
    for model, usage in usages:
        row = totals.setdefault(model, {"responses": 0, **dict.fromkeys(usage, 0)})
        row["responses"] += 1
        for field, tokens in usage.items():
            row[field] += tokens
    return totals


def _without_reasoning(totals: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    return {
        model: {field: count for field, count in row.items() if field != "reasoning_tokens"}
        for model, row in totals.items()
    }
