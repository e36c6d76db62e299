"""What the benches found: rows of a table for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

Verdict = Literal["met", "missed", "skipped", ""]
"""Against the bar; "" for a figure that has none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `values` holds the numbers behind it, each name with its unit."""

    bench: str
    what: str
    figure: str
    bar: str = ""
    verdict: Verdict = ""
    values: Mapping[str, float] = field(default_factory=dict)


def verdict(met: bool) -> Verdict:
    return "met" if met else "missed"


def text(row: Row) -> str:
    """One line for a terminal."""
    bar = f"   (bar: {row.bar})" if row.bar else ""
    return f"{row.verdict or '-':<8} {row.bench:<12} {row.what}: {row.figure}{bar}"


def markdown(rows: Sequence[Row]) -> str:
    """The table of docs/benchmarks.md."""
    lines = ["| bench | what | figure | bar | |", "|---|---|---|---|---|"]
    lines += [f"| `{r.bench}` | {r.what} | {r.figure} | {r.bar} | {r.verdict} |" for r in rows]
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    return json.dumps([asdict(row) for row in rows], indent=1)


def mb(count: float) -> str:
    return f"{count / 1e6:,.0f} MB"


def ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"
