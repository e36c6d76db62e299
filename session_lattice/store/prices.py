"""What a token of a model costs on a day, by the price library's bundled data; never by the net."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider

CACHE_ENTRIES = 4096
"""Prices of (model, day) that are kept in memory."""

PROVIDERS = (None, "zai", "aws", "openrouter")
"""Whose list is asked, in this order; None is the provider that the model's name points to.

The others name the same models differently: Z.ai is Zhipu outside China, Bedrock puts a region
in front, OpenRouter a vendor.
"""

PICODOLLARS_PER_MTOK_DOLLAR = 1_000_000
"""One dollar per million tokens is this many picodollars (1e-12 dollars) per token."""

CACHE_WRITE_1H_FACTOR = 2
"""What a cache write for one hour costs, times the input price, where the library doesn't say."""


class Rates(NamedTuple):
    """Picodollars per token of a response whose input, with cache, exceeds `above_input_tokens`.

    The highest threshold that is exceeded counts, and it counts for all of the response.
    """

    above_input_tokens: int
    input: int
    output: int
    cache_read: int
    cache_write: int
    cache_write_1h: int


class UnitPrice(NamedTuple):
    """The prices of one model on one day.

    `standard` is in ascending order of thresholds; the first is -1, which every response
    exceeds. `fast` is the same for responses at speed "fast", None when no such price is known.
    `provenance` names the library, its version, the provider and the model.
    """

    standard: tuple[Rates, ...]
    fast: tuple[Rates, ...] | None
    provenance: str


@lru_cache(maxsize=CACHE_ENTRIES)
def unit_prices(model: str, day: date) -> UnitPrice | None:
    """The price at noon UTC of `day`; None when the model has no known price, which is not 0."""
    found = _find(model)
    if found is None:
        return None
    provider, info = found
    noon = datetime.combine(day, time(12), UTC)
    standard = info.get_prices(noon)
    if standard.input_mtok is None or standard.output_mtok is None:
        return None
    fast = info.get_prices(noon, {"speed": "fast"})
    return UnitPrice(
        standard=tuple(_rates(standard)),
        fast=tuple(_rates(fast)) if fast != standard else None,
        provenance=_provenance(provider.id, info.id, standard),
    )


def _find(model: str) -> "tuple[Provider, ModelInfo] | None":
    # The library takes 0.1 s to import, and only a process that stores responses needs it.
    from genai_prices.data_snapshot import get_snapshot

    if not model:
        return None
    for provider in PROVIDERS:
        try:
            return get_snapshot().find_provider_model(model, None, provider, None)
        except LookupError:
            continue
    return None


def _rates(price: "ModelPrice") -> Iterator[Rates]:
    for threshold in _thresholds(price):
        base = _picodollars(price, "input_mtok", threshold)
        cache_write = _picodollars(price, "cache_write_mtok", threshold, base)
        guess = base if price.cache_write_mtok is None else base * CACHE_WRITE_1H_FACTOR
        yield Rates(
            above_input_tokens=threshold,
            input=base,
            output=_picodollars(price, "output_mtok", threshold),
            cache_read=_picodollars(price, "cache_read_mtok", threshold, base),
            cache_write=cache_write,
            cache_write_1h=_picodollars(price, "cache_write_1h_mtok", threshold, guess),
        )


def _thresholds(price: "ModelPrice") -> list[int]:
    starts = {
        tier.start
        for value in vars(price).values()
        if value is not None and not isinstance(value, Decimal)
        for tier in value.tiers
    }
    return [-1, *sorted(starts)]


def _picodollars(price: "ModelPrice", key: str, threshold: int, default: int = 0) -> int:
    value = getattr(price, key)
    if value is None:
        return default
    if not isinstance(value, Decimal):
        reached = [tier.price for tier in value.tiers if tier.start <= threshold]
        value = reached[-1] if reached else value.base
    return int((value * PICODOLLARS_PER_MTOK_DOLLAR).to_integral_value(ROUND_HALF_EVEN))


def _provenance(provider: str, model: str, price: "ModelPrice") -> str:
    import genai_prices

    source = f"genai-prices {genai_prices.__version__} {provider}/{model}"
    if price.cache_write_mtok is not None and price.cache_write_1h_mtok is None:
        return f"{source}, 1h cache write at {CACHE_WRITE_1H_FACTOR}x input"
    return source
