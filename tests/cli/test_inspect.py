"""The commands that look, run as a person or a program would."""

import csv
import io
import os
import pty
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from session_lattice.home import Home
from tests.cli.running import Ended, Run
from tests.reads.conftest import reads_server
from tests.reads.world import World, truncate


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World.create(tmp_path / "home", sessions=3)
    world.publish()
    yield world
    world.close()


@pytest.mark.parametrize("command", [["views"], ["view", "model_usage"], ["sessions"]])
def test_before_the_first_generation_a_command_says_what_to_start(
    run: Run, tmp_path: Path, command: list[str]
) -> None:
    ended = run(tmp_path / "nowhere", *command)
    assert ended.code == 1
    assert "nothing has been published" in ended.err
    assert "Try: start `session-lattice serve-puller`" in ended.err
    assert ended.out == ""


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["view", "nothing"], "there is no view 'nothing'"),
        (["view", "model_usage", "nothing=1"], "there is no column 'nothing'"),
        (["view", "model_usage", "agent"], "'agent' is no filter"),
        (["view", "model_usage", "--limit", "0"], "limit is '0'"),
        (["sessions", "--since", "soon"], "'soon' is not a time"),
        (["session", "nothing"], "there is no session 'nothing'"),
        (["session", "0000000"], "may mean several sessions"),
    ],
)
def test_a_mistake_ends_with_one_and_says_what_to_try(
    run: Run, settled: Home, command: list[str], says: str
) -> None:
    ended = run(settled.root, *command)
    assert ended.code == 1
    assert says in ended.err
    assert "Traceback" not in ended.err


def test_views_lists_every_view_with_its_question(run: Run, settled: Home) -> None:
    ended = run(settled.root, "views")
    assert ended.code == 0
    assert ended.lines[0].split() == ["AXIS", "VIEW", "ROWS", "ANSWERS"]
    assert any(" model_usage " in line for line in ended.lines)
    listed = run(settled.root, "views", "--json").json
    assert len(listed["views"]) == len(ended.lines) - 1


def test_a_view_is_shown_filtered_ordered_and_selected(run: Run, settled: Home) -> None:
    words = ["view", "tool_sessions", "tool=Bash", "calls__gte=1", "--order=-calls,session"]
    ended = run(settled.root, *words, "--select", "session,calls", "--limit", "2")
    assert ended.code == 0
    assert ended.lines[0].split() == ["session", "calls"]
    assert len(ended.lines) == 3
    assert "more rows follow: --after " in ended.err
    found = run(settled.root, *words, "--json").json
    assert {row["tool"] for row in found["rows"]} == {"Bash"}
    after = ended.err.split("--after ")[1].strip()
    rest = run(settled.root, *words, "--after", after, "--json").json
    assert rest["rows"] == found["rows"][2:]


def test_money_and_numbers_are_written_for_people_and_plain_for_programs(
    run: Run, settled: Home
) -> None:
    words = ["view", "model_usage", "model=gpt-5.3-codex", "--select", "cost_microdollars"]
    cost = run(settled.root, *words, "--json").json["rows"][0]["cost_microdollars"]
    assert isinstance(cost, int)
    assert run(settled.root, *words).lines[1].strip() == f"${cost / 1e6:.4f}"


def test_csv_has_every_cell(run: Run, settled: Home) -> None:
    ended = run(settled.root, "sessions", "--csv")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert len(rows) == 6
    assert rows[0]["session"].startswith("codex/00000005-")
    assert rows[0]["ended_at"].endswith("Z")


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (["--agent", "codex"], [5, 3, 1]),
        (["--repo", "repo1"], [4, 1]),
        (["--branch", "branch-1"], [3, 1]),
        (["--file", "src/file4.py"], [3]),
        (["--tool", "Grep"], [5, 3, 2, 1]),
        (["--text", "“3”"], [3]),
        (["--since", "2026-03-01T13:03:00Z"], [5, 4]),
        (["--until", "2026-03-01T10:00:00Z"], [0]),
        (["files_changed__gte=1", "agent=codex", "--repo", "repo1"], [1]),
    ],
)
def test_sessions_are_found_by_what_they_did(
    run: Run, settled: Home, options: list[str], numbers: list[int]
) -> None:
    rows = run(settled.root, "sessions", "--json", *options).json["rows"]
    assert [int(row["session"].split("/")[1][:8], 16) for row in rows] == numbers


