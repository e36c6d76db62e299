"""Whose a commit is: by which evidence, and above all whose it is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice import events
from session_lattice.events import Reference, Trailer
from tests.store.lab import UUID, Lab
from tests.store.views.story import DAY, PRICE, Story, full, name_of

WRITER_ID = UUID
STRANGER_ID = "99999999-f7da-72cf-a9da-a37e51b591d7"
BOT = {"author_name": "renovate[bot]", "author_email": "bot@example.org"}
MANY = tuple(range(1000, 1300))
"""Lines of a long file, as their checksums."""

Answer = tuple[str, str, str, bool, bool]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("attribution"))
    story = Story()
    for cwd, repo in [("/repo", "/repo"), ("/clone", "/clone"), ("/other", "/other")]:
        story.checkout(cwd, repo)
    story.checkout("/repo/.worktrees/x", "/repo", "/repo/.worktrees/x")
    begin(story)
    of_one_file(story)
    elsewhere(story)
    told_by_texts(story)
    story.tell(lab)
    yield lab
    lab.store.close()


def begin(story: Story) -> None:
    for repo in ("/repo", "/clone"):
        story.add(0, events.RefsObserved(repo=repo, remote_url="git@forge.example:Own/App.git"))
    story.answer(1, WRITER_ID, 100)
    story.edit(10, WRITER_ID, "/repo/a.py", (101, 102, 103, 104))
    story.answer(11, WRITER_ID, 10)
    story.run(12, WRITER_ID, "[main 1aaaaaa] one\n 1 file changed\n[main 9999999] gone\n")


def of_one_file(story: Story) -> None:
    """What touches a.py in the hours around the writer's edit."""
    story.commit(12, "1aaaaaa", {"a.py": (101, 102, 103, 104)}, subject="one (#12)",
                 references=(Reference(number=12),))  # fmt: skip
    story.commit(12, "1aaaaaa", {"a.py": (101, 102, 103, 104)}, repo="/clone",
                 references=(Reference(number=12),))  # fmt: skip
    story.commit(14, "2bbbbbb", {"a.py": (101, 102, 103, 104, 105)}, subject="one, amended")
    story.commit(20, "3cccccc", {"a.py": (101, 102, 103, 104)}, repo="/repo", subject="picked")
    story.commit(25, "b07b07b", {"a.py": (901, 902, 903)}, **BOT)
    story.commit(26, "5eeeeee", {"a.py": (201, 202, 203)}, author_name="Kim")
    story.commit(27, "5fffff0", {"a.py": (101, 202, 203)}, author_name="Kim")
    story.commit(28, "3e3e3e3", {}, parents=(full("2bbbbbb"), full("1aaaaaa")), subject="Merge",
                 references=(Reference(number=11, kind="pull_request"),))  # fmt: skip
    story.answer(29, WRITER_ID, 7)
    story.edit(40, "late", "/repo/a.py", (101, 102, 103, 104))
    story.edit(40, "failed", "/repo/t.py", (101, 102, 103, 104), ok=False)
    story.commit(30 + 14 * DAY, "0150150", {"a.py": (301, 302, 303)})


def elsewhere(story: Story) -> None:
    """Other files: ties, worktrees, renames, long files."""
    for session in ("twin1", "twin2"):
        story.edit(30, session, "/repo/b.py", (111, 112, 113))
    story.commit(35, "44444aa", {"b.py": (111, 112, 113)})
    story.edit(31, "tree", "/repo/.worktrees/x/d.py", (121, 122, 123), cwd="/repo/.worktrees/x",
               branch="topic")  # fmt: skip
    story.commit(36, "66666bb", {"d.py": (121, 122, 123)})
    story.edit(32, "mover", "/repo/old.py", (131, 132, 133))
    story.commit(37, "77777cc", {"new.py": (131, 132, 133)}, former={"new.py": "old.py"})
    story.edit(33, "long", "/repo/long.py", MANY[:64])
    story.commit(38, "88888dd", {"long.py": MANY[:256]})
    story.edit(34, "half", "/repo/half.py", (*MANY[:32], *range(5000, 5032)))
    story.commit(39, "99999ee", {"half.py": MANY[:256]})
    story.edit(34, "locked", "/repo/l.py", (141, 142, 143))
    story.commit(39, "aaaaa1f", {"l.py": (141, 142, 143), "uv.lock": MANY[:256]})


