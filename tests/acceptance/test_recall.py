"""The pair over an upstream that restarts, renumbers, vanishes, or has nothing to say."""

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.history import copy_sample
from tests.acceptance.pair import select_nothing, until
from tests.acceptance.recall_pair import NEVER_SECONDS, RecallPair, pass_ticks, pull, repeated
from tests.acceptance.test_faults import append_prompt, claude_file, until_shown
from tests.upstream import truth
from tests.upstream.chaos import Chaos
from tests.upstream.server import SCAN_VERSION, SESSIONS, Upstream
from tests.upstream.world import World

NUMBER = 30
LARGE = 3000
"""Sessions that take a slow upstream a second or more."""

TICKS = 8
KILLS = 5
MIN_IN_MID_PULL = 2
PULLS = 20
SEED = 20261127


@pytest.fixture
def server() -> Iterator[Upstream]:
    with Upstream(World(NUMBER)) as made:
        yield made


def until_has(pair: RecallPair, world: World) -> None:
    until("all that the upstream tells is published", lambda: pair.has(world))


def once(pair: RecallPair) -> None:
    ended = pair.run("serve-puller", "--once")
    assert ended.returncode == 0, ended.stderr


def undisturbed(root: Path, world: World) -> dict[str, list[str]]:
    """The tables of a run that saw nothing but this world."""
    with Upstream(world) as server:
        pair = RecallPair(root, server.url)
        once(pair)
        return pair.told()


def test_other_content_under_an_old_etag_is_seen(tmp_path: Path, server: Upstream) -> None:
    server.scan(6)
    pair = RecallPair(tmp_path, server.url)
    with pair.running("serve-puller"):
        until_has(pair, server.world)
        pass_ticks(server)
        server.world.change(3)
        server.restart(scans=7)
        until_has(pair, server.world)


def test_before_the_first_scan_nothing_is_listed_and_no_row_goes(
    tmp_path: Path, server: Upstream
) -> None:
    pair = RecallPair(tmp_path, server.url)
    with pair.running("serve-puller"):
        until_has(pair, server.world)
        server.restart()
        pass_ticks(server)
        assert pair.has(server.world)
        server.world.change(3)
        server.scan()
        until_has(pair, server.world)


def test_an_upstream_that_has_never_scanned_is_waited_for(tmp_path: Path) -> None:
    with Upstream(World(NUMBER), scans=0) as server:
        pair = RecallPair(tmp_path, server.url)
        with pair.running("serve-puller") as puller:
            pass_ticks(server)
            assert puller.poll() is None
            server.scan()
            until_has(pair, server.world)


def test_an_upstream_that_suddenly_lists_nothing_takes_no_row_away(
    tmp_path: Path, server: Upstream
) -> None:
    pair = RecallPair(tmp_path, server.url)
    with pair.running("serve-puller"):
        until_has(pair, server.world)
        before = len(pair.reported())
        server.misbehave("nothing_listed")
        server.scan()
        until("the empty list was read", lambda: server.misbehaved["nothing_listed"])
        pass_ticks(server)
        assert pair.has(server.world)
        assert len(pair.reported()) == before


def test_ids_that_are_handed_out_anew_are_no_news_of_a_session(
    tmp_path: Path, server: Upstream
) -> None:
    pair = RecallPair(tmp_path, server.url)
    once(pair)
    before, tables = len(pair.reported()), pair.told()
    server.renumber()
    once(pair)
    assert server.count(SESSIONS) == 2
    assert len(pair.reported()) == before == NUMBER
    assert pair.told() == tables


def test_the_same_content_after_another_scan_appends_nothing(
    tmp_path: Path, server: Upstream
) -> None:
    pair = RecallPair(tmp_path, server.url)
    once(pair)
    server.scan()
    once(pair)
    assert server.count(SESSIONS) == 2
    assert len(pair.reported()) == NUMBER
    server.restart(scans=1)
    once(pair)
    assert len(pair.reported()) == NUMBER


def test_ten_changed_sessions_append_ten_events(tmp_path: Path, server: Upstream) -> None:
    pair = RecallPair(tmp_path, server.url)
    once(pair)
    changed = server.change(10)
    once(pair)
    fresh = pair.reported()[NUMBER:]
    assert sorted(event.stream for event in fresh) == sorted(
        f"session/claude_code/{uuid}" for uuid in changed
    )
    assert pair.has(server.world)


def test_a_tick_without_change_is_exactly_one_request(tmp_path: Path, server: Upstream) -> None:
    pair = RecallPair(tmp_path, server.url, interval=NEVER_SECONDS)
    with pair.running("serve-puller") as puller:
        until_has(pair, server.world)
        pull(pair, puller)
        before = server.count()
        for tick in range(1, TICKS + 1):
            pull(pair, puller)
            assert server.count() == before + tick
        assert {request.path for request in server.requests[before:]} == {SCAN_VERSION}


