"""Who may call: Host, Origin, token, method and size, on every route alike."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from session_lattice.config import Settings, load
from session_lattice.errors import ConfigError
from session_lattice.home import Home
from session_lattice.reads.app import create_app, serve
from session_lattice.reads.guard import MAX_BODY_BYTES

TOKEN = "a-long-random-text"
ROUTES = (
    "/",
    "/healthz",
    "/readyz",
    "/status",
    "/views",
    "/views/model_usage",
    "/sessions",
    "/openapi.json",
    "/nothing",
    "/mcp",
)
PROBLEM = "application/problem+json"


def application(settled: Home, **flags: str) -> TestClient:
    settings = load({"profile": "dev", "home": str(settled.root), **flags}, {})
    return TestClient(create_app(settings), base_url="http://127.0.0.1:7781")


@pytest.fixture
def tailnet(settled: Home) -> Iterator[TestClient]:
    with application(settled, host="100.64.0.7", token=TOKEN) as client:
        yield client


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7781", "127.0.0.1.evil.example", "", "[::1", "a@localhost"],
)
def test_a_foreign_host_is_misdirected_on_every_route(
    client: TestClient, path: str, host: str
) -> None:
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:7781", "127.0.0.1:1", "[::1]:7781", "[::1]"]
)
def test_loopback_names_are_own_names_whatever_the_port(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_two_hosts_are_refused(client: TestClient) -> None:
    headers = httpx.Headers([("Host", "localhost"), ("Host", "localhost")])
    assert client.get("/healthz", headers=headers).status_code == 421


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost.evil.example", "file://localhost", "x"],
)
def test_a_foreign_origin_is_forbidden_on_every_route(
    client: TestClient, path: str, origin: str
) -> None:
    answer = client.get(path, headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "http://127.0.0.1:7781", "https://[::1]:8443"]
)
def test_pages_of_this_machine_may_read(client: TestClient, origin: str) -> None:
    assert client.get("/healthz", headers={"Origin": origin}).status_code == 200


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": TOKEN},
    ],
)
def test_off_loopback_every_route_demands_the_token(
    tailnet: TestClient, path: str, given: dict[str, str]
) -> None:
    answer = tailnet.get(path, headers=given)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert answer.headers["content-type"] == PROBLEM


def test_off_loopback_the_bound_address_and_configured_names_are_own(settled: Home) -> None:
    settings = load(
        {"profile": "dev", "home": str(settled.root), "host": "100.64.0.7", "token": TOKEN}, {}
    )
    app = create_app(settings, hosts=["box.tailnet.example"])
    bearer = {"Authorization": f"bearer {TOKEN}"}
    with TestClient(app, base_url="http://100.64.0.7:7778") as client:
        own = {"Host": "box.tailnet.example:7778", "Origin": "http://box.tailnet.example:7778"}
        assert client.get("/status", headers=bearer).status_code == 200
        assert client.get("/status", headers={**bearer, **own}).status_code == 200
        for foreign in ({"Host": "10.0.0.1"}, {**own, "Origin": "http://100.64.0.8:7778"}):
            assert client.get("/status", headers={**bearer, **foreign}).status_code in (421, 403)


def test_bound_to_all_interfaces_any_address_is_own_but_no_foreign_name(settled: Home) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with application(settled, host="0.0.0.0", token=TOKEN) as client:
        assert client.get("/", headers={**bearer, "Host": "192.168.1.5:7778"}).status_code == 200
        assert client.get("/", headers={**bearer, "Host": "evil.example"}).status_code == 421


def test_a_token_that_is_set_is_demanded_on_loopback_too(settled: Home) -> None:
    with application(settled, token=TOKEN) as client:
        assert client.get("/healthz").status_code == 401
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert client.get("/healthz", headers=bearer).status_code == 200


@pytest.mark.parametrize("host", ["100.64.0.7", "0.0.0.0", "::", "box.example"])
def test_a_bind_off_loopback_without_a_token_does_not_start(tmp_path: Path, host: str) -> None:
    settings = load({"profile": "dev", "home": str(tmp_path), "host": host}, {})
    with pytest.raises(ConfigError, match="needs a token") as caught:
        serve(settings)
    assert "SESSION_LATTICE_TOKEN" in caught.value.hint


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"])
@pytest.mark.parametrize("path", ["/", "/views/model_usage", "/nothing"])
def test_data_is_only_read(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT", "OPTIONS"])
def test_mcp_is_only_called(client: TestClient, method: str) -> None:
    answer = client.request(method, "/mcp")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused(client: TestClient, chunked: bool) -> None:
    def body() -> Iterator[bytes]:
        yield from [b"x" * 65_536] * (MAX_BODY_BYTES // 65_536 + 1)

    content = body() if chunked else b"".join(body())
    answer = client.post("/mcp", content=content)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == PROBLEM


def test_every_answer_forbids_sniffing_and_other_origins(
    client: TestClient, make_settings: Callable[..., Settings]
) -> None:
    for path in ("/views/model_usage", "/views/model_usage", "/nothing", "/status"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