def told_by_texts(story: Story) -> None:
    story.commit(41, "bbbbb20", {"z.py": (1, 2)},
                 trailers=(Trailer(key="Session", value=f"see {WRITER_ID}"),))  # fmt: skip
    story.commit(42, "ccccc21", {"z.py": (1, 2)},
                 trailers=(Trailer(key="Session", value=STRANGER_ID),))  # fmt: skip
    # Who reads an old commit's output did not make it.
    story.run(12 + 2 * DAY, "reader", "[main 1aaaaaa] one\n")
    story.run(50, "outsider", "[topic d00d00d] by git -C\n", cwd="/other")
    story.commit(50, "d00d00d", {"y.py": (1, 2)})
    # Two commits without a word; the one while the call ran is its own.
    story.run(
        51, "quiet", "", command='{"command":"cd /repo && git commit -qam x"}', branch="topic"
    )
    for minute, sha in [(51, "aced000"), (53, "bead000")]:
        story.commit(minute, sha, {"q.py": (1, 2)})
        story.add(minute, events.HeadMoved(
            repo="/repo", worktree="/repo", sha=full(sha), number=minute, action="commit",
        ))  # fmt: skip
    link = {"agent": "codex", "session": WRITER_ID, "cwd": "/repo", "branch": "main"}
    story.add(43, events.ReferenceObserved(
        **link, number=12, slug="own/app", host="forge.example", kind="pull_request",
        evidence="pr_link", message="m1",
    ))  # fmt: skip
    story.add(44, events.ReferenceObserved(
        **link, number=7, slug="own/app", kind="issue", evidence="mention", message="m1",
    ))  # fmt: skip
    command = "gh pr create --fill"
    call = story.run(45, "opener", "https://forge.example/far/away/pull/3", command=command)
    story.add(45, events.ReferenceObserved(
        agent="codex", session="opener", cwd="/repo", branch="main", number=3, slug="far/away",
        host="forge.example", kind="pull_request", evidence="url", call=call,
    ))  # fmt: skip


def of(lab: Lab, sha: str, repo: str = "/repo") -> list[Answer]:
    """(session, evidence, confidence, best, tied) of all who may have written the commit."""
    found = lab.rows(
        "SELECT session, evidence, confidence, best, tied FROM session_commits"
        f" WHERE repo = '{repo}' AND starts_with(sha, '{sha}') ORDER BY best DESC, rank, session"
    )
    return [(row[0].removeprefix("codex/"), *row[1:]) for row in found]


def test_a_bots_commit_on_the_same_file_in_the_same_hour_is_at_most_weakly_anybodys(
    lab: Lab,
) -> None:
    assert of(lab, "b07b07b") == [(WRITER_ID, "overlap", "weak", True, False)]
    assert lab.rows(
        "SELECT by_bot, weak_candidates, nearest FROM unattributed_commits"
        " WHERE starts_with(sha, 'b07b07b')"
    ) == [(True, 1, name_of(WRITER_ID))]


def test_a_persons_own_lines_in_a_file_that_a_session_edited_stay_that_persons(lab: Lab) -> None:
    assert of(lab, "5eeeeee") == [(WRITER_ID, "overlap", "weak", True, False)]
    assert of(lab, "5fffff0") == [(WRITER_ID, "wrote", "weak", True, False)]


def test_an_edit_after_the_commit_or_one_that_failed_or_is_weeks_old_speaks_for_nothing(
    lab: Lab,
) -> None:
    sessions = {row[0] for row in lab.rows("SELECT session FROM session_commits")}
    assert name_of("failed") not in sessions
    assert [row[0] for row in of(lab, "0150150")] == ["late"]
    assert "late" not in {row[0] for row in of(lab, "1aaaaaa")}


def test_a_commit_that_was_printed_is_exact_and_so_is_its_copy_in_another_clone(lab: Lab) -> None:
    assert of(lab, "1aaaaaa")[0] == (WRITER_ID, "printed", "exact", True, False)
    assert of(lab, "1aaaaaa", "/clone") == [(WRITER_ID, "printed", "exact", True, False)]


def test_a_call_in_another_directory_that_printed_a_commit_counts_only_when_it_was_made(
    lab: Lab,
) -> None:
    assert of(lab, "d00d00d") == [("outsider", "printed", "exact", True, False)]
    assert "reader" not in {row[0] for row in of(lab, "1aaaaaa")}


def test_a_commit_that_printed_nothing_is_known_by_the_reflog_while_the_call_ran(lab: Lab) -> None:
    assert of(lab, "aced000") == [("quiet", "reflog", "strong", True, False)]
    assert of(lab, "bead000") == []


def test_amended_and_picked_commits_are_strong_by_their_lines(lab: Lab) -> None:
    assert of(lab, "2bbbbbb") == [(WRITER_ID, "wrote", "strong", True, False)]
    assert of(lab, "3cccccc") == [(WRITER_ID, "wrote", "strong", True, False)]
    assert lab.rows(
        "SELECT line_share, shared_lines, seconds_to_commit FROM commit_candidates"
        " WHERE starts_with(sha, '2bbbbbb')"
    ) == [(0.8, 4, 240.0)]
    assert lab.rows("SELECT max(line_share) FROM session_commits WHERE shared_lines = 0") == [
        (0.0,)
    ]


def test_a_merge_has_no_lines_and_is_nobodys(lab: Lab) -> None:
    assert of(lab, "3e3e3e3") == []
    assert lab.rows(
        "SELECT merge, weak_candidates, nearest FROM unattributed_commits WHERE subject = 'Merge'"
    ) == [(True, 0, None)]


