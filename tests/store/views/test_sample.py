"""However the usage of the sample is cut, it adds up to what its models used."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from session_lattice.cli.options import SAMPLE
from session_lattice.home import Home
from tests.test_docs import ROOT

SUMS = (
    "sum(responses), sum(input_tokens), sum(output_tokens), sum(cache_write_tokens),"
    " sum(cache_read_tokens), sum(cost_microdollars), sum(unpriced_responses)"
)

PINNED = [(74, 19_011, 13_459, 107_470, 908_730, 1_421_030, 0)]
"""Of the columns that SUMS names. ccusage has the same tokens, and 14 microdollars less: here each
response is rounded to a whole one.
"""


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `up --sample` would publish first."""
    home = tmp_path_factory.mktemp("sample")
    options = ["--profile", "dev", "--home", str(home), "--transcripts", ":".join(map(str, SAMPLE))]
    subprocess.run(
        [sys.executable, "-m", "session_lattice", *options, "serve-puller", "--once"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    return Home(home).pointer.resolve(strict=True)


@pytest.mark.parametrize(
    "view",
    [
        "daily_usage",
        "session_usage",
        "session_hours",
        "hourly_heatmap",
        "billing_blocks",
        "session_places",
        "session_branches",
        "branch_usage",
        "session_overview",
        "subagent_tree",
    ],
)
def test_each_cut_of_the_usage_adds_up_to_that_of_the_models(generation: Path, view: str) -> None:
    with duckdb.connect(str(generation), read_only=True) as connection:
        models = connection.execute(f"SELECT {SUMS} FROM model_usage").fetchall()
        assert connection.execute(f"SELECT {SUMS} FROM {view}").fetchall() == models
        assert models == PINNED
