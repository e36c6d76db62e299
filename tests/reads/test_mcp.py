"""The MCP tools over real HTTP, in both eras of the protocol."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import httpx
import httpx2
import jsonschema
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from session_lattice.home import Home
from session_lattice.reads.tools import CELL_CHARS, REPLY_BYTES
from tests.reads.conftest import Server, reads_server
from tests.reads.world import World

ERAS = ("legacy", "auto", "2026-07-28")
TOOLS = ["orient", "list_views", "read_view", "list_sessions", "get_session", "search"]
Result = TypeVar("Result")


@pytest.fixture(scope="module")
def server(settled: Home) -> Iterator[Server]:
    with reads_server(settled.root) as server:
        yield server


def asking(
    server: Server, ask: Callable[[Client], Awaitable[Result]], mode: Any = "auto"
) -> Result:
    """What `ask` returns of a connected client."""

    async def run() -> Result:
        async with Client(f"{server.url}/mcp", mode=mode) as client:
            return await ask(client)

    return asyncio.run(run())


def call(server: Server, tool: str, mode: str = "auto", **arguments: Any) -> CallToolResult:
    async def ask(client: Client) -> Any:
        return await client.call_tool(tool, arguments)

    result: CallToolResult = asking(server, ask, mode)
    return result


def content(result: CallToolResult) -> dict[str, Any]:
    """The structured content, which the text must say as well."""
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content or {}
    assert json.loads(text(result)) == found
    return found


def text(result: CallToolResult) -> str:
    return str(result.content[0].text)  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", ERAS)
def test_every_tool_is_listed_read_only_and_typed(server: Server, mode: str) -> None:
    async def ask(client: Client) -> Any:
        return (await client.list_tools()).tools

    tools = asking(server, ask, mode)
    assert [tool.name for tool in tools] == TOOLS
    for tool in tools:
        assert tool.annotations.read_only_hint is True
        assert tool.output_schema["type"] == "object"
        assert tool.description
        assert "\n    " not in tool.description
        for parameter in tool.input_schema["properties"].values():
            assert parameter["description"]


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("orient", {}),
    ("list_views", {}),
    ("list_views", {"view": "model_usage"}),
    ("read_view", {"view": "tool_sessions", "where": {"tool": ["Bash", "Edit"], "calls__gte": 1}}),
    ("list_sessions", {"repo": "repo1", "since": "2026-01-01"}),
    ("get_session", {"session": "00000003"}),
    ("get_session", {"session": "00000003", "include": ["tool_calls", "subagents"]}),
]


@pytest.mark.parametrize("mode", ERAS)
def test_every_reply_is_of_its_declared_shape(server: Server, mode: str) -> None:
    async def ask(client: Client) -> Any:
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
        return schemas, [await client.call_tool(name, given) for name, given in CALLS]

    schemas, results = asking(server, ask, mode)
    for (name, _), result in zip(CALLS, results, strict=True):
        jsonschema.validate(content(result), schemas[name])


def test_orient_says_what_is_here_and_what_to_ask(server: Server) -> None:
    found = content(call(server, "orient"))
    assert found["generation"] == 1
    assert found["sessions"] == 6
    assert found["agents"] == ["claude_code", "codex"]
    assert "model_usage" in [view["name"] for view in found["views"]]
    assert any("puller is not running" in problem for problem in found["problems"])
    assert found["suggestions"]


def test_rows_are_paged_and_what_is_left_out_is_said(server: Server) -> None:
    first = content(call(server, "read_view", view="tool_sessions", limit=3))
    assert len(first["rows"]) == 3
    assert "after=next" in first["left_out"]
    rest = content(call(server, "read_view", view="tool_sessions", after=first["next"]))
    assert rest["next"] is None
    assert rest["left_out"] is None
    whole = content(call(server, "read_view", view="tool_sessions", limit=1000))
    assert first["rows"] + rest["rows"] == whole["rows"]


def test_filters_take_numbers_lists_and_null(server: Server) -> None:
    where = {"cost_microdollars": None}
    found = content(call(server, "read_view", view="model_usage", where=where))
    assert [row["model"] for row in found["rows"]] == ["experimental-model"] * 2


def test_sessions_are_found_by_file_and_told_in_few_columns(server: Server) -> None:
    found = content(call(server, "list_sessions", file="src/file4.py"))
    assert [row["title"] for row in found["rows"]] == ["Session “3”, with a comma"]
    assert len(found["columns"]) < 15


def test_a_part_of_a_session_goes_on_where_it_ended(server: Server) -> None:
    first = content(call(server, "get_session", session="00000003", limit=2))
    assert len(first["messages"]) == 2
    assert "messages" in first["left_out"]
    after = first["next"]["messages"]
    rest = content(
        call(server, "get_session", session="00000003", include=["messages"], after=after)
    )
    assert [row["text"][:6] for row in first["messages"] + rest["messages"]] == [
        f"turn {turn}" for turn in range(5)
    ]
    assert rest["files"] is None


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("read_view", {"view": "nothing"}, "there is no view 'nothing'. Try: the views are"),
        (
            "read_view",
            {"view": "model_usage", "where": {"x": 1}},
            "no column 'x'. Try: the columns",
        ),
        ("read_view", {"view": "model_usage", "limit": 0}, "limit is 0. Try:"),
        ("read_view", {"view": "model_usage", "limit": 100_000}, "limit is 100000. Try:"),
        ("read_view", {"view": "model_usage", "after": "x"}, "the cursor cannot be read. Try:"),
        ("list_sessions", {"since": "soon"}, "'soon' is not a time. Try:"),
        ("get_session", {"session": "nothing"}, "there is no session 'nothing'. Try:"),
        ("get_session", {"session": "0000000"}, "may mean several sessions. Try: say which:"),
        ("get_session", {"session": "00000003", "include": ["x"]}, "has no part 'x'. Try:"),
    ],
)
def test_a_mistake_is_answered_with_what_to_try(
    server: Server, tool: str, arguments: dict[str, Any], says: str
) -> None:
    result = call(server, tool, **arguments)
    assert result.is_error
    assert says in text(result)


def test_replies_stay_small_however_much_is_asked_for(world: World) -> None:
    long = "x" * (CELL_CHARS + 7)
    world.database.run("UPDATE messages SET text = $text", {"text": long})
    world.database.run(
        "INSERT INTO messages SELECT * EXCLUDE (n) REPLACE (message || n AS message)"
        " FROM messages, range(100) AS r (n)"
    )
    world.publish()
    with reads_server(world.home.root) as server:
        result = call(server, "get_session", session="00000003", include=["messages"], limit=1000)
    found = content(result)
    assert len(text(result)) < REPLY_BYTES + 3 * CELL_CHARS
    assert found["messages"][0]["text"].endswith("… (+7 characters)")
    assert found["next"]["messages"]
    assert found["left_out"]


def test_before_the_first_generation_orient_says_what_to_do(unpublished: World) -> None:
    with reads_server(unpublished.home.root) as server:
        found = content(call(server, "orient"))
        assert found["state"] == "down"
        assert found["generation"] is None
        assert found["problems"]
        result = call(server, "list_views")
    assert result.is_error
    assert "nothing has been published" in text(result)


def test_the_sample_is_labelled(world: World) -> None:
    world.publish(sample=True)
    with reads_server(world.home.root) as server:
        for tool, arguments in CALLS:
            assert content(call(server, tool, **arguments))["sample"] is True


def test_with_a_token_exactly_mcp_answers_to_the_bearer(settled: Home) -> None:
    token = "a-long-random-text"

    async def ask(url: str) -> list[str]:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(headers=headers) as http:
            transport = streamable_http_client(f"{url}/mcp", http_client=http)
            async with Client(transport) as client:
                return [tool.name for tool in (await client.list_tools()).tools]

    with reads_server(settled.root, SESSION_LATTICE_TOKEN=token) as server:
        assert httpx.post(f"{server.url}/mcp").status_code == 401
        assert asyncio.run(ask(server.url)) == TOOLS
