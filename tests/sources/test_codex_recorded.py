"""Other people's rollouts, where they are at hand: the right totals, however they are read."""

import json
import random
from pathlib import Path

import pytest

from session_lattice.events import UsageReported, encode, validate
from session_lattice.sources.codex import Codex
from tests.sources.samples import of, pull
from tests.sources.test_codex_cuts import Reader, events, repeated

TRANSCRIPTS = Path(__file__).parents[2].parent / "shared" / "transcripts"
ROUNDS = 12
pytestmark = pytest.mark.skipif(
    not (TRANSCRIPTS / "codex").is_dir(), reason="no recorded transcripts at ../shared/transcripts"
)


@pytest.fixture(scope="module")
def root() -> Path:
    return TRANSCRIPTS / "codex"


def test_the_totals_are_the_expected_ones(root: Path) -> None:
    expected = json.loads((TRANSCRIPTS / "EXPECTED.json").read_bytes())["codex"]
    source = Codex(root)
    usages = of(pull(source), UsageReported)
    whole = [usage.total - usage.output_tokens for usage in usages]
    assert source.status().files == expected["files"]
    assert sum(whole) == expected["input_tokens"]
    assert sum(u.cache_read_tokens for u in usages) == expected["cached_input_tokens"]
    assert sum(u.output_tokens for u in usages) == expected["output_tokens"]
    assert sum(u.reasoning_tokens for u in usages) == expected["reasoning_output_tokens"]
    assert sum(u.total for u in usages) == expected["total_tokens"]


def test_nothing_in_them_is_unknown_and_every_event_is_valid(root: Path) -> None:
    source = Codex(root)
    for draft in pull(source):
        validate(encode(draft.event))
    assert source.status().warnings == {}


def test_read_in_pieces_they_tell_what_they_tell_at_once(root: Path, tmp_path: Path) -> None:
    dice = random.Random(20_261_120)
    data = {path.relative_to(root): path.read_bytes() for path in root.rglob("*.jsonl")}
    cuts = {
        name: [*sorted(dice.randrange(len(text)) for _ in range(ROUNDS - 1)), len(text)]
        for name, text in data.items()
    }
    reader = Reader(tmp_path)
    for number in range(ROUNDS):
        for name, text in data.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(text[cuts[name][number - 1] if number else 0 : cuts[name][number]])
        if number % 3 == 2:
            reader.restart()
        reader.pull()
    assert events(reader.drafts) == events(pull(Codex(tmp_path)))
    assert repeated(reader.drafts) == []