def test_nothing_is_ever_posted(tmp_path: Path, server: Upstream) -> None:
    pair = RecallPair(tmp_path, server.url)
    with pair.running("serve-puller"):
        until_has(pair, server.world)
        server.change(2)
        until_has(pair, server.world)
    assert {request.method for request in server.requests} == {"GET"}


def test_a_puller_that_is_killed_in_mid_pull_goes_on_and_repeats_nothing(tmp_path: Path) -> None:
    rng, killed = random.Random(SEED), 0
    with Upstream(World(LARGE)) as server:
        pair = RecallPair(tmp_path / "hurt", server.url)
        pair.environment["SESSION_LATTICE_REPO_RECALL_BODY_SECONDS"] = "60"
        server.misbehave("slowly", SESSIONS)
        for _ in range(KILLS):
            killed += killed_in_mid_pull(pair, server, rng.uniform(0, 2.5))
            server.change(20)
        server.behave()
        once(pair)
        assert pair.has(server.world)
        assert repeated(pair.reported()) == []
        tables, world = pair.told(), server.world
    assert killed >= MIN_IN_MID_PULL
    assert tables == undisturbed(tmp_path / "whole", world)


def killed_in_mid_pull(pair: RecallPair, server: Upstream, seconds: float) -> bool:
    """Kill -9 a pull so long after it asked for the sessions; whether it still lived."""
    before = server.count(SESSIONS)
    with pair.running("serve-puller", "--once") as puller:
        until(
            "the sessions are asked for",
            lambda: server.count(SESSIONS) > before or puller.poll() is not None,
        )
        select_nothing(seconds)
        lived = puller.poll() is None
        puller.kill()
    return lived


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[RecallPair, Upstream]]:
    """Transcripts and an upstream that knows their sessions and others."""
    sample = copy_sample(tmp_path / "agents")
    uuids = sorted(path.stem for path in sample if path.match("projects/*/*.jsonl"))
    with Upstream(World(NUMBER, known=uuids)) as server:
        yield RecallPair(tmp_path, server.url, transcripts=True), server


def test_beside_transcripts_an_upstream_may_vanish(both: tuple[RecallPair, Upstream]) -> None:
    pair, server = both
    with pair.running("serve-puller") as puller:
        until_has(pair, server.world)
        before = pair.told()
        server.refuse()
        append_prompt(claude_file(pair), "said without an upstream")
        until_shown(pair, "said without an upstream")
        assert puller.poll() is None
        assert pair.told() == before
        server.behave()
        server.change(3)
        until_has(pair, server.world)


def test_beside_an_upstream_transcripts_may_vanish(both: tuple[RecallPair, Upstream]) -> None:
    pair, server = both
    with pair.running("serve-puller") as puller:
        until_has(pair, server.world)
        until("transcripts are read", lambda: pair.tables()["messages"])
        before = pair.tables()["messages"]
        shutil.rmtree(pair.transcripts)
        server.change(3)
        until_has(pair, server.world)
        assert puller.poll() is None
        assert pair.tables()["messages"] == before


def test_a_session_that_both_know_is_one_and_one_that_only_an_upstream_knows_is_unread(
    both: tuple[RecallPair, Upstream],
) -> None:
    pair, server = both
    once(pair)
    assert pair.has(server.world)
    listed = {truth.key(server.world.uuid(number)) for number in range(NUMBER)}
    states: dict[str, str] = dict(pair.rows("SELECT session, transcript FROM sessions"))
    assert listed <= states.keys()
    read = {row[0] for row in pair.rows("SELECT DISTINCT session FROM messages")}
    assert listed & read
    assert {states[session] for session in listed & read} == {"present"}
    assert {states[session] for session in listed - read} == {"unread"}
    assert len(pair.tables()["sessions"]) == len(states)


def test_without_transcripts_set_beside_it_only_the_upstream_is_read(
    tmp_path: Path, server: Upstream
) -> None:
    copy_sample(tmp_path / ".claude")
    pair = RecallPair(tmp_path, server.url)
    once(pair)
    assert pair.has(server.world)
    assert pair.tables()["messages"] == []


def test_pulls_from_an_upstream_that_fails_at_random_converge_to_the_truth(
    tmp_path: Path, server: Upstream
) -> None:
    pair, chaos = RecallPair(tmp_path, server.url, interval=NEVER_SECONDS), Chaos(server, SEED)
    with pair.running("serve-puller") as puller:
        until_has(pair, server.world)
        for _ in range(PULLS):
            chaos.turn()
            pull(pair, puller)
            assert puller.poll() is None
        chaos.end()
        until_pulled(pair, puller, server.world)
    assert server.delivered() >= PULLS // 3
    assert repeated(pair.reported()) == []
    rows = pair.rows("SELECT count(*), count(DISTINCT session) FROM reports")
    assert rows == {(len(server.world), len(server.world))}


def until_pulled(pair: RecallPair, puller: "subprocess.Popen[str]", world: World) -> None:
    """Ask for pulls until all of the world is there."""

    def done() -> bool:
        pull(pair, puller)
        return pair.has(world)

    until("the truth", done)
