"""What git prints of commits outlasts the cutting of an output."""

from session_lattice.sources.printed import PRINTED_COMMITS, printed_commits
from session_lattice.sources.text import excerpt

HOOKS = "checked a file\n" * 200
MADE = " create mode 100644 a/file\n" * 200
COMMIT = "[main abc1234] "


def test_the_line_of_a_commit_stays_in_a_cut_output() -> None:
    text = f"{HOOKS}{COMMIT}show the moon\n{MADE}"
    kept, size = excerpt(text, 1024, printed_commits(text, 1024))
    assert size == len(text)
    assert f"\n{COMMIT}\n" in kept
    assert "show the moon" not in kept
    assert len(kept) < 1024 + 200


def test_what_the_excerpt_has_anyway_is_not_said_twice() -> None:
    text = f"{COMMIT}show the moon\n{MADE}"
    kept, _ = excerpt(text, 1024, printed_commits(text, 1024))
    assert kept.count(COMMIT) == 1


def test_an_output_that_is_not_cut_is_not_looked_at() -> None:
    assert printed_commits(f"{COMMIT}x", 1024) == []


def test_no_more_lines_are_kept_than_the_limit() -> None:
    text = "".join(f"[main {number:07x}] x\n" for number in range(PRINTED_COMMITS + 9))
    assert len(printed_commits(text, 64)) == PRINTED_COMMITS
