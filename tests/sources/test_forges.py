"""Which calls talk to a forge or to git, and what they name."""

from typing import Any

import pytest

from session_lattice.events import Reference
from session_lattice.sources.forges import COMMAND_CHARS, SILENT, is_served, served, spoken

PULL = Reference(number=12, slug="o/r", host="github.com", kind="pull_request")
SLUG = Reference(number=12, slug="o/r", kind="pull_request")
OWN = Reference(number=12, kind="pull_request")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "cat notes.md  # https://github.com/o/r/pull/12",
        "echo 'git commit for o/r#12'",
        "rg 'gh pr view 12' docs",
        "curl https://github.com/o/r/pull/12",
        "mygit push; lgh pr view 12",
        "x" * COMMAND_CHARS + "\ngh pr view 12",
    ],
)
def test_a_command_of_another_program_says_nothing(command: str) -> None:
    assert spoken(command) == SILENT


@pytest.mark.parametrize(
    ("command", "found", "forge", "git"),
    [
        ("git status", (), False, True),
        ("git commit -m 'fixes o/r#12'", (Reference(number=12, slug="o/r"),), False, True),
        ("cd x && git -C y push origin main", (), True, True),
        ("GIT_PAGER=cat /usr/bin/git log | head", (), False, True),
        ("gh pr create --fill", (), True, False),
        ("gh pr view https://github.com/o/r/pull/12", (PULL,), True, False),
        ("gh pr view 12 --json title", (OWN,), True, False),
        ("x=$(gh pr checkout '#12')", (), True, False),
        ('for p in 1; do gh pr diff "12" ; done', (OWN,), True, False),
        ("gh pr list --limit 12; gh run view 12", (), True, False),
        ("gh issue view 12", (Reference(number=12, kind="issue"),), True, False),
        ("gh pr view 12 -R O/R", (SLUG,), True, False),
        ("gh pr view --repo=github.com/O/R 12", (PULL,), True, False),
        ("glab mr merge 12", (OWN,), True, False),
        ("gh api repos/o/r/pulls/12/files", (SLUG,), True, False),
        ("curl -s https://api.github.com/repos/o/r/pulls/12", (PULL,), True, False),
    ],
)
def test_a_command_of_git_or_a_forge_says_what_it_names_and_whose_its_output_is(
    command: str, found: tuple[Reference, ...], forge: bool, git: bool
) -> None:
    assert spoken(command) == (found, forge, git)


@pytest.mark.parametrize(
    ("name", "fields", "found", "forge"),
    [
        (
            "mcp__github__get_pull_request",
            {"owner": "O", "repo": "r", "pullNumber": 12},
            [("o/r", 12, "pull_request")],
            True,
        ),
        (
            "mcp__plugin_gitlab_x__get_issue",
            {"project_id": "g/s/r", "issue_iid": 3},
            [("g/s/r", 3, "issue")],
            True,
        ),
        ("mcp__github__list_issues", {"owner": "o", "repo": "r"}, [], True),
        ("mcp__github__get_issue", {"owner": 1, "repo": [], "issue_number": True}, [], True),
        ("mcp__github__get_issue", {"owner": "o", "repo": "r", "issue_number": -1}, [], True),
        ("WebFetch", {"url": "https://github.com/o/r/issues/12"}, [("o/r", 12, "issue")], False),
        ("WebFetch", {"url": 7}, [], False),
    ],
)
def test_a_served_tool_names_what_its_fields_say(
    name: str, fields: dict[str, Any], found: list[tuple[str, int, str]], forge: bool
) -> None:
    assert is_served(name)
    talk = served(name, fields)
    assert [(each.slug, each.number, each.kind) for each in talk.references] == found
    assert talk.forge == forge


@pytest.mark.parametrize("name", ["Read", "mcp__linear__get_issue", "github", ""])
def test_other_tools_are_not_served(name: str) -> None:
    assert not is_served(name)
