"""`up` with the real daemons. All that they write comes through one pipe, whose end means that
none of them is left."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from session_lattice.home import Home

SESSION = "5b1f8f5e-3f0a-4f57-9c35-0a4c7d1f2e11"
LINES = [
    {"type": "user", "uuid": "u1", "message": {"role": "user", "content": "Say hello"}},
    {
        "type": "assistant",
        "uuid": "a1",
        "requestId": "r1",
        "message": {
            "role": "assistant",
            "id": "m1",
            "model": "claude-sonnet-4-5-20250929",
            "content": [{"type": "text", "text": "Hello."}],
            "usage": {"input_tokens": 3, "output_tokens": 2},
        },
    },
]
COMMON = {
    "sessionId": SESSION,
    "cwd": "/somewhere/garden",
    "gitBranch": "main",
    "version": "2.1.200",
    "isSidechain": False,
    "userType": "external",
}


class Up:
    """A running `up`, read line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.said: list[str] = []

    def until(self, pattern: str) -> "re.Match[str]":
        """Read on to a line that matches."""
        for line in self._lines():
            if found := re.search(pattern, line):
                return found
        pytest.fail(f"it ended without {pattern!r}:\n{''.join(self.said)}")

    def rest(self) -> str:
        """Everything up to the end of the last process that writes here."""
        return "".join(self._lines())

    def _lines(self) -> Iterator[str]:
        assert self.process.stdout is not None
        for line in iter(self.process.stdout.readline, ""):
            self.said.append(line)
            yield line


Start = Callable[..., Up]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def transcripts(tmp_path: Path) -> Path:
    """An agent's home with one session."""
    folder = tmp_path / "agent" / "projects" / "-somewhere-garden"
    folder.mkdir(parents=True)
    stamped = [
        COMMON | line | {"timestamp": f"2026-11-01T10:00:0{number}.000Z"}
        for number, line in enumerate(LINES)
    ]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in stamped)
    (folder / f"{SESSION}.jsonl").write_text(text)
    return tmp_path / "agent"


@pytest.fixture
def start(home: Home) -> Iterator[Start]:
    """Runs a command of session-lattice on the home, its output one stream."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, transcripts: Path | None = None) -> Up:
        given = ["--transcripts", str(transcripts)] if transcripts else []
        options = ["--profile", "dev", "--home", str(home.root), *given]
        process = subprocess.Popen(
            [sys.executable, "-m", "session_lattice", *options, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return Up(process)

    yield run
    for process in started:
        process.kill()
        process.communicate()


def get(url: str) -> Any:
    with closing(urllib.request.urlopen(url)) as answer:
        return json.load(answer)


def test_an_address_that_is_taken_is_said_before_anything_starts(
    start: Start, transcripts: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        up = start("up", "--port", str(port), transcripts=transcripts)
        said = up.rest()
    assert up.process.wait() == 1
    assert f"127.0.0.1 port {port} cannot be served on" in said
    assert "Try: " in said
    assert "puller_started" not in said


def test_a_home_whose_puller_runs_alone_is_not_taken_over(
    start: Start, home: Home, transcripts: Path
) -> None:
    puller = start("serve-puller", transcripts=transcripts)
    puller.until("puller_started")
    up = start("up", "--port", "0", transcripts=transcripts)
    said = up.rest()
    assert up.process.wait() == 1
    assert f"process {puller.process.pid} is already the puller" in said
    assert "Try: run `session-lattice serve-reads` beside it" in said


def test_a_setting_that_a_daemon_cannot_work_with_ends_both(
    start: Start, transcripts: Path
) -> None:
    up = start("up", "--host", "0.0.0.0", "--port", "0", transcripts=transcripts)
    said = up.rest()
    assert up.process.wait() == 2
    assert "token" in said
    assert "serve-reads cannot work with these settings; ending" in said


def test_without_transcripts_the_sample_is_served_and_called_one(
    start: Start, home: Home, tmp_path: Path
) -> None:
    up = start("up", "--port", "0", transcripts=tmp_path / "nobody")
    up.until("found +no transcripts")
    up.until("SAMPLE")
    up.until(f"home +{re.escape(str(home.root))}-sample$")
    url = up.until(r"reads +(http://\S+)")[1]
    assert int(up.until(r"generation \d+: (\d+) SAMPLE sessions")[1]) > 0
    assert get(f"{url}/views")["sample"] is True
    assert not home.root.exists()


def test_a_killed_puller_is_started_again_while_reads_go_on(
    start: Start, home: Home, transcripts: Path
) -> None:
    up = start("up", "--port", "0", transcripts=transcripts)
    up.until("found +1 transcripts")
    url = up.until(r"reads +(http://\S+)")[1]
    up.until("MCP +http://.*/mcp$")
    up.until(r"generation 1: 1 sessions")
    before = home.puller_pid()
    os.kill(before, signal.SIGKILL)
    up.until("serve-puller was ended by SIGKILL; it starts again in")
    assert get(f"{url}/sessions")["rows"][0]["session"].endswith(SESSION)
    up.until("puller_started")
    assert home.puller_pid() not in (0, before)
    up.process.send_signal(signal.SIGINT)
    assert "both daemons have ended" in up.rest()
    assert up.process.wait() == 0
    assert home.puller_pid() == 0


def test_a_second_up_shows_where_the_first_one_serves(start: Start, transcripts: Path) -> None:
    up = start("up", "--port", "0", transcripts=transcripts)
    url = up.until(r"reads +(http://\S+)")[1]
    up.until(r"generation 1")
    second = start("up", "--port", url.rpartition(":")[2], transcripts=transcripts)
    said = second.rest()
    assert second.process.wait() == 0
    assert "already running" in said
    assert url in said


def test_killing_up_leaves_no_daemon_behind(start: Start, home: Home, transcripts: Path) -> None:
    up = start("up", "--port", "0", transcripts=transcripts)
    up.until(r"generation 1")
    up.process.kill()
    up.rest()
    assert home.puller_pid() == 0


def test_with_a_recall_service_of_its_own_the_pair_has_the_sessions_over_http(
    start: Start, transcripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSION_LATTICE_RECALL_PORT", "0")
    up = start("up", "--port", "0", "--recall", transcripts=transcripts)
    url = up.until(r"  reads   (http://\S+)")[1]
    assert up.until(r"generation \d+: (\d+) sessions")[1] == "1"
    [session] = get(f"{url}/sessions")["rows"]
    assert (session["session"], session["tokens_from"]) == (f"claude_code/{SESSION}", "upstream")
    up.process.send_signal(signal.SIGINT)
    assert "all daemons have ended" in up.rest()
    assert up.process.wait() == 0


def test_beside_an_upstream_no_sample_is_served(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        upstream = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("SESSION_LATTICE_REPO_RECALL_URL", upstream)
        up = start("up", "--port", "0")
        assert up.until(r"  asks    the recall service at (\S+)")[1] == upstream
        up.until(r"generation 1: 0 sessions")
        up.process.send_signal(signal.SIGINT)
        assert "SAMPLE" not in "".join(up.said) + up.rest()
