"""Unit prices: exact integers, equal to the library's own arithmetic, None when unknown."""

import subprocess
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal

import genai_prices
import pytest
from genai_prices import Usage
from hypothesis import given, settings
from hypothesis import strategies as st

from session_lattice.store.prices import Rates, UnitPrice, unit_prices

DAY = date(2026, 11, 1)
PICODOLLARS_PER_MICRODOLLAR = 1_000_000
TOKENS = st.integers(min_value=0, max_value=400_000)

MODELS = (
    "claude-opus-4-5-20251101",
    "claude-sonnet-4-5-20250929",  # dearer above 200,000 tokens
    "claude-haiku-4-5-20251001",
    "claude-3-5-haiku-20241022",
    "gpt-5-codex",
    "gpt-5.5",  # dearer above 272,000 tokens
    "deepseek-v4-pro",
)


def _rates_for(rates: tuple[Rates, ...], total_input: int) -> Rates:
    return [each for each in rates if each.above_input_tokens < total_input][-1]


def _picodollars(rates: Rates, usage: tuple[int, int, int, int, int]) -> int:
    return sum(price * count for price, count in zip(rates[1:], usage, strict=True))


def _price(model: str, day: date = DAY) -> UnitPrice:
    price = unit_prices(model, day)
    assert price is not None
    return price


@pytest.mark.parametrize("model", ["", "<synthetic>", "no-such-model", "codex-auto-review"])
def test_a_model_nobody_lists_has_no_price_rather_than_a_price_of_nothing(model: str) -> None:
    assert unit_prices(model, DAY) is None


def test_a_model_that_is_not_sold_by_token_in_and_out_has_no_price() -> None:
    assert unit_prices("voyage-code-3", DAY) is None


@pytest.mark.parametrize("model", MODELS)
@settings(deadline=None)
@given(usage=st.tuples(TOKENS, TOKENS, TOKENS, TOKENS, TOKENS))
def test_costs_equal_the_librarys_own_within_a_microdollar(
    model: str, usage: tuple[int, int, int, int, int]
) -> None:
    fresh, output, cache_read, write_5m, write_1h = usage
    total_input = fresh + cache_read + write_5m + write_1h
    theirs = genai_prices.calc_price(
        Usage(
            input_tokens=total_input,
            output_tokens=output,
            cache_read_tokens=cache_read,
            cache_write_tokens=write_5m + write_1h,
            cache_write_1h_tokens=write_1h,
        ),
        model,
        genai_request_timestamp=datetime.combine(DAY, time(12), UTC),
    )
    ours = _picodollars(_rates_for(_price(model).standard, total_input), usage)
    assert abs(Decimal(ours) / PICODOLLARS_PER_MICRODOLLAR - theirs.total_price * 1_000_000) <= 1


def test_prices_are_picodollars_per_token_in_whole_numbers() -> None:
    assert _price("claude-opus-4-5-20251101").standard == (
        Rates(-1, 5_000_000, 25_000_000, 500_000, 6_250_000, 10_000_000),
    )


def test_a_long_context_has_rates_of_its_own_and_they_begin_above_the_threshold() -> None:
    low, high = _price("claude-sonnet-4-5").standard
    assert (low.above_input_tokens, high.above_input_tokens) == (-1, 200_000)
    assert (low.input, high.input) == (3_000_000, 6_000_000)
    assert _rates_for((low, high), 200_000) == low
    assert _rates_for((low, high), 200_001) == high


def test_fast_responses_have_rates_of_their_own_where_the_library_knows_them() -> None:
    price = _price("claude-opus-5")
    assert price.fast is not None
    assert price.fast[0].output == 2 * price.standard[0].output
    assert _price("claude-haiku-4-5").fast is None


def test_the_price_is_the_one_of_the_day() -> None:
    before, after = date(2026, 3, 12), date(2026, 3, 13)
    assert [r.above_input_tokens for r in _price("claude-opus-4-6", before).standard] == [
        -1,
        200_000,
    ]
    assert [r.above_input_tokens for r in _price("claude-opus-4-6", after).standard] == [-1]


def test_where_the_price_changes_within_a_day_noon_counts() -> None:
    assert _price("deepseek-chat").standard[0].input == 270_000


def test_a_cache_write_for_an_hour_is_twice_the_input_where_the_library_does_not_say() -> None:
    price = _price("MiniMax-M2")
    assert price.standard[0].cache_write_1h == 2 * price.standard[0].input
    assert price.provenance.endswith("minimax/MiniMax-M2, 1h cache write at 2x input")


def test_tokens_of_a_cache_that_has_no_price_of_its_own_count_as_input() -> None:
    rates = _price("deepseek-v4-pro").standard[0]
    assert rates.cache_write == rates.cache_write_1h == rates.input


def test_the_provenance_names_library_version_provider_and_model() -> None:
    expected = f"genai-prices {genai_prices.__version__} anthropic/claude-opus-4-5"
    assert _price("claude-opus-4-5-20251101").provenance == expected


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("glm-4.6", "zai/"),
        ("us.anthropic.claude-opus-4-5-20251101-v1:0", "aws/"),
        ("anthropic/claude-opus-4.5", "openrouter/"),
    ],
)
def test_a_name_that_only_another_house_uses_is_priced_by_that_house(
    model: str, provider: str
) -> None:
    assert provider in _price(model).provenance


def test_the_library_is_not_imported_before_a_price_is_asked_for() -> None:
    code = "import sys, session_lattice.store.prices; sys.exit('genai_prices' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
