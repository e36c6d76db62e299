"""What the API says of each session, beside what the views of the same generation say."""

import json
import tracemalloc
from typing import Any

import pytest

from session_lattice.recall.home import RecallHome
from session_lattice.recall.sessions import PAGE_SESSIONS, Listing
from tests.reads.world import World
from tests.recall.conftest import Scans

MANY = 20_000
"""Sessions of the large history; their list is far larger than what one page of it takes."""

MAX_PEAK_BYTES = 16 * 1024 * 1024
"""What Python may take to write that list."""

NULLABLE = {"cwd": str, "started_at": int, "ended_at": int, "last_prompt": str}
NULLABLE |= {"duration_ms": int, "parent_uuid": str, "request_id": str, "message_id": str}
GIVEN = {"id": int, "session_uuid": str, "source_file": str}
GIVEN |= dict.fromkeys(("message_count", "user_message_count", "assistant_message_count"), int)
GIVEN |= dict.fromkeys(("input_tokens", "output_tokens", "cache_read_tokens"), int)
GIVEN |= {"cache_creation_tokens": int, "is_sidechain_count": int}
GIVEN |= {"models_used": list, "tools_used": list}
GIVEN |= {"tool_call_counts_json": str, "stop_reason_counts_json": str}


def listed(scans: Scans) -> list[dict[str, Any]]:
    served = scans.scan()
    content = scans.scanner.sessions_file(served).read_bytes()
    sessions: list[dict[str, Any]] = json.loads(content + b"}")["sessions"]
    return sessions


def multiply(world: World, count: int) -> None:
    """`count` more sessions in the views alone, which is quick; no two are alike."""
    world.database.run(
        "INSERT INTO session_overview SELECT o.* REPLACE ("
        " 'codex/more-' || lpad(n.range::VARCHAR, 8, '0') AS session,"
        " if(n.range % 100 = 0, NULL, o.started_at + to_seconds(n.range // 3)) AS started_at,"
        " repeat('deep/', 150) || n.range AS path)"
        " FROM (SELECT * FROM session_overview LIMIT 1) AS o, range($count) AS n",
        {"count": count},
    )


def test_a_record_has_exactly_the_fields_of_the_api(world: World, scans: Scans) -> None:
    for entry in listed(scans):
        assert set(entry) == {"session", "repos"}
        session = entry["session"]
        assert set(session) == set(GIVEN) | set(NULLABLE)
        assert all(type(session[name]) is kind for name, kind in GIVEN.items())
        for name, kind in NULLABLE.items():
            assert session[name] is None or type(session[name]) is kind


def test_the_numbers_are_those_of_the_view(world: World, scans: Scans) -> None:
    told = {entry["session"]["session_uuid"]: entry["session"] for entry in listed(scans)}
    rows = world.database.rows(
        "SELECT split_part(session, '/', 2), prompts, replies, input_tokens, output_tokens,"
        " cache_read_tokens, cache_write_tokens, models, cwd, path,"
        " floor(epoch(started_at)), floor(epoch(ended_at)), duration_seconds * 1000"
        " FROM session_overview"
    )
    assert len(rows) == len(told) == 6
    for uuid, prompts, replies, *rest in rows:
        one = told[uuid]
        assert one["user_message_count"] == prompts
        assert one["assistant_message_count"] == replies
        assert one["message_count"] == prompts + replies
        names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
        also = ("models_used", "cwd", "source_file", "started_at", "ended_at", "duration_ms")
        assert [one[name] for name in (*names, *also)] == rest


def test_tools_are_counted_with_their_errors(world: World, scans: Scans) -> None:
    counts: dict[str, list[int]] = {}
    for entry in listed(scans):
        of_session = json.loads(entry["session"]["tool_call_counts_json"])
        assert entry["session"]["tools_used"] == sorted(of_session)
        for tool, count in of_session.items():
            total = counts.setdefault(tool, [0, 0])
            total[0] += count["calls"]
            total[1] += count["errors"]
    rows = world.database.rows(
        "SELECT tool, sum(calls)::INTEGER, sum(failed)::INTEGER FROM tool_sessions GROUP BY tool"
    )
    assert counts == {tool: [calls, failed] for tool, calls, failed in rows}
    assert sum(errors for _, errors in counts.values()) > 0


