"""The routes, over a scan that is done."""

import asyncio
import json
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from session_lattice.config import Settings
from session_lattice.recall.app import CHUNK_BYTES, _chunks, create_app
from session_lattice.recall.home import RecallHome
from session_lattice.recall.refresh import Refresh
from tests.reads.world import World
from tests.recall.conftest import START, Scans
from tests.recall.test_sessions import multiply

BASE_URL = "http://127.0.0.1:7780"
PATHS = ("/", "/api/scan-version", "/api/sessions", "/api/action-required", "/api/milestones")
PAGE = (
    *("repos", "recent_sessions", "recent_commits", "uncommitted_groups", "action_required"),
    *("banner", "counts", "last_scan", "earliest_session", "scan_version", "generated_at"),
)
REPO = (
    *("id", "path", "name", "session_count", "commits_30d", "loc_churn_30d", "untracked_files"),
    *("modified_files", "authors_30d", "commits_ahead", "commits_behind", "stash_count"),
    *("head_ref", "in_progress_op", "stale_branches", "open_prs", "draft_prs", "open_issues"),
    *("prs_awaiting_my_review", "prs_mine_awaiting_review", "prs_mine_no_reviewer"),
    *("my_draft_prs", "issues_assigned_to_me", "deploy_workflow", "deploy_status"),
    *("deploy_last_success_ts", "remote_url", "default_branch"),
    *("action_required", "action_signals", "activity_score"),
)


@pytest.fixture
def client(
    scans: Scans, home: RecallHome, make_settings: Callable[..., Settings]
) -> Iterator[TestClient]:
    app = create_app(make_settings(), scans.scanner, Refresh(home, scans.scanner))
    with TestClient(app, base_url=BASE_URL) as client:
        yield client


@pytest.mark.parametrize("path", ["/api/session", "/api/repos/1/tickets/2/history", "/x%0ay"])
def test_a_miss_says_which_path(world: World, client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"error": "not_found", "path": path.replace("%0a", "\n")}


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_host_is_refused(world: World, client: TestClient, path: str) -> None:
    assert client.get(path, headers={"host": "rebound.example"}).status_code == 421


def test_a_foreign_page_may_not_ask_for_a_refresh(world: World, client: TestClient) -> None:
    answer = client.post("/api/refresh", headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/sessions"), ("GET", "/api/refresh"), ("PUT", "/")]
)
def test_another_method_is_refused(
    world: World, client: TestClient, method: str, path: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"]


def test_before_the_first_scan_everything_is_empty(unpublished: World, client: TestClient) -> None:
    assert client.get("/api/scan-version").json() == {"scan_version": 0, "last_scan": None}
    assert client.get("/api/sessions").json()["sessions"] == []
    page = client.get("/").json()
    assert (page["repos"], page["last_scan"], page["earliest_session"]) == ([], None, None)
    assert set(page) == set(PAGE)


@pytest.mark.parametrize("path", PATHS)
def test_what_is_known_is_not_sent_again(
    world: World, scans: Scans, client: TestClient, path: str
) -> None:
    scans.scan()
    first = client.get(path)
    assert first.headers["etag"] == f'"{int(START)}"'
    assert first.headers["cache-control"] == "private, must-revalidate"
    assert first.headers["content-type"] == "application/json"
    for known in (first.headers["etag"], f'"x", W/{first.headers["etag"]}', "*"):
        again = client.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    assert client.get(path, headers={"if-none-match": '"7"'}).content == first.content


@pytest.mark.parametrize("path", PATHS)
def test_other_content_is_sent_to_who_knows_what_was(
    world: World, scans: Scans, client: TestClient, path: str
) -> None:
    scans.scan()
    known = client.get(path).headers["etag"]
    world.add(1)
    world.publish()
    scans.scan()
    answer = client.get(path, headers={"if-none-match": known})
    assert answer.status_code == 200
    assert answer.json()["scan_version"] == int(START) + 1


def test_every_document_says_which_scan_it_is_of(
    world: World, scans: Scans, client: TestClient
) -> None:
    scans.scan()
    for path in PATHS:
        assert client.get(path).json()["scan_version"] == int(START)
    for path in ("/", "/api/scan-version"):
        assert client.get(path).json()["last_scan"] == int(START)


def test_the_page_has_all_keys_and_every_field_of_a_repository(
    world: World, scans: Scans, client: TestClient
) -> None:
    scans.scan()
    page = client.get("/").json()
    assert set(page) == set(PAGE)
    assert len(page["repos"]) == 3
    assert all(set(repo) == set(REPO) for repo in page["repos"])
    assert [repo["session_count"] for repo in page["repos"]] == [2, 2, 2]
    assert page["counts"] == {"repos": 3, "sessions": 6, "links": 6, "commits": 0}


def test_there_are_no_milestones(world: World, scans: Scans, client: TestClient) -> None:
    scans.scan()
    assert client.get("/api/milestones").json()["milestones"] == []


def test_a_list_under_way_is_that_of_one_scan(
    world: World, scans: Scans, client: TestClient
) -> None:
    multiply(world, 2_000)
    world.publish(refresh=False)
    scans.scan()
    with client.stream("GET", "/api/sessions") as answer:
        world.add(1)
        world.publish()
        scans.scan()
        body = json.loads(b"".join(answer.iter_bytes()))
    assert body["scan_version"] == int(START)
    assert len(body["sessions"]) == 2_006


def test_a_large_list_is_sent_in_bounded_memory(
    world: World, scans: Scans, client: TestClient
) -> None:
    multiply(world, 20_000)
    world.publish(refresh=False)
    served = scans.scan()
    size = scans.scanner.sessions_file(served).stat().st_size
    file = scans.scanner.sessions_file(served).open("rb", buffering=0)

    async def taken() -> int:
        return sum([len(chunk) async for chunk in _chunks(file, b"}")])

    tracemalloc.start()
    assert asyncio.run(taken()) == size + 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 20 * CHUNK_BYTES
    assert peak < 8 * CHUNK_BYTES


def test_head_has_the_headers_and_no_body(world: World, scans: Scans, client: TestClient) -> None:
    scans.scan()
    whole = client.get("/api/sessions")
    head = client.head("/api/sessions")
    assert head.content == b""
    assert head.headers["content-length"] == str(len(whole.content))
