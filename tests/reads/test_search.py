"""Searching over HTTP and MCP, in a home that the real store and the real index have filled."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from starlette.testclient import TestClient

from session_lattice import config
from session_lattice.home import Home
from session_lattice.puller.indexing import Indexing
from session_lattice.reads.app import create_app
from session_lattice.search import file
from session_lattice.search.index import Index
from session_lattice.store.store import Store
from tests.reads.conftest import BASE_URL, reads_server
from tests.reads.world import World
from tests.search.made import document


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Six sessions in three repositories, and all that they said and ran."""
    world = World.create(tmp_path_factory.mktemp("searched") / "home", sessions=6)
    world.publish()
    world.close()
    index(world.home)
    return world.home


def index(home: Home) -> None:
    store, indexing = Store(home, 60.0), Indexing(home)
    while indexing.step(store):
        pass
    assert indexing.problem is None
    indexing.close()
    store.close()


def client_of(home: Home) -> TestClient:
    settings = config.load({"profile": "dev", "home": str(home.root)}, {})
    return TestClient(create_app(settings), base_url=BASE_URL)


@pytest.fixture(scope="module")
def client(home: Home) -> Iterator[TestClient]:
    with client_of(home) as client:
        yield client


def search(client: TestClient, q: str, **given: str) -> dict[str, Any]:
    answer = client.get("/search", params={"q": q, **given})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


