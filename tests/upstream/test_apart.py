"""An upstream in a process of its own, and seeded bad luck over it."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.upstream.apart import Apart, apart
from tests.upstream.chaos import REFUSED, WAYS, Chaos
from tests.upstream.server import SESSIONS, Upstream
from tests.upstream.world import World

NUMBER = 12
TURNS = 300
PATIENCE_SECONDS = 10.0


@pytest.fixture(scope="module")
def server() -> Iterator[Apart]:
    with apart(NUMBER) as made:
        yield made


def listed(url: str) -> list[object]:
    with urllib.request.urlopen(f"{url}{SESSIONS}", timeout=PATIENCE_SECONDS) as answer:
        found: list[object] = json.load(answer)["sessions"]
        return found


def entries(world: World) -> list[object]:
    found: list[object] = json.loads(b"[" + b"".join(world.pieces()) + b"]")
    return found


def test_the_world_here_is_the_one_there_after_every_kind_of_change(server: Apart) -> None:
    server.change(3)
    server.add(2)
    server.change_repos(1)
    server.renumber()
    assert listed(server.url) == entries(server.world)
    assert server.prepare() > sum(map(len, server.world.pieces()))


def test_it_misbehaves_when_it_is_told_and_says_how_often_it_did(server: Apart) -> None:
    asked = server.count(SESSIONS)
    server.misbehave("status_503", SESSIONS, 1)
    with pytest.raises(urllib.error.HTTPError) as failed:
        listed(server.url)
    failed.value.close()
    assert (server.delivered(), server.count(SESSIONS)) == (1, asked + 1)
    server.refuse()
    with pytest.raises(urllib.error.URLError):
        listed(server.url)
    server.behave()
    assert listed(server.url)


def test_bad_luck_is_seeded_meets_every_way_and_ends_sound() -> None:
    runs = []
    for _ in range(2):
        with Upstream(World(NUMBER + TURNS)) as local:
            chaos = Chaos(local, 7)
            runs.append([chaos.turn() for _ in range(TURNS)])
            chaos.end()
            assert listed(local.url) == entries(local.world)
    assert runs[0] == runs[1]
    assert {*runs[0]} >= {"", REFUSED}
    assert len({*runs[0]}) > len(WAYS) * 0.8
