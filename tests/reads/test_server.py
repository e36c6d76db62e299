"""The server as a process: faults, load, memory."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx
import pytest

from session_lattice.config import Settings
from session_lattice.reads.app import create_app
from tests.reads.conftest import END_SECONDS, Server
from tests.reads.world import World, truncate

Serve = Callable[[Path], Server]
HOT = "/views/session_overview?select=session"
MAX_RESIDENT_BYTES = 150 * 1024 * 1024


def answered(server: Server, path: str = HOT) -> httpx.Response:
    return httpx.get(server.url + path, timeout=END_SECONDS)


def test_it_starts_before_the_first_generation_and_serves_once_there_is_one(
    unpublished: World, serve: Serve
) -> None:
    server = serve(unpublished.home.root)
    assert answered(server).status_code == 503
    assert answered(server, "/healthz").json()["status"] == "ok"
    unpublished.publish()
    assert answered(server).json()["generation"] == 1


def test_sigterm_ends_it_cleanly(world: World, serve: Serve) -> None:
    server = serve(world.home.root)
    assert answered(server).status_code == 200
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(END_SECONDS) == 0


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "session_lattice", "--home", str(tmp_path)]
        ended = subprocess.run(
            [*command, "serve-reads", "--port", port], capture_output=True, text=True, check=False
        )
    assert ended.returncode == 1
    assert f"127.0.0.1 port {port} cannot be served on" in ended.stderr
    assert "--port" in ended.stderr


@pytest.mark.parametrize("damage", ["truncated", "deleted"])
def test_a_damaged_generation_is_passed_over_while_serving(
    world: World, serve: Serve, damage: str
) -> None:
    server = serve(world.home.root)
    second = world.publish()
    assert answered(server).json()["generation"] == 2
    if damage == "deleted":
        second.path.unlink()
    else:
        truncate(second, second.path.stat().st_size // 3)
    answer = answered(server)
    assert answer.json()["generation"] == 1
    assert len(answer.json()["rows"]) == 6
    status = answered(server, "/status").json()
    assert any("generation 2 cannot be read" in one["what"] for one in status["problems"])
    world.publish()
    assert answered(server).json()["generation"] == 3
    status = answered(server, "/status").json()
    assert not any("cannot be read" in one["what"] for one in status["problems"])


def test_killed_under_load_it_starts_again_and_serves(world: World, serve: Serve) -> None:
    server = serve(world.home.root)
    started = Event()

    def load() -> int:
        served = 0
        with httpx.Client(base_url=server.url) as client:
            while True:
                try:
                    served += client.get(HOT).status_code == 200
                except httpx.TransportError:
                    return served
                started.set()

    with ThreadPoolExecutor(4) as clients:
        loads = [clients.submit(load) for _ in range(4)]
        assert started.wait(END_SECONDS)
        server.process.kill()
    assert sum(one.result() for one in loads) > 0
    world.publish()
    again = serve(world.home.root)
    assert answered(again).json()["generation"] == 2


def test_readers_of_a_busy_home_get_whole_generations_and_no_error(
    world: World, serve: Serve
) -> None:
    server = serve(world.home.root)
    done = Event()

    def read_on(reader: int) -> list[tuple[int, int]]:
        seen: list[tuple[int, int]] = []
        with httpx.Client(base_url=server.url, timeout=END_SECONDS) as client:
            while not done.is_set():
                # Some ask what is kept, some what nobody asked before.
                tail = f"&limit={100 + len(seen)}" if reader % 2 else ""
                answer = client.get(HOT + tail)
                assert answer.status_code == 200, answer.text
                body = answer.json()
                seen.append((body["generation"], len(body["rows"])))
        return seen

    expected = {1: 6}
    with ThreadPoolExecutor(8) as clients:
        reading = [clients.submit(read_on, reader) for reader in range(8)]
        for _ in range(25):
            rows = world.add_to_overview()
            expected[world.publish(refresh=False).number] = rows
        done.set()
    for one in reading:
        seen = one.result()
        assert [generation for generation, _ in seen] == sorted(gen for gen, _ in seen)
        assert all(expected[generation] == rows for generation, rows in seen)


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_ten_thousand_requests_leave_memory_as_it_was(world: World, serve: Serve) -> None:
    server = serve(world.home.root)
    paths = [HOT, "/views/model_usage", "/views/tool_sessions?limit=5", "/sessions", "/status"]

    async def ask(count: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(server.url).port)
        for number in range(count):
            path = paths[number % len(paths)]
            fresh = f"?responses__lt={1000 + number}" if number % 10 == 0 else ""
            target = f"/views/model_usage{fresh}" if fresh else path
            writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        writer.close()

    async def load(total: int) -> None:
        await asyncio.gather(*(ask(total // 8) for _ in range(8)))

    asyncio.run(load(4_000))
    warm = server.resident_bytes
    asyncio.run(load(10_000))
    assert server.resident_bytes < warm * 1.05
    assert server.resident_bytes < MAX_RESIDENT_BYTES


def test_a_read_that_takes_too_long_is_ended(
    world: World, make_settings: Callable[..., Settings]
) -> None:
    app = create_app(make_settings(), query_seconds=0.0)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(HOT)

    answer = asyncio.run(ask())
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("slow-query")


def test_the_same_read_is_done_once_for_all_who_wait(
    world: World, make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    from session_lattice.reads import queries

    read_view = queries.read_view
    times = []

    def counted(*given: object) -> object:
        times.append(given)
        return read_view(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(queries, "read_view", counted)

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(create_app(make_settings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await asyncio.gather(*(client.get(HOT) for _ in range(20)))

    answers = asyncio.run(ask())
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["generation"] for answer in answers}) == 1
    assert len(times) == 1


def test_it_reads_only(world: World, serve: Serve) -> None:
    before = sorted(os.walk(world.home.root))
    server = serve(world.home.root)
    for path in (HOT, "/status", "/sessions/00000001", "/views?x=1"):
        answered(server, path)
    assert sorted(os.walk(world.home.root)) == before