# --- failures --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({"q": ""}, 422, "no word to search for"),
        ({}, 422, "there is no query"),
        ({"q": "-without"}, 422, "only says what is not wanted"),
        ({"q": "x" * 2000}, 422, "2000 characters"),
        ({"q": "turn", "kind": "rumour"}, 400, "there is no kind 'rumour'"),
        ({"q": "turn", "limit": "0"}, 400, "limit is '0'"),
        ({"q": "turn", "limit": "101"}, 400, "limit is '101'"),
        ({"q": "turn", "since": "soon"}, 400, "'soon' is not a time"),
        ({"q": "turn", "session": "nobody"}, 404, "there is no session 'nobody'"),
        ({"q": "turn", "nothing": "1"}, 400, "there is no parameter 'nothing'"),
        ({"q": "turn", "after": "%%%"}, 400, "the cursor cannot be read"),
        ({"q": "turn", "after": "WyJ4IiwxLFtdXQ"}, 400, "belongs to another search"),
        ({"q": "turn", "after": "WyJ4IiwtOTk5OTk5OTk5OTk5OTk5OTk5OTk5LFtdXQ"}, 400, "cursor"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_that_says_what_to_try(
    client: TestClient, given: dict[str, str], status: int, says: str
) -> None:
    answer = client.get("/search", params=given)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    assert says in answer.json()["detail"]


def test_without_an_index_or_with_a_damaged_one_the_rest_is_answered(tmp_path: Path) -> None:
    world = World.create(tmp_path / "home", sessions=1)
    with client_of(world.home) as client:
        assert client.get("/search?q=turn").json()["type"].endswith(":no-generation")
        world.publish()
        missing = client.get("/search?q=turn")
        assert missing.status_code == 503
        assert missing.headers["retry-after"]
        assert missing.json()["type"].endswith(":no-search-index")
        world.home.search.write_bytes(b"no index\n" * 1000)
        broken = client.get("/search?q=turn")
        assert broken.status_code == 503
        assert "delete the file" in broken.json()["try"]
        assert client.get("/views/model_usage").status_code == 200
    world.close()


def test_an_index_that_is_behind_says_so(tmp_path: Path) -> None:
    world = World.create(tmp_path / "home", sessions=2)
    world.publish()
    made = Index(world.home.search)
    made.add([document(1, "the only word")])
    with client_of(world.home) as client:
        told = search(client, "only")
        assert [hit["message"] for hit in told["hits"]] == ["m1"]
        assert (told["hits"][0]["title"], told["hits"][0]["repo"]) == (None, None)
        assert told["index"] == {"documents": 1, "complete": False, "whole_at": None}
        made.close()
        world.close()
        file.discard(world.home.search)
        index(world.home)
        told = search(client, "turn")
        assert told["index"]["complete"]
        assert told["index"]["whole_at"]


# --- answers ---------------------------------------------------------------------------


def test_a_hit_says_where_when_and_what(client: TestClient) -> None:
    told = search(client, '"turn 1 of 3"')
    assert told["query"] == '"turn 1 of 3"'
    assert told["generation"] == 1
    assert told["freshness"]["age_seconds"] >= 0
    (hit,) = told["hits"]
    session = "codex/00000003-0000-4000-8000-000000000003"
    assert hit.pop("score") > 0
    assert hit == {
        "session": session,
        "title": "Session “3”, with a comma",
        "ts": "2026-03-01T12:00:01.000021Z",
        "kind": "reply",
        "snippet": "turn 1 of 3: naïve café",
        "marks": [[0, 11]],
        "agent": "codex",
        "repo": "/src/repo0",
        "cwd": "/src/repo0",
        "tool": None,
        "subagent": "",
        "message": "m1",
        "call": None,
    }
    assert client.get(f"/sessions/{session}").status_code == 200


def test_answers_are_not_kept_as_the_index_moves_on_by_itself(client: TestClient) -> None:
    answer = client.get("/search?q=turn")
    assert "etag" not in answer.headers
    assert answer.headers["x-session-lattice-generation"] == "1"


def sessions(told: dict[str, Any]) -> set[str]:
    return {hit["session"].split("/")[1][:8] for hit in told["hits"]}


def test_filters_narrow_what_is_found(client: TestClient) -> None:
    assert sessions(search(client, "turn", limit="100")) == {f"0000000{n}" for n in range(6)}
    for repo in ("/src/repo1", "repo1", "./repo1/"):
        assert sessions(search(client, "turn", repo=repo)) == {"00000001", "00000004"}
    assert search(client, "turn", repo="nowhere")["hits"] == []
    assert sessions(search(client, "turn", agent="codex")) == {"00000001", "00000003", "00000005"}
    assert sessions(search(client, "turn", session="00000002")) == {"00000002"}
    spans = {"since": "2026-03-01T10:00:00Z", "until": "2026-03-01T11:00:00Z"}
    assert sessions(search(client, "turn", **spans)) == {"00000001"}
    kinds = {hit["kind"] for hit in search(client, "turn", kind="prompt")["hits"]}
    assert kinds == {"prompt"}
    tools = search(client, "path OR py OR done", tool="Bash,Edit", limit="100")["hits"]
    assert {hit["tool"] for hit in tools} == {"Bash", "Edit"}
    assert {hit["kind"] for hit in tools} == {"call", "error"}
    assert all(hit["call"] and not hit["message"] for hit in tools)


def test_pages_go_on_with_the_same_search_only(client: TestClient) -> None:
    whole = search(client, "turn", limit="100")["hits"]
    paged, after = [], ""
    while after is not None:
        told = search(client, "turn", limit="4", **({"after": after} if after else {}))
        paged += told["hits"]
        after = told["next"]
    assert paged == whole
    cursor = search(client, "turn", limit="4")["next"]
    assert client.get(f"/search?q=turn&limit=9&after={cursor}").status_code == 200
    for other in ("q=naïve", "q=turn&agent=codex", "q=turn&since=7d"):
        assert client.get(f"/search?{other}&after={cursor}").status_code == 400


def test_the_tool_tells_the_same_in_fewer_words(home: Home) -> None:
    async def run(url: str) -> list[Any]:
        async with Client(f"{url}/mcp") as client:
            found = await client.call_tool("search", {"query": "turn", "limit": 3})
            after = found.structured_content["next"]
            more = {"query": "turn", "limit": 3, "after": after}
            refused: list[dict[str, Any]] = [{"query": "-x"}, {"query": "turn", "limit": 101}]
            return [
                found,
                await client.call_tool("search", more),
                *[await client.call_tool("search", given) for given in refused],
            ]

    with reads_server(home.root) as server:
        first, second, *refused = asyncio.run(run(server.url))
    hits = first.structured_content["hits"]
    assert len(hits) == 3
    assert {"session", "title", "ts", "kind", "snippet", "score", "repo"} <= set(hits[0])
    assert "marks" not in hits[0]
    assert "more hits follow" in first.structured_content["left_out"]
    told = [(hit["session"], hit["message"]) for page in (first, second)
            for hit in page.structured_content["hits"]]  # fmt: skip
    assert len(set(told)) == 6
    assert [result.is_error for result in refused] == [True, True]
    assert "not wanted. Try: write words" in refused[0].content[0].text
