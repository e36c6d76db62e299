"""`serve-recall` as its users run it: real processes, HTTP, transcripts and repositories."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from session_lattice.recall.home import RecallHome
from session_lattice.store import generations
from tests.acceptance.history import copy_sample
from tests.acceptance.pair import Pair, until
from tests.git import Repository, needs_git

INTERVAL_SECONDS = 0.3
END_SECONDS = 60


class Served:
    """A running `serve-recall`; what it prints is read line by line."""

    def __init__(self, pair: Pair, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.home = RecallHome(pair.home.root)
        self.said: list[str] = []
        self.url = self.until(r"  recall  (http://\S+)")[1]

    def until(self, pattern: str) -> "re.Match[str]":
        assert self.process.stdout is not None
        for line in iter(self.process.stdout.readline, ""):
            self.said.append(line)
            if found := re.search(pattern, line):
                return found
        pytest.fail(f"it ended without {pattern!r}:\n{''.join(self.said)}")

    def rest(self) -> str:
        """Everything up to the end of the last process that writes here."""
        assert self.process.stdout is not None
        return self.process.stdout.read()

    def get(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(self.url + path, method=method)
        with closing(urllib.request.urlopen(request, timeout=END_SECONDS)) as answer:
            return json.load(answer)

    def sessions(self) -> dict[str, dict[str, Any]]:
        """By the agent's own id."""
        listed = self.get("/api/sessions")["sessions"]
        return {entry["session"]["session_uuid"]: entry for entry in listed}


