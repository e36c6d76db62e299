"""Which commits a session made, by what git printed in its calls."""

import json
from pathlib import Path
from typing import Any

from session_lattice.events import Event, ToolCalled, ToolReturned
from tests.store.lab import Lab, envelopes

ME: dict[str, Any] = {"agent": "claude_code", "session": "s1", "cwd": "/srv/tide"}
PUSHED = "To example.org:o/r.git\n   1111111..2222222  main -> main\n"

PRINTED: tuple[tuple[str, str, list[tuple[str, str]]], ...] = (
    ("git commit -m x", "[main abc1234] x\n 1 file changed", [("abc1234", "main")]),
    ("git commit", "lint ok\n[main (root-commit) abc1234] x", [("abc1234", "main")]),
    ("git commit --amend", "[fix/a b0c1234567] x\n Date: now", [("b0c1234567", "fix/a")]),
    ("git cherry-pick a b", "[t aaaaaa1] x\n[t aaaaaa2] y", [("aaaaaa1", "t"), ("aaaaaa2", "t")]),
    ("git revert x", "[detached HEAD abc1234] Revert", [("abc1234", "detached HEAD")]),
    ("git commit -m x && git push", "[main 2222222] x\n" + PUSHED, [("2222222", "main")]),
    ("git commit -q -m x && git push", PUSHED, []),
    ("git push", PUSHED, []),
    ("git commit -q -m x", "", []),
    ("git merge topic", "Updating 1111111..2222222\nFast-forward", []),
    ("git rebase main", "Successfully rebased and updated refs/heads/t.", []),
    ("cat x", "[not a commit] abc1234] or [main abcdefg] x or a [main abc1234] x", []),
)


def happened() -> tuple[list[Event], list[Event]]:
    """The calls, and their results in the same order."""
    calls: list[Event] = []
    results: list[Event] = []
    for number, (command, output, _) in enumerate(PRINTED):
        call, given = str(number), json.dumps({"command": command})
        calls.append(ToolCalled(**ME, call=call, name="Bash", input=given))
        results.append(ToolReturned(**ME, call=call, ok=True, output=output))
    return calls, results


def printed(lab: Lab) -> list[tuple[Any, ...]]:
    columns = "call, sha, sha7, branch, cwd, session"
    return lab.rows(f"SELECT {columns} FROM printed_commits ORDER BY call::INT, sha")


def test_commits_are_known_by_what_git_prints_however_the_log_is_cut(tmp_path: Path) -> None:
    expected = [
        (str(number), sha, sha[:7], branch, "/srv/tide", "claude_code/s1")
        for number, (_, _, commits) in enumerate(PRINTED)
        for sha, branch in commits
    ]
    lab = Lab(tmp_path)
    calls, results = happened()
    for first, second in ((calls, results), (results, calls)):
        stream = envelopes([*first, *second])
        lab.feed(stream[: len(first)])
        lab.feed(stream[len(first) :])
        assert printed(lab) == expected
        lab.feed(stream, epoch="epoch2")
        assert printed(lab) == expected
        lab.clear()
    lab.store.close()
