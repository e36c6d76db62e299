"""What a query reads, as DuckDB's own parser has it; nothing need exist for that."""

import json
from collections.abc import Iterator
from typing import Any


def tables(serialized: str) -> set[str]:
    """Names of tables and views in what json_serialize_sql gives. Raises ValueError.

    The connection's own get_table_names cannot be had: it refuses joins with USING
    (DuckDB 2.0.0: "does not exist on left side of join").
    """
    parsed = json.loads(serialized)
    if parsed["error"]:
        raise ValueError(parsed["error_message"])
    return set(_read_by(parsed["statements"], frozenset()))


def _read_by(part: Any, named: frozenset[str]) -> Iterator[str]:
    """Without those that are `named` by a WITH around."""
    if isinstance(part, list):
        for one in part:
            yield from _read_by(one, named)
    elif isinstance(part, dict):
        if part.get("type") == "BASE_TABLE" and part["table_name"] not in named:
            yield part["table_name"]
        named |= {part.get("cte_name", "")}  # of a recursive one, within itself
        for entry in (part.get("cte_map") or {}).get("map", []):
            yield from _read_by(entry["value"], named)
            named |= {entry["key"]}
        for key, value in part.items():
            if key != "cte_map":
                yield from _read_by(value, named)
