"""Views of the catalog, the built-in ones and a person's own."""

from starlette.testclient import TestClient

from tests.reads.world import World

OWN = """-- How many sessions has each agent?
-- axis: user
-- grain: agent
-- column sessions: count | sessions of the agent
SELECT agent, count(*) AS sessions, sum(compactions) AS compactions, [1, 2] AS numbers,
    {'a': 1} AS struct, min(started_at)::TIMESTAMPTZ AS zoned, 1.5 AS half, INTERVAL 1 DAY AS span
FROM session_overview
GROUP BY agent
"""


def test_the_catalog_lists_every_view_with_its_columns(client: TestClient) -> None:
    views = {view["name"]: view for view in client.get("/views").json()["views"]}
    assert {"session_overview", "model_usage", "tool_reliability"} <= set(views)
    usage = views["model_usage"]
    assert usage["grain"] == ["agent", "model", "counted_from"]
    assert usage["origin"] == "built-in"
    assert usage["rows"] == len(client.get("/views/model_usage").json()["rows"])
    assert {"name", "type", "unit", "description"} == set(usage["columns"][0])


def test_every_listed_view_can_be_read_and_ordered_by_each_column(client: TestClient) -> None:
    for view in client.get("/views").json()["views"]:
        for column in view["columns"]:
            path = f"/views/{view['name']}?order=-{column['name']}&limit=2"
            answer = client.get(path)
            assert answer.status_code == 200, answer.text
            after = answer.json()["next"]
            if after:
                assert client.get(f"{path}&after={after}").status_code == 200


def test_a_view_of_a_persons_own_is_read_like_any_other(
    following: TestClient, world: World
) -> None:
    (world.home.views / "by_agent.sql").write_text(OWN, "utf-8")
    world.publish()
    answer = following.get("/views/by_agent?order=-sessions,agent&limit=1").json()
    assert answer["generation"] == 2
    row = answer["rows"][0]
    assert (row["agent"], row["sessions"], row["half"]) == ("claude_code", 3, 1.5)
    assert row["compactions"] == 0, "a 128-bit sum is a number while it fits"
    after = f"/views/by_agent?order=-sessions,agent&after={answer['next']}"
    assert [row["agent"] for row in following.get(after).json()["rows"]] == ["codex"]
    assert following.get("/views/by_agent?format=csv").text.count("\r\n") == 3


def test_a_broken_view_says_so_and_stops_no_other(following: TestClient, world: World) -> None:
    broken = "-- Why?\n-- grain: agent\nSELECT error('no') AS agent FROM session_overview"
    (world.home.views / "broken.sql").write_text(broken, "utf-8")
    world.publish()
    answer = following.get("/views/broken")
    assert answer.status_code == 503
    assert "view broken" in answer.json()["detail"]
    assert following.get("/views/model_usage").status_code == 200
    status = following.get("/status").json()
    assert any("view broken" in problem["what"] for problem in status["problems"])