def test_here_means_the_repository_that_one_stands_in(
    run: Run, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "work" / "deep"
    inside.mkdir(parents=True)
    (tmp_path / "work" / ".git").mkdir()
    repo = str((tmp_path / "work").resolve())
    world.database.run(
        "UPDATE repo_sessions SET repo = $repo WHERE repo = '/src/repo1'", {"repo": repo}
    )
    world.publish(refresh=False)
    monkeypatch.chdir(inside)
    rows = run(world.home.root, "sessions", "--repo", ".", "--json").json["rows"]
    assert [row["session"][:14] for row in rows] == ["codex/00000001"]


def test_one_session_is_told_on_a_page(run: Run, settled: Home) -> None:
    ended = run(settled.root, "session", "00000003")
    assert ended.code == 0
    assert ended.lines[0] == "session     codex/00000003-0000-4000-8000-000000000003"
    assert "title       Session “3”, with a comma" in ended.lines
    for heading in ("messages", "tool calls", "files", "subagents", "usage"):
        assert heading in ended.lines
    assert any("turn 4 of 3: naïve café" in line for line in ended.lines)
    only = run(settled.root, "session", "00000003", "--include", "usage", "--json").json
    assert set(only) == {"generation", "freshness", "session", "usage"}


def test_a_session_known_from_an_upstream_only_says_so_where_it_knows_nothing(
    run: Run, world: World
) -> None:
    world.add_told("feedbeef")
    world.publish()
    ended = run(world.home.root, "session", "feedbeef")
    assert ended.code == 0
    for line in (
        "title       mend the pump",
        "work        4 prompts, 6 tool calls, 2 failed"
        " (prompts and tool calls as the upstream counts)",
        "cost        unknown: an upstream tells tokens, and not of which answers",
        "transcript  unread; told by http://127.0.0.1:7777, there /far/feedbeef.jsonl",
        "messages: unknown, the transcript was not read",
        "files: unknown, the transcript was not read",
        "  MODEL            FROM      INPUT  OUTPUT  CACHE WRITE  CACHE READ",
    ):
        assert line in ended.lines


def test_text_of_a_transcript_cannot_steer_the_terminal(run: Run, world: World) -> None:
    title = "red \x1b[31m\nand \x07 more\x9b2J"
    world.database.run("UPDATE session_overview SET title = $title", {"title": title})
    world.publish(refresh=False)
    for command in (["sessions", "--select", "title"], ["session", "00000000"]):
        out = run(world.home.root, *command).out
        assert "red ?[31m and ? more?2J" in out
        assert "\x1b" not in out


def test_on_a_terminal_no_line_is_wider_than_it(settled: Home) -> None:
    for command in (["sessions"], ["view", "session_overview"], ["views"], ["session", "00000003"]):
        for columns in ("80", "100"):
            lines = on_terminal(columns, "--home", str(settled.root), *command)
            tables = [line for line in lines if not line.startswith(("not shown", "work"))]
            assert max(map(len, tables)) <= int(columns)
            assert len(lines) > 5


def on_terminal(columns: str, *words: str) -> list[str]:
    """The lines that a command writes to a terminal of that width."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["COLUMNS"] = columns
        os.execv(sys.executable, [sys.executable, "-m", "session_lattice", *words])
    said = bytearray()
    try:
        while piece := os.read(terminal, 65_536):
            said += piece
    except OSError:
        # Linux says so when the other side has gone.
        pass
    os.close(terminal)
    os.waitpid(child, 0)
    return said.decode().splitlines()


def test_status_with_nothing_running_is_down_and_ends_with_two(run: Run, settled: Home) -> None:
    ended = run(settled.root, "status")
    assert ended.code == 2
    assert ended.lines[0].split() == ["state", "down"]
    assert "! the puller is not running" in ended.out
    assert "  Try: start it with `session-lattice up`" in ended.out
    found = run(settled.root, "status", "--json").json
    assert found["state"] == "down"
    assert found["reads"]["running"] is False
    assert found["generation"] == 1


def test_status_asks_the_server_that_serves_this_home(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reads_server(world.home.root) as server:
        monkeypatch.setenv("SESSION_LATTICE_PORT", server.url.rpartition(":")[2])
        truncate(world.publish(), 0)
        ended = run(world.home.root, "status")
        found = run(world.home.root, "status", "--json").json
        elsewhere = run(world.home.root.parent / "other", "status", "--json").json
    assert ended.code == 1
    assert ended.lines[0].split() == ["state", "stale"]
    assert "generation 2 cannot be read" in ended.out
    assert found["reads"] == {"running": True, "url": server.url}
    assert found["generation"] == 1
    assert elsewhere["reads"]["running"] is False


def test_a_broken_generation_is_told_beside_what_is_shown(run: Run, world: World) -> None:
    truncate(world.publish(), 0)
    ended = run(world.home.root, "sessions", "--json")
    assert ended.json["generation"] == 1
    assert "generation 2 cannot be read" in ended.err


def test_a_home_without_data_shows_the_sample_if_that_is_there(run: Run, tmp_path: Path) -> None:
    world = World.create(tmp_path / "home-sample", sessions=1)
    world.publish(sample=True)
    world.close()
    for options in ([], ["--sample"]):
        ended = run(tmp_path / "home", "sessions", "--json", *options)
        assert ended.json["sample"] is True
        assert "SAMPLE" in ended.err
    status = run(tmp_path / "home", "status")
    assert "SAMPLE" in status.lines[0]


def test_config_says_where_each_value_comes_from_and_hides_the_token(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSION_LATTICE_TOKEN", "a-long-random-text")
    monkeypatch.setenv("SESSION_LATTICE_PORT", "1234")
    (tmp_path / "config.toml").write_text("refresh_interval_seconds = 5\n", "utf-8")
    ended = run(tmp_path, "config")
    assert "a-long-random-text" not in ended.out
    found = run(tmp_path, "config", "--json").json
    assert found["token"] == {"value": "********", "from": "environment"}
    assert found["port"] == {"value": 1234, "from": "environment"}
    assert found["refresh_interval_seconds"] == {"value": 5.0, "from": "config file"}
    assert found["profile"] == {"value": "dev", "from": "flag"}
    assert len(ended.lines) == len(found) + 1


def checks(ended: Ended) -> dict[str, dict[str, str]]:
    return {one["what"]: one for one in ended.json}


def test_doctor_finds_a_good_home_in_order(
    run: Run, settled: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSION_LATTICE_PORT", "0")
    ended = run(settled.root, "doctor", "--json")
    assert ended.code == 0
    found = checks(ended)
    assert {"python", "home", "disk", "log", "generation", "transcripts", "port"} <= set(found)
    assert "failed" not in {one["outcome"] for one in found.values()}
    told = run(settled.root, "doctor")
    assert told.code == 0
    assert any(line.startswith("ok       generation") for line in told.lines)


def test_doctor_finds_what_is_broken_and_says_what_to_try(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSION_LATTICE_HOST", "0.0.0.0")
    monkeypatch.setenv("SESSION_LATTICE_PORT", "0")
    truncate(world.publish(), 0)
    world.home.log.write_bytes(b"not a database" * 100)
    services = Path.home() / ".homebrew" / "services"
    services.mkdir(parents=True)
    (services / "session-lattice.env").write_text("SESSION_LATTICE_PROT=1\n", "utf-8")
    (services / "session-lattice-puller.env").write_text("", "utf-8")
    (services / "session-lattice-puller.env").chmod(0o666)
    ended = run(world.home.root, "doctor", "--json")
    assert ended.code == 1
    failed = {one["what"]: one for one in ended.json if one["outcome"] == "failed"}
    assert set(failed) == {"log", "generation", "token", "services"}
    assert all(one["try"] for one in failed.values())
    assert "SESSION_LATTICE_PROT" in str(ended.json)


def test_doctor_finds_a_home_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o500)
    ended = run(tmp_path / "home", "doctor", "--json")
    tmp_path.chmod(0o700)
    assert ended.code == 1
    assert checks(ended)["home"]["outcome"] == "failed"
