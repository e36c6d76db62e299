"""Each answer of the API counts once."""

from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import UsageReported
from session_lattice.sources.codex import Codex
from tests.sources.rollouts import CHILD, MODEL, THREAD, Rollout, begun, counts
from tests.sources.samples import of, pull


def usages(root: Path, talk: Rollout) -> list[UsageReported]:
    talk.put(root)
    drafts = pull(Codex(root))
    assert len({draft.key for draft in drafts}) == len(drafts)
    return of(drafts, UsageReported)


def totals(root: Path, talk: Rollout) -> list[int]:
    return [usage.total for usage in usages(root, talk)]


def test_a_count_that_comes_again_adds_nothing(tmp_path: Path) -> None:
    talk = begun()
    talk.count(1000, 600, 50)
    talk.count(again=True)
    talk.count(again=True)
    talk.count(1100, 600, 50)
    assert totals(tmp_path, talk) == [1050, 1150]


def test_cached_input_is_taken_out_of_input_and_reasoning_left_in_output(tmp_path: Path) -> None:
    talk = begun()
    talk.count(1000, 600, 50, 20)
    (usage,) = usages(tmp_path, talk)
    assert (usage.input_tokens, usage.cache_read_tokens) == (400, 600)
    assert (usage.output_tokens, usage.reasoning_tokens) == (50, 20)
    assert (usage.model, usage.cache_write_tokens) == (MODEL, 0)


def test_cache_writes_are_taken_out_of_input(tmp_path: Path) -> None:
    talk = begun()
    told = {**counts(1000, 600, 50), "cache_write_input_tokens": 300}
    talk.info(told, told)
    (usage,) = usages(tmp_path, talk)
    tokens = (usage.input_tokens, usage.cache_write_tokens, usage.cache_read_tokens)
    assert tokens == (100, 300, 600)


def test_more_cached_input_than_input_is_cut_to_it(tmp_path: Path) -> None:
    talk = begun()
    talk.count(100, 600, 50)
    (usage,) = usages(tmp_path, talk)
    assert (usage.input_tokens, usage.cache_read_tokens, usage.total) == (0, 100, 150)


def test_counts_that_cannot_be_are_left_out(tmp_path: Path) -> None:
    talk = begun()
    talk.count(10**15, -5, 50)
    (usage,) = usages(tmp_path, talk)
    assert (usage.input_tokens, usage.cache_read_tokens, usage.output_tokens) == (0, 0, 50)


def test_without_a_last_count_the_total_tells_what_came(tmp_path: Path) -> None:
    talk = begun()
    talk.info(counts(1000, 600, 50), None)
    talk.info(counts(1900, 1400, 80), None)
    talk.info(counts(1900, 1400, 80), None)
    talk.info(counts(500, 0, 10), None)
    assert totals(tmp_path, talk) == [1050, 930, 510]


def test_without_a_total_every_count_is_new(tmp_path: Path) -> None:
    talk = begun()
    talk.info(None, counts(1000, 600, 50))
    talk.info(None, counts(1100, 600, 50))
    assert totals(tmp_path, talk) == [1050, 1150]


def test_a_total_that_falls_begins_anew(tmp_path: Path) -> None:
    talk = begun()
    talk.count(1000, 600, 50)
    talk.count(1100, 600, 50)
    talk.reset()
    talk.count(200, 0, 5)
    assert totals(tmp_path, talk) == [1050, 1150, 205]


@pytest.mark.parametrize("info", [None, {}, {"total_token_usage": None}])
def test_a_count_without_numbers_is_passed(tmp_path: Path, info: Any) -> None:
    talk = begun()
    talk.event("token_count", info=info, rate_limits={"primary": {"used_percent": 1.0}})
    talk.count(1000, 600, 50)
    assert totals(tmp_path, talk) == [1050]


def test_each_count_is_of_the_model_of_its_turn(tmp_path: Path) -> None:
    talk = begun()
    talk.count(1000, 600, 50)
    talk.turn(model="gpt-5.2-codex")
    talk.count(1000, 600, 50)
    assert [usage.model for usage in usages(tmp_path, talk)] == [MODEL, "gpt-5.2-codex"]


def test_responses_are_told_apart(tmp_path: Path) -> None:
    talk = begun()
    talk.step *= 0
    talk.count(1000, 600, 50)
    talk.reset()
    talk.count(999, 600, 50)
    talk.count(1, 0, 0)
    responses = [usage.response for usage in usages(tmp_path, talk)]
    assert len(set(responses)) == 3


def record(talk: Rollout, response: str, *last: int, thread: str = THREAD) -> None:
    told = {"thread_id": thread, "response_id": response, "usage": counts(*last)}
    talk.line("token_usage_record", told)


def test_where_answers_are_recorded_counts_are_ignored(tmp_path: Path) -> None:
    talk = begun()
    record(talk, "resp_1", 1000, 600, 50)
    talk.count(1000, 600, 50)
    record(talk, "resp_1", 1000, 600, 50)
    record(talk, "resp_2", 1000, 600, 50)
    talk.count(1000, 600, 50)
    talk.put(tmp_path)
    drafts = pull(Codex(tmp_path))
    found = {draft.key: draft.event for draft in drafts if isinstance(draft.event, UsageReported)}
    assert {usage.response for usage in found.values()} == {"resp_1", "resp_2"}
    assert sum(usage.total for usage in found.values()) == 2100


def test_counts_from_before_answers_were_recorded_stay(tmp_path: Path) -> None:
    talk = begun()
    talk.count(1000, 600, 50)
    record(talk, "resp_1", 1100, 600, 50)
    talk.count(1100, 600, 50)
    assert totals(tmp_path, talk) == [1050, 1150]


def test_a_record_of_another_thread_was_copied(tmp_path: Path) -> None:
    talk = begun()
    record(talk, "resp_1", 1000, 600, 50, thread=CHILD)
    assert totals(tmp_path, talk) == []