@contextmanager
def running(pair: Pair, *options: str) -> Iterator[Served]:
    process = subprocess.Popen(
        [*PROGRAM, "serve-recall", "--port", "0", *options],
        env=pair.environment,
        cwd=pair.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Served(pair, process)
    finally:
        process.kill()
        process.communicate()


PROGRAM = (sys.executable, "-m", "session_lattice")
Serve = Callable[..., Served]


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    made = Pair(tmp_path, interval=INTERVAL_SECONDS)
    made.transcripts.mkdir()
    return made


@pytest.fixture
def serve(pair: Pair) -> Iterator[Serve]:
    """Starts servers that end with the test."""
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(running(pair, *options))


def overview(pair: Pair) -> dict[str, dict[str, Any]]:
    """session_overview of a home that reads the same transcripts itself."""
    assert pair.run("serve-puller", "--once").returncode == 0
    newest = generations.pointed_at(pair.home)
    assert newest
    with duckdb.connect(str(newest.path), read_only=True) as connection:
        found = connection.execute("SELECT * FROM session_overview")
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {row["session"].partition("/")[2]: row for row in rows}


def same_numbers(told: dict[str, dict[str, Any]], view: dict[str, dict[str, Any]]) -> None:
    assert told.keys() == view.keys()
    for uuid, row in view.items():
        session = told[uuid]["session"]
        assert session["user_message_count"] == row["prompts"]
        assert session["assistant_message_count"] == row["replies"]
        assert session["input_tokens"] == row["input_tokens"]
        assert session["output_tokens"] == row["output_tokens"]
        assert session["cache_read_tokens"] == row["cache_read_tokens"]
        assert session["cache_creation_tokens"] == row["cache_write_tokens"]
        assert session["models_used"] == row["models"]
        calls = json.loads(session["tool_call_counts_json"]).values()
        assert sum(one["calls"] for one in calls) == row["tool_calls"]
        assert sum(one["errors"] for one in calls) == row["failed_tool_calls"]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::"])
def test_an_address_that_others_reach_is_refused(pair: Pair, host: str) -> None:
    ended = pair.run("serve-recall", "--port", "0", "--host", host)
    assert ended.returncode == 2
    assert host in ended.stderr
    assert "Try: " in ended.stderr
    assert not pair.home.root.exists()


def test_a_port_that_is_taken_is_said_before_anything_starts(pair: Pair) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = pair.run("serve-recall", "--port", port)
    assert ended.returncode == 1
    assert f"127.0.0.1 port {port} cannot be served on" in ended.stderr
    assert "puller_started" not in ended.stderr


def test_a_second_one_on_the_same_home_says_who_serves_it(pair: Pair, serve: Serve) -> None:
    first = serve()
    second = pair.run("serve-recall", "--port", "0")
    assert second.returncode == 1
    assert f"process {first.process.pid} already serves recall" in second.stderr
    assert "Try: stop it first" in second.stderr


def test_a_setting_for_another_upstream_or_log_is_not_its_pullers(pair: Pair, serve: Serve) -> None:
    pair.environment["SESSION_LATTICE_REPO_RECALL_URL"] = "http://127.0.0.1:1"
    pair.environment["SESSION_LATTICE_LOG_URL"] = "redis://127.0.0.1:1/0"
    copy_sample(pair.transcripts)
    served = serve()
    served.until(r"scan \d+: [1-9]")
    assert (served.home.root / "log.sqlite").exists()


def test_the_numbers_are_those_of_who_reads_the_transcripts_itself(
    pair: Pair, serve: Serve
) -> None:
    copy_sample(pair.transcripts)
    served = serve()
    assert any("7 transcripts of claude_code" in line for line in served.said)
    served.until(r"scan \d+: ")
    same_numbers(served.sessions(), overview(pair))


def test_copied_and_forked_transcripts_count_once(pair: Pair, serve: Serve) -> None:
    written = copy_sample(pair.transcripts)
    for path in written:
        if path.suffix == ".jsonl" and "projects" in path.parts and "subagents" not in path.parts:
            copied = path.parents[1] / "-home-sam-copied" / path.name
            copied.parent.mkdir(exist_ok=True)
            shutil.copy2(path, copied)
            fork = path.with_name("5b1f8f5e-3f0a-4f57-9c35-0a4c7d1f2e11.jsonl")
            text = path.read_text("utf-8").replace(path.stem, fork.stem)
            fork.write_text(text, "utf-8")
    served = serve()
    served.until(r"scan \d+: ")
    view = overview(pair)
    same_numbers(served.sessions(), view)
    alone = Pair(pair.root / "alone")
    alone.transcripts.mkdir(parents=True)
    copy_sample(alone.transcripts)
    once = overview(alone)
    for kind in ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"):
        assert sum(row[kind] for row in view.values()) == sum(row[kind] for row in once.values())


def test_while_nothing_changes_the_pair_stays(pair: Pair, serve: Serve) -> None:
    copy_sample(pair.transcripts)
    served = serve()
    served.until(r"scan \d+: ")
    first = served.get("/api/scan-version")
    body = served.get("/api/sessions")
    answers = [served.get("/api/refresh", "POST") for _ in range(3)]
    assert answers == [{**first, "ran": True}] * 3
    assert served.get("/api/sessions") == body


def test_a_refresh_serves_what_was_written_just_now(pair: Pair, serve: Serve) -> None:
    pair.environment["SESSION_LATTICE_REFRESH_INTERVAL_SECONDS"] = "3600"
    copy_sample(pair.transcripts)
    served = serve()
    served.until(r"scan \d+: ")
    before = served.get("/api/scan-version")
    count = len(served.sessions())
    copy_sample(pair.transcripts, 1)
    after = served.get("/api/refresh", "POST")
    assert (after["ran"], after["scan_version"]) == (True, before["scan_version"] + 1)
    assert len(served.sessions()) == 2 * count


def test_without_being_asked_it_serves_what_its_puller_publishes(pair: Pair, serve: Serve) -> None:
    copy_sample(pair.transcripts)
    served = serve()
    served.until(r"scan \d+: ")
    count = len(served.sessions())
    copy_sample(pair.transcripts, 1)
    until("the new sessions are served", lambda: len(served.sessions()) == 2 * count)


def test_a_restart_serves_the_same_pair_and_body_at_once(pair: Pair, serve: Serve) -> None:
    copy_sample(pair.transcripts)
    first = serve()
    first.until(r"scan \d+: ")
    pair_before, body = first.get("/api/scan-version"), first.get("/api/sessions")
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(END_SECONDS) == 0
    second = serve()
    assert second.get("/api/scan-version") == pair_before
    assert second.get("/api/sessions") == body
    second.get("/api/refresh", "POST")
    assert second.get("/api/scan-version") == pair_before


def test_a_killed_puller_is_started_again_while_it_serves(pair: Pair, serve: Serve) -> None:
    copy_sample(pair.transcripts)
    served = serve()
    served.until(r"scan \d+: ")
    count = len(served.sessions())
    before = served.home.puller.puller_pid()
    os.kill(before, signal.SIGKILL)
    served.until("serve-puller was ended by SIGKILL; it starts again in")
    assert len(served.sessions()) == count
    copy_sample(pair.transcripts, 1)
    assert served.get("/api/refresh", "POST")["ran"]
    assert served.home.puller.puller_pid() not in (0, before)
    assert len(served.sessions()) == 2 * count


def test_killing_it_leaves_nothing_behind(pair: Pair, serve: Serve) -> None:
    copy_sample(pair.transcripts)
    served = serve()
    served.until(r"scan \d+: ")
    served.process.kill()
    served.rest()
    assert served.home.puller.puller_pid() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_its_puller(pair: Pair, serve: Serve, number: signal.Signals) -> None:
    copy_sample(pair.transcripts)
    served = serve()
    served.until(r"scan \d+: ")
    served.process.send_signal(number)
    assert "recall has ended" in served.rest()
    assert served.process.wait() == 0
    assert served.home.puller.puller_pid() == 0


def test_a_foreign_host_is_refused(pair: Pair, serve: Serve) -> None:
    served = serve()
    request = urllib.request.Request(served.url + "/", headers={"Host": "rebound.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with closing(refused.value):
        assert refused.value.code == 421


@needs_git
def test_a_session_in_a_worktree_belongs_to_its_main_repository(pair: Pair, serve: Serve) -> None:
    repository = Repository(pair.root / "tide")
    repository.commit("a.txt", "one\n", at=int(time.time()))
    repository.run("worktree", "add", "-q", "-b", "moon", str(pair.root / "moon"))
    (repository.path / "new.txt").write_text("x")
    for path in copy_sample(pair.transcripts):
        text = path.read_text("utf-8").replace("/home/sam/tidewatch", str(pair.root / "moon"))
        path.write_text(text, "utf-8")
    served = serve()
    served.until(r"scan \d+: \d+ sessions, [1-9]\d* repositories")
    links = [entry["repos"] for entry in served.sessions().values()]
    named = {(link[1], link[2]) for one in links for link in one}
    assert ("tide", str(repository.path)) in named
    assert str(pair.root / "moon") not in {path for _, path in named}
    page = served.get("/")
    (repo,) = [one for one in page["repos"] if one["name"] == "tide"]
    assert (repo["head_ref"], repo["untracked_files"]) == ("main", 1)
    assert repo["action_signals"] == ["dirty_tree"]
    assert [one["id"] for one in served.get("/api/action-required")["repos"]] == [
        f"{repo['id']}:dirty_tree"
    ]
    assert page["recent_commits"][0]["commit"]["subject"] == "change a.txt"
