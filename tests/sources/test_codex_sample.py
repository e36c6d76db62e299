"""The sample sessions that come with the program are rollouts like any other."""

from pathlib import Path

import session_lattice
from session_lattice.events import MessageUser, SessionObserved, ToolReturned, UsageReported
from session_lattice.sources.codex import Codex
from tests.sources.samples import of, pull

SAMPLE = Path(session_lattice.__file__).parent / "sample" / "codex"


def test_the_sample_is_read_without_a_warning() -> None:
    source = Codex(SAMPLE, sample=True)
    drafts = pull(source)
    assert source.status().warnings == {}
    assert len({draft.key for draft in drafts}) == len(drafts)
    observed = of(drafts, SessionObserved)
    assert len({event.session for event in observed if event.sample}) == 2
    assert {event.branch for event in observed} == {"feature/json-output"}
    assert len([m for m in of(drafts, MessageUser) if m.kind == "prompt"]) == 2
    assert {usage.model for usage in of(drafts, UsageReported)} == {"gpt-5.1-codex"}


def test_the_sample_shows_a_failure_and_what_was_changed() -> None:
    results = of(pull(Codex(SAMPLE, sample=True)), ToolReturned)
    assert {result.ok for result in results} == {True, False, None}
    touched = {touch.path for result in results for touch in result.files}
    assert "/home/sam/tidewatch/tidewatch/table.py" in touched
