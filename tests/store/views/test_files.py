"""What the views of files say of a history made by hand, in minutes from its beginning."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from session_lattice.events import (
    Action,
    ChangedFile,
    CheckoutObserved,
    CommitObserved,
    Event,
    ToolCalled,
    ToolReturned,
    Touch,
)
from tests.store.lab import START_US, Lab, envelope

MINUTE_US = 60_000_000
TREE = "/repo/.claude/worktrees/x"
Timed = tuple[int, Event]


def at(minute: int) -> datetime:
    start = datetime.fromtimestamp(START_US / 1e6, UTC).replace(tzinfo=None)
    return start + timedelta(minutes=minute)


def place(session: str, cwd: str = "/repo") -> dict[str, Any]:
    return {"agent": "claude_code", "session": session, "cwd": cwd, "branch": "main"}


def call(
    minute: int, session: str, *touches: Touch, cwd: str = "/repo", ok: bool = True, **more: Any
) -> list[Timed]:
    """A call that touches files, and its result in the same minute."""
    number = f"{session}-{minute}"
    named = {"name": "Edit", "input": "{}", **more}
    return [
        (minute, ToolCalled(**place(session, cwd), call=number, files=touches, **named)),
        (minute, ToolReturned(**place(session, cwd), call=number, ok=ok)),
    ]


def touch(path: str, action: Action = "edit", **lines: tuple[int, ...]) -> Touch:
    return Touch(path=path, action=action, **lines)


def checkout(cwd: str, repo: str, worktree: str, evidence: Any = "git") -> Timed:
    return (0, CheckoutObserved(cwd=cwd, repo=repo, worktree=worktree, evidence=evidence))


def commit(sha: str, author: str) -> Timed:
    change = ChangedFile(path="a.py", status="modified", additions=1)
    told: dict[str, Any] = {
        "repo": "/repo",
        "sha": sha * 40,
        "author_name": author,
        "author_email": f"{author}@x",
    }
    when = START_US + ord(sha) * MINUTE_US
    return (
        0,
        CommitObserved(
            **told, authored_at=when, committed_at=when, subject="s", files_changed=1,
            additions=1, deletions=0, changes=(change,),
        ),
    )  # fmt: skip


def bash(minute: int, session: str, command: str) -> list[Timed]:
    return call(minute, session, name="Bash", input=f'{{"command":"{command}"}}')


NAMED = {
    "CMakeLists.txt": "CMake",
    "Dockerfile": "Dockerfile",
    "go.mod": "Go",
    "d.tar.GZ": "other",
    "LICENSE": "text",
    ".gitignore": "Git",
    ".hidden": "other",
    "d.d/none": "other",
    "View.TSX": "TypeScript",
}
HISTORY: list[Timed] = [
    checkout("/repo", "/repo", "/repo"),
    checkout(TREE, "/repo", TREE, "layout"),
    checkout("c:\\w", "c:\\w", "c:\\w"),
    checkout("/play", "/play", "/play", "cwd"),
    checkout("/play/sub", "/play/sub", "/play/sub", "cwd"),
    checkout("/other/lib", "/other", "/other"),
    commit("a", "sam"),
    commit("b", "kim"),
    *call(0, "s1", touch("/repo/a.py", "read"), name="Read"),
    *call(1, "s1", touch("/repo/a.py", added=(11, 22))),
    *call(2, "s1", touch("/repo/a.py", added=(33, 11))),
    *call(3, "s1", touch("/repo/a.py", removed=(44,))),
    *call(4, "s1", touch("/repo/a.py", added=(99,)), ok=False),
    *call(20, "s1", touch("/repo/a.py")),
    *bash(21, "s1", "cd sub && pytest -q"),
    *call(25, "s1", touch("/repo/b.py")),
    *call(26, "s1", touch("/repo/c.md", "create")),
    *call(40, "s2", touch(f"{TREE}/a.py", removed=(11,)), cwd=TREE),
    *call(41, "s2", touch(f"{TREE}/b.py"), cwd=TREE),
    *bash(42, "s2", "git commit -m make"),
    *call(90, "s3", touch("/repo/a.py")),
    *bash(94, "s4", "cat a.py"),
    *call(95, "s4", touch("/repo/a.py")),
    *bash(95, "s4", "make"),
    *bash(96, "s4", "make test"),
    *call(156, "s5", touch("/repo/a.py")),
    *call(1, "s6", touch("C:\\W\\src\\b.TS"), touch("c:/w/src/b.TS", "read"), cwd="c:\\w"),
    *call(2, "s6", touch("rel.txt"), cwd=""),
    *call(3, "s6", touch("/tmp/Makefile"), touch("/other/lib/z.py", "read")),
    *call(4, "s6", touch("/play/sub/x.go", "read"), cwd="/play/sub"),
    *call(5, "s6", touch("/play/sub/x.go", "read"), cwd="/play"),
    *call(8, "s7", *[touch(f"/repo/{name}") for name in NAMED]),
    *call(6, "s6", touch("/repo", "search"), touch("/repo/.worktrees/y/q.rs", "read")),
    (7, ToolCalled(**place("s6"), call="open", name="Edit", files=(touch("/repo/open.py"),))),
    *[
        one
        for session in ("bulk1", "bulk2")
        for one in call(999, session, *[touch(f"/repo/bulk/{n}.py") for n in range(41)])
    ],
    *[
        one
        for session in ("old1", "old2")
        for one in call(2000, session, touch("/repo/hot.py"), touch("/repo/cold.py"))
    ],
    *[one for n in range(50) for one in call(3000 + n * 99, f"new{n}", touch("/repo/hot.py"))],
]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with TemporaryDirectory() as root:
        lab = Lab(Path(root))
        lab.feed(
            [
                envelope(event, position, START_US + minute * MINUTE_US)
                for position, (minute, event) in enumerate(HISTORY, start=1)
            ]
        )
        lab.store.refresh()
        assert lab.store.view_errors == []
        yield lab
        lab.store.close()


def of_file(lab: Lab, columns: str, path: str, session: str = "s6") -> tuple[Any, ...]:
    found = lab.rows(
        f"SELECT {columns} FROM session_files"
        f" WHERE session = 'claude_code/{session}' AND path = '{path}'"
    )
    assert len(found) == 1
    return found[0]


def test_one_file_has_one_name_from_every_worktree(lab: Lab) -> None:
    columns = "file, repo, worktree, relative_path"
    assert of_file(lab, columns, "/repo/a.py", "s1") == ("/repo/a.py", "/repo", "/repo", "a.py")
    assert of_file(lab, columns, f"{TREE}/a.py", "s2") == ("/repo/a.py", "/repo", TREE, "a.py")


def test_a_worktree_that_nobody_looked_at_is_known_by_its_place(lab: Lab) -> None:
    found = of_file(lab, "file, repo, worktree", "/repo/.worktrees/y/q.rs")
    assert found == ("/repo/q.rs", "/repo", "/repo/.worktrees/y")


def test_a_path_of_windows_is_one_file_however_it_is_written(lab: Lab) -> None:
    expected = ("C:/w/src/b.TS", "c:\\w", "src/b.TS", "TypeScript")
    columns = "file, repo, relative_path, language"
    assert of_file(lab, columns, "C:\\W\\src\\b.TS") == expected
    assert of_file(lab, columns, "c:/w/src/b.TS") == expected


def test_the_files_own_directory_tells_its_repository_before_the_sessions_does(lab: Lab) -> None:
    assert of_file(lab, "file, repo", "/other/lib/z.py") == ("/other/lib/z.py", "/other")


def test_outside_of_repositories_a_file_belongs_to_the_topmost_directory_worked_in(
    lab: Lab,
) -> None:
    assert of_file(lab, "file, repo", "/play/sub/x.go") == ("/play/sub/x.go", "/play")


def test_a_file_outside_of_everything_has_its_own_path_and_no_repository(lab: Lab) -> None:
    columns = "file, repo, worktree, relative_path, language"
    found = of_file(lab, columns, "/tmp/Makefile")
    assert found == ("/tmp/Makefile", None, None, None, "Make")


def test_a_relative_path_from_nobody_knows_where_is_no_files_name(lab: Lab) -> None:
    assert of_file(lab, "file, repo, edits", "rel.txt") == (None, None, 1)


def test_a_name_tells_the_language(lab: Lab) -> None:
    found = lab.rows(
        "SELECT relative_path, language FROM session_files WHERE session = 'claude_code/s7'"
    )
    assert dict(found) == NAMED


def test_only_edits_that_worked_count_and_a_search_touches_no_file(lab: Lab) -> None:
    assert of_file(lab, "touches, edits, first_edit_at", "/repo/open.py") == (1, 0, None)
    found = of_file(lab, "touches, reads, edits, written, taken", "/repo/a.py", "s1")
    assert found == (6, 1, 4, [11, 22, 33], [44])
    assert lab.rows("SELECT 1 FROM session_files WHERE path = '/repo'") == []


def test_churn_is_the_third_edit_within_ten_minutes(lab: Lab) -> None:
    columns = "churn_edits, edit_times, first_edit, last_edit_at"
    times = [at(1), at(2), at(3), at(20)]
    assert of_file(lab, columns, "/repo/a.py", "s1") == (1, times, "edit", at(20))


def test_a_hotspot_tells_sessions_edits_and_commits(lab: Lab) -> None:
    columns = (
        "repo, relative_path, sessions, editors, readers, edits, churn_edits, churn_sessions,"
        " commits, authors, last_at, last_session"
    )
    found = lab.rows(f"SELECT {columns} FROM file_hotspots WHERE file = '/repo/a.py'")
    assert found == [
        ("/repo", "a.py", 5, 5, 1, 8, 1, 1, 2, 2, at(156), "claude_code/s5")
    ]  # fmt: skip
    outside = lab.rows("SELECT repo, relative_path, commits FROM file_hotspots WHERE repo IS NULL")
    assert outside == [(None, None, 0)]


def test_sessions_that_edit_a_file_within_an_hour_collide(lab: Lab) -> None:
    found = lab.rows(
        "SELECT first_session[13:], second_session[13:], kind, turns, gap_seconds,"
        " lines_overwritten, lines_shared, first_worktree, second_worktree"
        " FROM edit_collisions WHERE file = '/repo/a.py' ORDER BY first_at"
    )
    assert found == [
        ("s1", "s2", "other_worktree", 1, 1200.0, 1, 1, "/repo", TREE),
        ("s2", "s3", "other_worktree", 1, 3000.0, None, None, TREE, "/repo"),
        ("s3", "s4", "same_copy", 1, 300.0, None, None, "/repo", "/repo"),
    ]


def test_files_are_a_pair_when_two_sessions_changed_both(lab: Lab) -> None:
    found = lab.rows(
        "SELECT file, other_file, repo, sessions, sessions_together, confidence, last_at"
        " FROM file_pairs WHERE file IN ('/repo/a.py', '/repo/b.py') ORDER BY file"
    )
    assert found == [
        ("/repo/a.py", "/repo/b.py", "/repo", 5, 2, 0.4, at(41)),
        ("/repo/b.py", "/repo/a.py", "/repo", 2, 2, 1.0, at(40)),
    ]


def test_a_bulk_change_pairs_nothing(lab: Lab) -> None:
    assert lab.rows("SELECT 1 FROM file_pairs WHERE contains(file, 'bulk')") == []


def test_only_the_last_fifty_sessions_of_a_file_make_its_pairs(lab: Lab) -> None:
    pairs = "SELECT file, sessions, confidence FROM file_pairs"
    assert lab.rows(f"{pairs} WHERE file IN ('/repo/hot.py', '/repo/cold.py')") == [
        ("/repo/cold.py", 2, 1.0)
    ]


def test_an_edit_is_blind_without_a_look_before_or_a_check_behind_it(lab: Lab) -> None:
    found = lab.rows(
        "SELECT session[13:], path, unread, unchecked, looked_at, last_check FROM blind_edits"
        " WHERE session[13:] IN ('s1', 's2', 's3', 's4') ORDER BY ALL"
    )
    assert found == [
        # a.py was read before, and pytest came after; c.md is new, and prose.
        ("s1", "/repo/b.py", True, True, None, "pytest"),
        # A commit is no check, whatever its message says.
        ("s2", f"{TREE}/a.py", True, True, None, None),
        ("s2", f"{TREE}/b.py", True, True, None, None),
        ("s3", "/repo/a.py", True, True, None, None),
        # s4 looked with cat, and ran make behind it.
    ]


def test_languages_count_files_of_several_worktrees_once(lab: Lab) -> None:
    columns = "language, sessions, editing_sessions, files, edited_files, reads, edits"
    found = lab.rows(f"SELECT {columns} FROM languages WHERE language IN ('Go', 'Python')")
    assert sorted(found) == [
        ("Go", 2, 1, 2, 1, 2, 1),
        ("Python", 60, 59, 47, 45, 2, 146),
    ]
    written = "SELECT lines_written FROM session_languages WHERE session = 'claude_code/s1'"
    assert lab.rows(f"{written} AND language = 'Python'") == [(3,)]


def test_a_file_moves_with_its_directory_when_that_turns_out_to_be_of_another_repository(
    tmp_path: Path,
) -> None:
    lab = Lab(tmp_path)
    found = "SELECT repo, file FROM session_files"
    told = [event for _, event in call(0, "s1", touch("/own/a.py"), cwd="/own")]
    lab.feed([envelope(event, n, START_US) for n, event in enumerate(told, start=1)])
    lab.store.refresh()
    assert lab.rows(found) == [(None, "/own/a.py")]
    moved = CheckoutObserved(cwd="/own", repo="/main", worktree="/own", evidence="git")
    lab.feed([envelope(moved, 3, START_US)])
    lab.store.refresh()
    assert lab.rows(found) == [("/main", "/main/a.py")]
    assert lab.rows("SELECT file FROM file_hotspots") == [("/main/a.py",)]
    lab.store.close()
