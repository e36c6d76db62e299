"""The routes, in process: shapes, validators, formats, problems."""

import csv
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from session_lattice.config import Settings
from session_lattice.reads import queries
from session_lattice.reads.app import create_app
from session_lattice.reads.shapes import SessionAnswer, SessionList, ViewAnswer, ViewList
from session_lattice.reads.snapshot import Snapshot
from session_lattice.reads.status import Status
from tests.reads.conftest import BASE_URL
from tests.reads.world import World

PROBLEM = "application/problem+json"
DATA_ROUTES = ("/views", "/views/model_usage", "/sessions", "/sessions/00000001")


def test_before_the_first_generation_data_is_503_and_says_what_to_start(
    unpublished: World, make_settings: Callable[..., Settings]
) -> None:
    with TestClient(create_app(make_settings()), base_url=BASE_URL) as client:
        for path in (*DATA_ROUTES, "/readyz"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["content-type"] == PROBLEM
            assert "serve-puller" in answer.json()["try"]
        assert client.get("/healthz").status_code == 200
        status = client.get("/status").json()
    assert status["state"] == "down"
    assert status["generation"] is None


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/views/nothing", "there is no view 'nothing'"),
        ("/sessions/nothing", "there is no session 'nothing'"),
        ("/nothing", "there is nothing at /nothing"),
        ("/views/", "there is nothing at /views/"),
        ("/sessions/", "there is no session ''"),
    ],
)
def test_what_is_not_there_is_a_404_problem(client: TestClient, path: str, says: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert problem["detail"] == says
    assert problem["status"] == 404
    assert problem["instance"] == path
    assert problem["try"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("nothing=1", "there is no column 'nothing'"),
        ("responses__like=1", "responses cannot be filtered by 'like'"),
        ("responses__contains=1", "responses cannot be filtered by 'contains'"),
        ("responses=many", "responses takes a whole number of 64 bits, not 'many'"),
        ("responses=9223372036854775808", "responses takes a whole number"),
        ("first_day=yesterday", "first_day takes a day such as"),
        ("agent__is=empty", "agent__is takes null or not_null"),
        ("select=nothing", "there is no column 'nothing' to select"),
        ("select=,", "select is empty"),
        ("order=nothing", "there is no column 'nothing' to order by"),
        ("limit=0", "limit is '0'"),
        ("limit=10001", "limit is '10001'"),
        ("limit=1e3", "limit is '1e3'"),
        ("limit=1&limit=2", "limit is given more than once"),
        ("format=xml", "there is no format 'xml'"),
        ("after=nonsense", "the cursor cannot be read"),
    ],
)
def test_a_wrong_parameter_is_a_400_problem_that_says_which(
    client: TestClient, query: str, says: str
) -> None:
    answer = client.get(f"/views/model_usage?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["detail"].startswith(says)


def test_an_unknown_column_is_answered_with_the_known_ones(client: TestClient) -> None:
    assert "cost_microdollars" in client.get("/views/model_usage?costs=1").json()["try"]


def test_a_cursor_of_another_view_or_order_is_refused(client: TestClient) -> None:
    cursor = client.get("/views/tool_sessions?limit=1").json()["next"]
    for query in (
        f"/views/file_sessions?after={cursor}",
        f"/views/tool_sessions?order=-calls&after={cursor}",
    ):
        answer = client.get(query)
        assert answer.status_code == 400
        assert "another view or order" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/views", ViewList),
        ("/views/model_usage", ViewAnswer),
        ("/sessions", SessionList),
        ("/sessions/00000001", SessionAnswer),
        ("/status", Status),
    ],
)
def test_answers_have_their_shape_kept_or_not(client: TestClient, path: str, shape: Any) -> None:
    for _ in range(2):
        msgspec.json.decode(client.get(path).content, type=shape)


def test_a_view_answer_says_generation_freshness_columns_and_rows(client: TestClient) -> None:
    answer = client.get("/views/model_usage?order=-input_tokens&limit=2").json()
    assert list(answer) == ["view", "generation", "freshness", "columns", "rows", "next"]
    assert answer["view"] == "model_usage"
    assert answer["generation"] == 1
    assert set(answer["freshness"]) == {
        "materialized_at",
        "age_seconds",
        "refresh_interval_seconds",
        "source_at",
    }
    assert {"name": "cost_microdollars", "unit": "microdollars"}.items() <= {
        key: value
        for column in answer["columns"]
        if column["name"] == "cost_microdollars"
        for key, value in column.items()
    }.items()
    assert [row["input_tokens"] for row in answer["rows"]] == sorted(
        (row["input_tokens"] for row in client.get("/views/model_usage").json()["rows"]),
        reverse=True,
    )[:2]
    assert answer["next"]


def test_times_are_utc_and_say_so(client: TestClient) -> None:
    row = client.get("/sessions/00000001?include=messages").json()
    assert row["session"]["started_at"] == "2026-03-01T10:00:00.000007Z"
    assert row["messages"]["rows"][0]["ts"] == "2026-03-01T10:00:00.000007Z"


@pytest.mark.parametrize("path", DATA_ROUTES)
def test_an_etag_holds_for_its_generation(following: TestClient, world: World, path: str) -> None:
    first = following.get(path)
    etag = first.headers["etag"]
    same = following.get(path, headers={"If-None-Match": f'"other", {etag}'})
    assert same.status_code == 304
    assert same.content == b""
    assert same.headers["etag"] == etag
    assert same.headers["x-session-lattice-generation"] == "1"
    assert float(same.headers["x-session-lattice-age-seconds"]) >= 0
    world.publish()
    newer = following.get(path, headers={"If-None-Match": etag})
    assert newer.status_code == 200
    assert newer.json()["generation"] == 2
    assert newer.headers["etag"] != etag


