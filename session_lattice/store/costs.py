"""Fills in what responses cost, from unit prices and in integers."""

import json
from datetime import date
from typing import Any

from session_lattice.store.database import Database, statement
from session_lattice.store.prices import Rates, UnitPrice, unit_prices

MAX_KNOWN = 10_000
"""Models times days whose prices are kept at hand; beyond it they are looked up anew."""


class Costs:
    """Prices the responses that a batch touched; a model without a price stays NULL.

    A fast response of a model that has no rates for it is priced as a standard one, and its
    provenance says so.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._create = statement("prices")
        self._add = statement("add_prices")
        self._fill = statement("fill_costs")
        self._known: set[tuple[str, date]] = set()
        self._database.run(self._create)

    def fill(self, since: int) -> None:
        """Price the rows whose `changed` is above a position."""
        met = self._database.rows(
            "SELECT DISTINCT model, day FROM responses WHERE changed > $since", {"since": since}
        )
        if len(self._known) + len(met) > MAX_KNOWN:
            self._database.run("DELETE FROM prices")
            self._known.clear()
        self._remember([(model, day) for model, day in met if (model, day) not in self._known])
        if met:
            self._database.run(self._fill, {"since": since})

    def _remember(self, wanted: list[tuple[str, date]]) -> None:
        self._known.update(wanted)
        found = [(model, day, unit_prices(model, day)) for model, day in wanted]
        rows = [row for model, day, price in found if price for row in _rows(model, day, price)]
        self._database.run(self._add, {"rows": json.dumps(rows)})


def _rows(model: str, day: date, price: UnitPrice) -> list[dict[str, Any]]:
    standard = [_row(model, day, False, rates, price.provenance) for rates in price.standard]
    if price.fast:
        return standard + [_row(model, day, True, rates, price.provenance) for rates in price.fast]
    unknown = f"{price.provenance}, fast at the standard rate"
    return standard + [_row(model, day, True, rates, unknown) for rates in price.standard]


def _row(model: str, day: date, fast: bool, rates: Rates, provenance: str) -> dict[str, Any]:
    place = {"model": model, "day": day.isoformat(), "fast": fast, "provenance": provenance}
    return place | rates._asdict()