def test_two_sessions_that_wrote_the_same_at_the_same_time_are_tied(lab: Lab) -> None:
    assert of(lab, "44444aa") == [
        ("twin1", "wrote", "strong", True, True),
        ("twin2", "wrote", "strong", True, True),
    ]
    assert lab.rows(
        "SELECT sessions, candidates, weak_candidates FROM commit_sessions"
        " WHERE starts_with(sha, '44444aa')"
    ) == [([name_of("twin1"), name_of("twin2")], 2, 0)]


def test_worktrees_and_renames_do_not_hide_who_wrote(lab: Lab) -> None:
    assert of(lab, "66666bb") == [("tree", "wrote", "strong", True, False)]
    assert of(lab, "77777cc") == [("mover", "wrote", "strong", True, False)]
    assert lab.rows("SELECT branch FROM commit_sessions WHERE starts_with(sha, '66666bb')") == [
        ("topic",)
    ]


def test_full_sketches_are_compared_only_as_far_as_both_reach(lab: Lab) -> None:
    # All 64 numbers that are kept are the commit's 64 smallest: nothing speaks against the rest.
    assert of(lab, "88888dd") == [("long", "wrote", "strong", True, False)]
    # The 64 reach far beyond the commit's: 32 of its 256 were written, and that is all.
    assert lab.rows(
        "SELECT session, confidence, line_share, shared_lines FROM session_commits"
        " WHERE starts_with(sha, '88888dd') OR starts_with(sha, '99999ee') ORDER BY ALL"
    ) == [
        (name_of("half"), "weak", 0.125, 32),
        (name_of("long"), "strong", 1.0, 64),
    ]


def test_a_lock_file_written_by_a_package_manager_does_not_outweigh_the_rest(lab: Lab) -> None:
    assert of(lab, "aaaaa1f") == [("locked", "wrote", "strong", True, False)]


def test_a_trailer_is_exact_and_one_with_an_unknown_id_says_nothing(lab: Lab) -> None:
    assert of(lab, "bbbbb20") == [(WRITER_ID, "trailer", "exact", True, False)]
    assert of(lab, "ccccc21") == []


def test_a_commit_costs_what_was_answered_since_the_one_before_it(lab: Lab) -> None:
    costs = lab.rows(
        "SELECT left(sha, 7), responses, cost_microdollars FROM commit_cost"
        f" WHERE session = '{name_of(WRITER_ID)}' AND repo = '/repo' ORDER BY committed_at, sha"
    )
    assert costs == [
        ("1aaaaaa", 2, 110 * PRICE),
        ("2bbbbbb", 0, None),
        ("3cccccc", 0, None),
        ("bbbbb20", 1, 7 * PRICE),
    ]


def test_what_pull_requests_issues_and_branches_have_to_do_with_whom(lab: Lab) -> None:
    columns = "session, repo, host, number, kind, evidence, confidence, commits, cost_microdollars"
    assert lab.rows(f"SELECT {columns} FROM session_pull_requests ORDER BY number") == [
        (name_of("opener"), "", "forge.example", 3, "pull_request", "opened", "strong", 0, None),
        (name_of(WRITER_ID), "/repo", "forge.example", 11, "pull_request", "commit", "strong", 1,
         117 * PRICE),
        (name_of(WRITER_ID), "/repo", "forge.example", 12, "pull_request", "pr_link", "exact", 1,
         117 * PRICE),
    ]  # fmt: skip
    assert lab.rows(f"SELECT {columns} FROM issue_sessions") == [
        (name_of(WRITER_ID), "/repo", "forge.example", 7, "issue", "mention", "weak", 0,
         117 * PRICE),
    ]  # fmt: skip
    assert lab.rows(
        "SELECT repo, branch, commits, additions, cost_microdollars, pull_requests FROM branch_cost"
        " WHERE repo = '/repo' ORDER BY branch"
    ) == [
        ("/repo", "main", 7, 534, 117 * PRICE, ["own/app#11", "own/app#12"]),
        ("/repo", "topic", 3, 7, None, []),
    ]


def test_sessions_with_edits_and_no_commit_of_theirs_are_unshipped(lab: Lab) -> None:
    assert lab.rows(
        "SELECT session, files, edits, weak_commits, branches FROM unshipped_sessions ORDER BY 1"
    ) == [
        (name_of("half"), 1, 1, 1, ["main"]),
        (name_of("late"), 1, 1, 1, ["main"]),
    ]


def test_commits_of_the_time_before_sessions_are_known_are_no_riddle(tmp_path: Path) -> None:
    lab, story = Lab(tmp_path), Story()
    story.checkout("/repo")
    story.commit(-60, "aaaaaaa", {"a.py": (1,)})
    story.commit(60, "bbbbbbb", {"a.py": (1,)})
    story.answer(0, "first", 1)
    story.tell(lab)
    shas = "SELECT left(sha, 7) FROM unattributed_commits ORDER BY sha"
    assert lab.rows(shas) == [("bbbbbbb",)]
    story.answer(-90, "earlier", 1)
    story.tell(lab)
    assert lab.rows(shas) == [("aaaaaaa",), ("bbbbbbb",)]
    lab.store.close()