def test_answers_change_with_the_generation_and_only_then(
    following: TestClient, world: World
) -> None:
    path = "/views/session_overview?select=session"
    before = following.get(path).json()["rows"]
    world.add(1)
    assert following.get(path).json()["rows"] == before
    world.publish()
    assert len(following.get(path).json()["rows"]) == len(before) + 1


def test_what_was_asked_last_is_made_before_a_generation_takes_over(
    following: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_view = queries.read_view
    generations = []

    def noted(snapshot: Snapshot, *given: Any) -> ViewAnswer:
        generations.append(snapshot.generation)
        return read_view(snapshot, *given)

    monkeypatch.setattr(queries, "read_view", noted)
    following.get("/views/model_usage")
    world.publish(refresh=False)
    following.get("/sessions")
    assert generations == [1, 2]
    assert following.get("/views/model_usage").json()["generation"] == 2
    assert generations == [1, 2]


def test_what_is_relative_to_now_is_not_kept(client: TestClient) -> None:
    answer = client.get("/sessions?since=7d")
    assert answer.json()["rows"] == []
    assert "etag" not in answer.headers
    assert "etag" in client.get("/sessions?since=2026-03-01").headers


@pytest.mark.parametrize("path", ["/views/model_usage", "/sessions"])
def test_csv_has_the_same_cells_as_json(client: TestClient, path: str) -> None:
    rows = client.get(path).json()["rows"]
    for answer in (
        client.get(path, params={"format": "csv"}),
        client.get(path, headers={"Accept": "text/csv"}),
    ):
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["x-session-lattice-generation"] == "1"
        assert answer.headers["x-session-lattice-source-at"].endswith("Z")
        table = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert [row.get("title") for row in table] == [
            row.get("title") if "title" not in row else row["title"] or "" for row in rows
        ]
        assert [row["agent"] for row in table] == [row["agent"] for row in rows]
    assert client.get(path).headers["content-type"] == "application/json"


def test_the_next_page_of_csv_is_in_a_header(client: TestClient) -> None:
    path = "/views/tool_sessions?format=csv&select=tool,session&limit=5"
    first = client.get(path)
    after = first.headers["x-session-lattice-next"]
    second = client.get(f"{path}&after={after}")
    together = first.text.splitlines()[1:] + second.text.splitlines()[1:]
    whole = client.get("/views/tool_sessions?format=csv&select=tool,session&limit=10")
    assert together == whole.text.splitlines()[1:]


@pytest.mark.parametrize("path", [*DATA_ROUTES, "/", "/healthz", "/status", "/openapi.json"])
def test_head_is_get_without_a_body(client: TestClient, path: str) -> None:
    got = client.get(path)
    head = client.head(path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]


def test_readiness_follows_the_age_of_the_data(following: TestClient, world: World) -> None:
    assert following.get("/readyz").json()["ready"] is True
    world.publish_aged(hours=1)
    answer = following.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("not-fresh")


def test_the_sample_is_labelled_wherever_it_shows(following: TestClient, world: World) -> None:
    assert "sample" not in following.get("/views/model_usage").json()
    assert following.get("/status").json()["sample"] is False
    world.publish(sample=True)
    for path in DATA_ROUTES:
        answer = following.get(path)
        assert answer.json()["sample"] is True
        assert answer.headers["x-session-lattice-sample"] == "true"
    assert following.get("/status").json()["sample"] is True
    assert (
        following.get("/views/model_usage?format=csv").headers["x-session-lattice-sample"] == "true"
    )


def test_openapi_names_every_route_and_parameter(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {
        "/",
        "/healthz",
        "/readyz",
        "/status",
        "/views",
        "/views/{name}",
        "/sessions",
        "/sessions/{session}",
        "/search",
        "/streams/{stream}",
        "/events",
    }
    named = [p["name"] for p in document["paths"]["/sessions"]["get"]["parameters"]]
    assert {"repo", "branch", "file", "tool", "since", "until", "limit", "after"} <= set(named)
    assert {"ViewAnswer", "ProblemDocument", "Status"} <= set(document["components"]["schemas"])


def test_every_link_of_the_index_leads_somewhere(client: TestClient) -> None:
    links = client.get("/").json()["links"]
    # A stream has no end that this client could wait for.
    assert links.pop("events") == "/events"
    for path in links.values():
        assert client.get(path).status_code != 404


@given(
    path=st.sampled_from(["/views/model_usage", "/views/file_sessions", "/sessions", "/views"])
    | st.text(max_size=20).map(lambda text: f"/sessions/{quote(text, safe='')}")
    | st.binary(max_size=20).map(lambda raw: f"/{quote(raw, safe='')}"),
    query=st.lists(
        st.tuples(
            st.sampled_from(["select", "order", "limit", "after", "format", "include", "since"])
            | st.sampled_from(["agent", "responses__gt", "path__contains", "branches", "file"])
            | st.text(max_size=10),
            st.text(max_size=20) | st.binary(max_size=10),
        ),
        max_size=4,
    ),
)
def test_whatever_is_asked_the_answer_is_never_a_server_error(
    client: TestClient, path: str, query: list[tuple[str, str | bytes]]
) -> None:
    answer = client.get(f"{path}?{urlencode(query)}")
    assert answer.status_code in (200, 400, 404)
    assert answer.status_code == 200 or answer.json()["detail"]
