"""What happened around a session: before it, beside it and since."""

from collections.abc import Iterator
from typing import Any

import pytest

from session_lattice import events
from tests.store.lab import START_US, Lab
from tests.store.views.story import DAY, MINUTE_US, Story, full, name_of

KIM = {"author_name": "Kim", "author_email": "kim@example.org"}


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, story: Story) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("around"))
    story.checkout("/repo")
    story.checkout("/bare.git/w", "/bare.git", "/bare.git/w")
    before(story)
    during(story)
    since(story)
    story.tell(lab)
    yield lab
    lab.store.close()


def before(story: Story) -> None:
    story.commit(-40 * DAY, "0000001", {"a.py": (1,)}, author_name="Old", author_email="old@x")
    story.commit(-2 * DAY, "0000002", {"a.py": (1,), "b.py": (1,)}, **KIM)
    story.edit(-1 * DAY, "earlier", "/repo/a.py", (11, 12, 13, 14))
    moves = [
        (-2 * DAY, "0000002", 0),
        (-20, "fffffff", 1),
        (-20, "eeeeeee", 2),
        (500, "ddddddd", 3),
    ]
    for minute, sha, number in moves:
        story.add(minute, events.HeadMoved(
            repo="/repo", worktree="/repo", sha=full(sha), number=number, action="checkout",
        ))  # fmt: skip
    story.commit(-30, "0000003", {"x.py": ()}, repo="/bare.git", **KIM)
    story.commit(-10, "0000004", {"y.py": ()}, repo="/bare.git", **KIM)


def during(story: Story) -> None:
    """The session that the questions are about is `me`; `peer` is at work beside it."""
    story.edit(0, "me", "/repo/a.py", (21, 22, 23, 24), taken=(11, 12, 13, 99))
    story.edit(1, "me", "/repo/b.py", (31, 32, 33))
    story.edit(1, "me", "/bare.git/w/x.py", (41, 42), cwd="/bare.git/w", branch="")
    story.edit(1, "peer", "/repo/b.py", (51,), taken=(31,), branch="topic")
    story.edit(2, "me", "/repo/b.py", (34,), branch="topic")
    story.edit(2, "peer", "/repo/c.py", (52,), branch="topic")
    story.edit(2, "child", "/repo/c.py", (53,))
    story.add(2, events.SessionObserved(agent="codex", session="child", parent_session="me"))
    story.edit(2, "stranger", "/elsewhere/c.py", (53,), cwd="/elsewhere")
    story.commit(5, "0000005", {"a.py": (21, 22, 23, 24)})


def since(story: Story) -> None:
    story.commit(60, "0000006", {"z.py": ()}, former={"z.py": "a.py"}, **KIM)
    story.commit(70, "0000007", {"z.py": (91,)}, author_name="Lee", author_email="lee@x")
    story.edit(2 * DAY, "later", "/repo/a.py", (61,), taken=(21, 22))
    story.edit(20 * DAY, "much later", "/repo/a.py", (62,), taken=(23, 24))
    story.commit(80 * DAY, "0000008", {"a.py": (1,)})


def at(minute: float) -> str:
    return f"make_timestamp({START_US + int(minute * MINUTE_US)})"


def test_what_was_checked_out_is_what_the_reflog_says_last_else_the_newest_commit(
    lab: Lab,
) -> None:
    heads: dict[str, Any] = {
        row[0]: row[1:]
        for row in lab.rows(
            "SELECT file, left(head_sha, 7), head_evidence FROM file_history_at_session_time"
            f" WHERE session = '{name_of('me')}'"
        )
    }
    assert heads == {
        "/repo/a.py": ("eeeeeee", "reflog"),
        "/repo/b.py": ("eeeeeee", "reflog"),
        "/bare.git/x.py": ("0000004", "newest commit"),
    }
    unknown = "SELECT count(*) FROM file_history_at_session_time WHERE head_sha IS NULL"
    assert lab.rows(unknown + f" AND session = '{name_of('earlier')}'") == [(0,)]


def test_a_files_history_has_the_commit_and_the_session_before_and_what_came_since(
    lab: Lab,
) -> None:
    assert lab.rows(
        "SELECT left(last_commit, 7), last_commit_author, last_commit_age_seconds, last_session,"
        " commits_since, left(next_commit, 7) FROM file_history_at_session_time"
        f" WHERE session = '{name_of('me')}' AND file = '/repo/a.py'"
    ) == [("0000002", "Kim", 2 * 86400.0, name_of("earlier"), 3, "0000005")]
    # b.py was never committed again, and nobody but the peer edits it, after.
    assert lab.rows(
        "SELECT session, last_session, commits_since FROM file_history_at_session_time"
        " WHERE file = '/repo/b.py' ORDER BY session"
    ) == [(name_of("me"), None, 0), (name_of("peer"), None, 0)]


def test_the_blast_radius_counts_others_in_windows_and_leaves_out_its_own_commits(
    lab: Lab,
) -> None:
    assert lab.rows(
        "SELECT files, repos, commits, people_before, people_since, people, sessions_before,"
        " sessions_since, commits_since, files_changed_since, left(last_change, 7),"
        f" last_change_at = {at(60)} FROM session_blast_radius WHERE session = '{name_of('me')}'"
    ) == [(3, ["/bare.git", "/repo"], 1, 1, 1, ["Kim"], 1, 3, 1, 1, "0000006", True)]


def test_lines_that_another_session_took_away_within_14_days_are_rework(lab: Lab) -> None:
    rows = lab.rows(
        "SELECT session, former_session, file, lines, share, gap_seconds, both_at_work FROM rework"
        " ORDER BY redone_at"
    )
    assert rows == [
        (name_of("me"), name_of("earlier"), "/repo/a.py", 3, 0.75, 86400.0, False),
        (name_of("later"), name_of("me"), "/repo/a.py", 2, 0.5, 2 * 86400.0, False),
    ]


def test_sessions_overlap_where_both_did_something_in_one_repository(lab: Lab) -> None:
    assert lab.rows(
        "SELECT session, other, repo, overlap_seconds, same_branches, same_files, files"
        f" FROM session_overlaps WHERE session IN ('{name_of('me')}', '{name_of('child')}')"
        " ORDER BY ALL"
    ) == [
        (name_of("child"), name_of("peer"), "/repo", 60, [], 1, ["/repo/c.py"]),
        (name_of("me"), name_of("peer"), "/repo", 120, ["topic"], 1, ["/repo/b.py"]),
    ]


def test_who_comes_later_changes_what_is_told_of_those_before(lab: Lab, story: Story) -> None:
    story.edit(-5, "between", "/repo/a.py", (71,))
    story.commit(-4, "0000009", {"a.py": (1,)}, **KIM)
    story.tell(lab)
    assert lab.rows(
        "SELECT last_session, left(last_commit, 7) FROM file_history_at_session_time"
        f" WHERE session = '{name_of('me')}' AND file = '/repo/a.py'"
    ) == [(name_of("between"), "0000009")]
    assert lab.rows(
        f"SELECT sessions_before FROM session_blast_radius WHERE session = '{name_of('me')}'"
    ) == [(2,)]
