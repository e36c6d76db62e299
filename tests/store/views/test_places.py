"""Where sessions worked: directories, branches, repositories."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import (
    CheckoutObserved,
    MessageUser,
    RepoObserved,
    SessionReported,
    ToolCalled,
    ToolReturned,
    UsageReported,
)
from tests.store.lab import Lab
from tests.store.views.timed import at, timed

S1: dict[str, Any] = {"agent": "claude_code", "session": "s1"}
S2: dict[str, Any] = {"agent": "codex", "session": "s2"}
TREE = "/app/.trees/fix"
HISTORY = [
    (at(0), CheckoutObserved(cwd="/app", repo="/app", worktree="/app", evidence="git")),
    (at(0), CheckoutObserved(cwd=TREE, repo="/app", worktree=TREE, evidence="git")),
    (
        at(1),
        MessageUser(
            **S1, message="m", kind="prompt", text="go", text_bytes=2, cwd="/app", branch="main"
        ),
    ),
    (at(2), ToolCalled(**S1, call="c1", name="Bash", cwd=TREE, branch="fix")),
    (at(2, 5), ToolReturned(**S1, call="c1", ok=True, cwd="/app", branch="main")),
    (at(3), UsageReported(**S1, response="r1", model="m", output_tokens=5)),
    (at(3), UsageReported(**S1, response="r2", model="m", output_tokens=7, cwd=TREE, branch="fix")),
    (at(4), ToolReturned(**S1, call="lost", ok=True, cwd="/other")),
    (
        at(5),
        UsageReported(**S2, response="r3", model="m", output_tokens=9, cwd="/app", branch="fix"),
    ),
    (at(6), SessionReported(agent="codex", session="far", upstream="u", cwd="/app", branch="fix")),
    (at(7), RepoObserved(repo="/app", upstream="u", name="app")),
]  # fmt: skip


def filled(root: Path) -> Lab:
    lab = Lab(root)
    lab.feed(timed(HISTORY))
    lab.store.refresh()
    assert lab.store.view_errors == []
    return lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = filled(tmp_path_factory.mktemp("places"))
    yield lab
    lab.store.close()


def test_work_counts_where_it_was_done_and_a_worktree_belongs_to_its_repository(lab: Lab) -> None:
    columns = "repo, branch, worktrees, first_at, last_at, messages, tool_calls, responses"
    assert lab.rows(
        f"SELECT {columns}, output_tokens FROM session_branches"
        " WHERE session = 'claude_code/s1' ORDER BY repo, branch"
    ) == [
        ("", "", [], at(3), at(3), 0, 0, 1, 5),
        ("/app", "fix", [TREE], at(2), at(3), 0, 1, 1, 7),
        ("/app", "main", ["/app"], at(1), at(1), 1, 0, 0, 0),
        ("/other", "", ["/other"], at(4), at(4), 0, 0, 0, 0),
    ]
    assert lab.rows(
        "SELECT cwd, branch, last_at FROM session_places WHERE branch = 'fix' ORDER BY ALL"
    ) == [("/app", "fix", at(5)), (TREE, "fix", at(3))]


def test_a_branch_adds_up_its_sessions_and_leaves_out_what_an_upstream_claims(lab: Lab) -> None:
    columns = "repo, agents, sessions, worktrees, responses, output_tokens, unpriced_responses"
    assert lab.rows(f"SELECT {columns} FROM branch_usage WHERE branch = 'fix'") == [
        ("/app", ["claude_code", "codex"], 2, ["/app", TREE], 2, 16, 2)
    ]


def test_a_repository_has_its_sessions_of_known_work_and_those_that_are_claimed(lab: Lab) -> None:
    assert lab.rows(
        "SELECT session, branches, worktrees, tool_calls, output_tokens, counts_from"
        " FROM repo_sessions WHERE repo = '/app' ORDER BY session"
    ) == [
        ("claude_code/s1", ["fix", "main"], ["/app", TREE], 1, 7, "transcript"),
        ("codex/far", ["fix"], ["/app"], 0, 0, "upstream"),
        ("codex/s2", ["fix"], ["/app"], 0, 9, "transcript"),
    ]
    assert lab.rows("SELECT repo, sessions FROM repo_status") == [("/app", 3)]


def test_a_directory_that_turns_out_to_be_of_another_repository_takes_its_work_there(
    tmp_path: Path,
) -> None:
    lab = filled(tmp_path)
    moved = [
        CheckoutObserved(cwd=cwd, repo="/main", worktree=cwd, evidence="git")
        for cwd in ("/app", "/other")
    ]
    lab.feed(timed([(at(9), event) for event in moved], first=50))
    dirty = {done.view: done.dirty for done in lab.store.refresh()}
    assert dirty["session_places"] == 0
    assert lab.rows("SELECT repo, branch, sessions FROM branch_usage ORDER BY ALL") == [
        ("", "", 1),
        ("/app", "fix", 1),
        ("/main", "", 1),
        ("/main", "fix", 1),
        ("/main", "main", 1),
    ]
    assert lab.rows("SELECT sessions FROM repo_status WHERE repo = '/app'") == [(1,)]
    assert dirty["repo_status"] == 3
    lab.store.close()
