"""The made-up upstream's content."""

import json
import random

from tests.upstream import truth
from tests.upstream.records import Record
from tests.upstream.world import World

SESSION_FIELDS = {
    *("id", "session_uuid", "cwd", "started_at", "ended_at"),
    *(
        "message_count",
        "user_message_count",
        "assistant_message_count",
        "last_prompt",
        "source_file",
    ),
    *("duration_ms", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens"),
    *("parent_uuid", "request_id", "message_id", "is_sidechain_count", "models_used"),
    *("tools_used", "tool_call_counts_json", "stop_reason_counts_json"),
}
REPO_FIELDS = {
    *("id", "path", "name", "session_count", "commits_30d"),
    *("loc_churn_30d", "untracked_files", "modified_files", "authors_30d", "commits_ahead"),
    *("commits_behind", "stash_count", "head_ref", "in_progress_op", "stale_branches"),
    *("open_prs", "draft_prs", "open_issues", "prs_awaiting_my_review", "prs_mine_awaiting_review"),
    *(
        "prs_mine_no_reviewer",
        "my_draft_prs",
        "issues_assigned_to_me",
        "deploy_workflow",
        "deploy_status",
    ),
    *(
        "deploy_last_success_ts",
        "remote_url",
        "default_branch",
        "action_required",
        "action_signals",
    ),
    *("activity_score",),
}
NULLABLE = {
    *("cwd", "started_at", "ended_at", "last_prompt", "duration_ms"),
    *("parent_uuid", "request_id", "message_id"),
}


def listed(world: World) -> list[Record]:
    found: list[Record] = json.loads(b"[" + b"".join(world.pieces()) + b"]")
    return found


def differing(before: list[Record], after: list[Record]) -> set[str]:
    """Uuids of the sessions whose entries are not equal."""
    pairs = zip(before, after, strict=True)
    return {new["session"]["session_uuid"] for old, new in pairs if old != new}


def without_ids(world: World) -> list[Record]:
    return [
        {
            "session": {**entry["session"], "id": 0},
            "repos": [[0, *rest] for _, *rest in entry["repos"]],
        }
        for entry in listed(world)
    ]


def test_a_change_is_of_so_many_sessions_and_of_nothing_else() -> None:
    world = World(100)
    before = listed(world)
    changed = world.change(10)
    assert len(changed) == 10
    assert differing(before, listed(world)) == set(changed)


def test_a_session_that_changes_twice_never_has_the_content_of_before() -> None:
    world = World(1)
    seen = {json.dumps(listed(world))}
    for _ in range(5):
        world.change(1)
        seen.add(json.dumps(listed(world)))
    assert len(seen) == 6


def test_the_same_seed_and_the_same_calls_give_the_same_content() -> None:
    one, other = World(50), World(50)
    for world in (one, other):
        world.change(5)
        world.change_repos(1)
        world.add(3)
    assert listed(one) == listed(other)
    assert one.dashboard() == other.dashboard()
    assert listed(one) != listed(World(53, seed=1))


def test_handing_out_ids_anew_changes_all_of_them_and_nothing_else() -> None:
    world = World(50)
    before, bare, told = listed(world), without_ids(world), truth.reports(world)
    world.renumber()
    assert len(differing(before, listed(world))) == 50
    assert without_ids(world) == bare
    assert truth.reports(world) == told


def test_new_sessions_are_listed_first() -> None:
    world = World(20)
    (fresh,) = world.add(1)
    assert listed(world)[0]["session"]["session_uuid"] == fresh
    assert len(listed(world)) == 21


def test_records_have_every_field_of_the_upstream_and_nulls_where_they_may_be() -> None:
    world = World(200)
    sessions = [entry["session"] for entry in listed(world)]
    assert {frozenset(session) for session in sessions} == {frozenset(SESSION_FIELDS)}
    nulls = {name for session in sessions for name, value in session.items() if value is None}
    assert nulls == NULLABLE
    assert {len(entry["repos"]) for entry in listed(world)} == {0, 1, 2}
    assert {frozenset(repo) for repo in world.dashboard()["repos"]} == {frozenset(REPO_FIELDS)}


def test_a_session_is_about_twelve_hundred_bytes_so_that_fifty_thousand_are_sixty_megabytes() -> (
    None
):
    size = sum(map(len, World(2000).pieces())) / 2000
    assert 1150 < size < 1250


def test_the_truth_has_a_row_for_each_session_tool_link_and_repository() -> None:
    world = World(100, known=("00000000-0000-4000-8000-000000000001",))
    entries = listed(world)
    assert len(truth.reports(world)) == 100
    assert "claude_code/00000000-0000-4000-8000-000000000001" in {
        row[0] for row in truth.reports(world)
    }
    links = {(path, name) for entry in entries for _, name, path in entry["repos"]}
    assert {row[1:] for row in truth.session_repos(world)} == links
    assert len(truth.repos(world)) == world.repos
    entry = random.Random(1).choice([e for e in entries if e["session"]["tools_used"]])
    uuid, tools = entry["session"]["session_uuid"], entry["session"]["tools_used"]
    rows = [row for row in truth.reported_tools(world) if row[0] == truth.key(uuid)]
    assert sorted(str(row[1]) for row in rows) == tools
