"""Finding sessions, and what one session did."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from session_lattice.config import Settings
from session_lattice.reads.app import create_app
from session_lattice.reads.sessions import CLAIMS_SCHEMA
from tests.reads.conftest import BASE_URL
from tests.reads.world import World

FIRST = "claude_code/00000000-0000-4000-8000-000000000000"


def numbers(client: TestClient, query: str) -> list[int]:
    """The made-up sessions are numbered from 0, agents and repositories take turns."""
    answer = client.get(f"/sessions?{query}")
    assert answer.status_code == 200, answer.text
    return [int(row["session"].split("/")[1][:8], 16) for row in answer.json()["rows"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [5, 4, 3, 2, 1, 0]),
        ("order=started_at", [0, 1, 2, 3, 4, 5]),
        ("agent=codex", [5, 3, 1]),
        ("repo=/src/repo1", [4, 1]),
        ("repo=repo1", [4, 1]),
        ("repo=repo1/", [4, 1]),
        ("repo=epo1", []),
        ("repo=repo1&repo=repo2", [5, 4, 2, 1]),
        ("branch=branch-1", [3, 1]),
        ("file=/src/repo0/src/file4.py", [3]),
        ("file=src/file4.py", [3]),
        ("file=./src/file4.py", [3]),
        ("file=file4.py", [3]),
        ("file=ile4.py", []),
        ("tool=Grep", [5, 3, 2, 1]),
        ("tool=Nothing", []),
        ("text=SESSION “3”", [3]),
        ("since=2026-03-01T13:03:00Z", [5, 4]),
        ("until=2026-03-01T10:00:00Z", [0]),
        ("since=2026-03-01T10:01:00Z&until=2026-03-01T12:00:00Z", [2, 1]),
        ("files_changed__gte=1&agent=codex&repo=repo1", [1]),
        ("repo__prefix=/src/repo2", [5, 2]),
        ("limit=2", [5, 4]),
    ],
)
def test_sessions_are_found_by_what_they_did(
    client: TestClient, query: str, found: list[int]
) -> None:
    assert numbers(client, query) == found


def test_pages_of_filtered_sessions_follow_each_other(client: TestClient) -> None:
    query = "tool=Grep&limit=3&select=session"
    first = client.get(f"/sessions?{query}").json()
    assert len(first["rows"]) == 3
    assert numbers(client, f"{query}&after={first['next']}") == [1]


@pytest.mark.parametrize("query", ["since=soon", "since=2026-03-01&since=2026-03-02", "until=1e99"])
def test_a_wrong_time_is_a_400(client: TestClient, query: str) -> None:
    assert client.get(f"/sessions?{query}").status_code == 400


@pytest.mark.parametrize("given", [FIRST, FIRST.split("/")[1], "00000000", "claude_code/00000000"])
def test_a_session_is_found_by_its_id_or_the_beginning_of_it(
    client: TestClient, given: str
) -> None:
    assert client.get(f"/sessions/{given}").json()["session"]["session"] == FIRST


def test_an_ambiguous_beginning_is_answered_with_what_it_may_mean(client: TestClient) -> None:
    answer = client.get("/sessions/0000000")
    assert answer.status_code == 400
    assert FIRST in answer.json()["try"]


def part(client: TestClient, name: str, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/sessions/00000003?include={name}{query}").json()
    assert set(answer) == {"generation", "freshness", "session", name}
    found: dict[str, Any] = answer[name]
    return found


@pytest.mark.parametrize(
    ("name", "rows"), [("messages", 5), ("tool_calls", 5), ("files", 5), ("usage", 1)]
)
def test_a_part_of_a_session_is_paged_by_itself(client: TestClient, name: str, rows: int) -> None:
    whole = part(client, name)
    assert len(whole["rows"]) == rows
    assert whole["next"] is None
    paged = []
    page = part(client, name, "&limit=2")
    while page["next"]:
        paged += page["rows"]
        page = part(client, name, f"&limit=2&after={page['next']}")
    assert paged + page["rows"] == whole["rows"]


def test_messages_and_calls_are_told_in_order(client: TestClient) -> None:
    assert [row["text"][:6] for row in part(client, "messages")["rows"]] == [
        f"turn {turn}" for turn in range(5)
    ]
    calls = part(client, "tool_calls")["rows"]
    assert [row["called_at"] for row in calls] == sorted(row["called_at"] for row in calls)


def test_parts_that_do_not_exist_and_stray_cursors_are_refused(client: TestClient) -> None:
    cursor = part(client, "messages", "&limit=1")["next"]
    for query in ("include=nothing", f"after={cursor}", f"include=files&after={cursor}", "x=1"):
        assert client.get(f"/sessions/00000003?{query}").status_code == 400


@pytest.mark.parametrize(
    ("told", "query", "found"),
    [
        ({}, "repo=/far/repo", True),
        ({}, "repo=linked", True),
        ({}, "branch=far", True),
        ({}, "tool=Bash&agent=claude_code&until=2026-02-28", True),
        ({}, "text=PUMP", True),
        ({}, "transcript=unread", True),
        ({}, "until=2026-02-01", False),
        ({}, "repo=/far/repo&since=2026-02-28", False),
        ({"ended_at": None}, "repo=linked&since=2026-02-01&until=2026-02-28", True),
        ({"started_at": None}, "repo=linked&since=2026-02-01&until=2026-02-28", True),
        ({"started_at": None, "ended_at": None}, "repo=linked&since=2026-02-01", False),
    ],
)
def test_a_session_known_from_an_upstream_only_is_found_as_others_are(
    unpublished: World,
    make_settings: Callable[..., Settings],
    told: dict[str, Any],
    query: str,
    found: bool,
) -> None:
    session = unpublished.add_told("feedbeef", **told)
    unpublished.publish()
    with TestClient(create_app(make_settings()), base_url=BASE_URL) as client:
        rows = client.get(f"/sessions?{query}").json()["rows"]
    assert [row["session"] for row in rows] == ([session] if found else [])


def test_what_an_upstream_claims_of_a_session_is_told_with_where_it_comes_from(
    unpublished: World, make_settings: Callable[..., Settings]
) -> None:
    unpublished.add_told("feedbeef")
    unpublished.publish()
    with TestClient(create_app(make_settings()), base_url=BASE_URL) as client:
        answer = client.get("/sessions/feedbeef").json()
    assert answer["session"]["tokens_from"] == "upstream"
    assert answer["session"]["upstream"] == "http://127.0.0.1:7777"
    assert answer["messages"]["rows"] == []
    (usage,) = answer["usage"]["rows"]
    assert (usage["counted_from"], usage["input_tokens"]) == ("upstream", 100)
    assert (usage["responses"], usage["cost_microdollars"]) == (None, None)


def test_a_generation_from_before_there_were_claims_is_still_read(
    unpublished: World, make_settings: Callable[..., Settings]
) -> None:
    unpublished.publish()
    unpublished.database.schema_version = CLAIMS_SCHEMA - 1
    for table in ("reported_usage", "reports"):
        unpublished.database.run(f"ALTER TABLE {table} RENAME TO not_yet_{table}")
    unpublished.publish(refresh=False)
    with TestClient(create_app(make_settings()), base_url=BASE_URL) as client:
        answer = client.get("/sessions/00000003")
    assert answer.status_code == 200
    assert answer.json()["generation"] == 2
    assert len(answer.json()["usage"]["rows"]) == 1