def test_the_last_prompt_is_the_persons_and_short(world: World, scans: Scans) -> None:
    (session,) = world.database.rows("SELECT max(session) FROM sessions")[0]
    said = [
        ("u", "prompt", "", "x" * 300),
        ("v", "prompt", "sub", "to an agent"),
        ("w", "meta", "", "m"),
    ]
    for number, (name, kind, subagent, text) in enumerate(said):
        world._insert(
            "messages",
            session=session,
            subagent=subagent,
            message=name,
            ts=f"2027-01-01 00:00:0{number}",
            role="user",
            kind=kind,
            text=text,
            text_bytes=len(text),
        )
    world.publish()
    uuid = session.partition("/")[2]
    (one,) = [e["session"] for e in listed(scans) if e["session"]["session_uuid"] == uuid]
    assert one["last_prompt"] == "x" * 200
    assert one["is_sidechain_count"] == 1


def test_a_session_names_the_repositories_it_worked_in(world: World, scans: Scans) -> None:
    links = {
        entry["session"]["session_uuid"]: [tuple(link[1:]) for link in entry["repos"]]
        for entry in listed(scans)
    }
    rows = world.database.rows("SELECT split_part(session, '/', 2), repo FROM repo_sessions")
    assert links == {uuid: [(repo.rpartition("/")[2], repo)] for uuid, repo in rows}


def test_a_directory_that_is_no_repository_is_not_named(world: World, scans: Scans) -> None:
    world.database.run("UPDATE checkouts SET evidence = 'cwd' WHERE repo = '/src/repo1'")
    world.publish(refresh=False)
    named = {link[2] for entry in listed(scans) for link in entry["repos"]}
    assert named == {"/src/repo0", "/src/repo2"}
    assert {one["path"] for one in json.loads(bytes(scans.served.page))["repos"]} == named


def test_ids_are_the_same_in_another_home(
    world: World, scans: Scans, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    other = World.create(elsewhere / "recall", sessions=6)
    other.publish()
    others = Scans(RecallHome(elsewhere))
    assert listed(others) == listed(scans)
    others.close()
    other.close()


def test_every_session_is_listed_once_newest_first(world: World, scans: Scans) -> None:
    multiply(world, 2 * PAGE_SESSIONS)
    world.publish(refresh=False)
    sessions = [entry["session"] for entry in listed(scans)]
    assert len({one["session_uuid"] for one in sessions}) == len(sessions) == 2 * PAGE_SESSIONS + 6
    times = [one["started_at"] for one in sessions]
    known = [time for time in times if time is not None]
    assert times == sorted(known, reverse=True) + [None] * (len(times) - len(known))
    page = json.loads(bytes(scans.served.page))
    assert [entry["session"] for entry in page["recent_sessions"]] == sessions[:15]
    assert page["counts"]["sessions"] == len(sessions)
    assert page["earliest_session"] == min(known)


def test_a_list_that_ends_with_a_page_is_whole(world: World, scans: Scans) -> None:
    multiply(world, PAGE_SESSIONS - 6)
    world.publish(refresh=False)
    assert len(listed(scans)) == PAGE_SESSIONS


def test_a_large_history_is_written_in_bounded_memory(
    world: World, scans: Scans, home: RecallHome
) -> None:
    multiply(world, MANY)
    world.publish(refresh=False)
    with scans.scanner._snapshots.open() as snapshot:
        tracemalloc.start()
        digest = Listing(snapshot.connection, lambda: None).write(home).digest
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert home.sessions(digest).stat().st_size > 1.5 * MAX_PEAK_BYTES
    assert peak < MAX_PEAK_BYTES
