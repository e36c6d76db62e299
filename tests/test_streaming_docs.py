"""What docs/streaming.md tells a client author is so: its examples run, its tests are there."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from session_lattice.config import DEFAULT_RETENTION_DAYS
from session_lattice.events import TERMINAL
from session_lattice.reads.stream import frames
from session_lattice.reads.stream import limits as stream_limits
from tests.acceptance.browser import NEEDS_CHROMIUM, page_at
from tests.acceptance.pair import DEADLINE_SECONDS, until
from tests.acceptance.stream_pair import StreamPair, end

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "streaming.md").read_text("utf-8")
MAX_LINES = 120
MAX_EXAMPLE_LINES = 15

MATRIX = (
    "the client closes mid-stream",
    "the network stalls for 30 s",
    "reads restarts",
    "the puller restarts",
    "the puller is killed between append and apply",
    "a client does not read",
    "1,000 clients come and vanish",
    "the cursor is evicted while the client is away",
    "the log is deleted",
    "an event of an unknown type",
    "Redis is gone",
    "Redis is flushed",
    "a page is reloaded mid-pull",
)

COLLECT = """
window.shown = JSON.parse(sessionStorage.shown ?? "[]");
window.source = follow("STREAM", (type, event) => {
  shown.push([type, event.seq ?? null]);
  sessionStorage.shown = JSON.stringify(shown);
});
"""
"""Uses the page's function: keeps what it is shown through a reload."""


def example(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"one example in {language}"
    assert len(found[0].splitlines()) <= MAX_EXAMPLE_LINES
    return str(found[0])


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[StreamPair]:
    """A home with a pull in its log; no daemon runs."""
    made = StreamPair(tmp_path)
    made.grow()
    made.pull_once()
    yield made
    made.drop_clients()


@contextmanager
def python_example(pair: StreamPair, target: str) -> Iterator[Path]:
    """The example runs until the block ends, or by itself; the file that it prints to."""
    printed = pair.root / "printed"
    script = pair.root / "example.py"
    script.write_text(example("python"), "utf-8")
    with printed.open("w") as output:
        url = f"http://127.0.0.1:{pair.port}{target}"
        process = subprocess.Popen([sys.executable, str(script), url], stdout=output)
    try:
        yield printed
    finally:
        process.kill()
        process.wait(DEADLINE_SECONDS)


def printed_events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Kind and fields of every whole line."""
    pairs = (line.split(" ", 1) for line in text.split("\n")[:-1])
    return [(kind, json.loads(data)) for kind, data in pairs]


def positions(printed: Path) -> list[int]:
    return [data["position"] for _, data in printed_events(printed.read_text("utf-8"))]


def test_the_page_names_a_test_for_every_row_of_the_failure_matrix() -> None:
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| `(test_\w+)`", PAGE, re.MULTILINE)
    assert [want for want in MATRIX if not any(what.startswith(want) for what, _ in rows)] == []
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    modules = (ROOT / "tests" / "acceptance").glob("test_stream_*.py")
    there = {
        name
        for module in modules
        for name in re.findall(r"^def (test_\w+)\(", module.read_text("utf-8"), re.MULTILINE)
    }
    assert named
    assert named - there == set()


def test_the_page_names_the_servers_own_limits() -> None:
    text = " ".join(PAGE.split())
    assert f"{stream_limits.BATCH_EVENTS} events or {stream_limits.BATCH_BYTES // 1024} KiB" in text
    assert f"cut off after {stream_limits.SEND_SECONDS:g} s" in text
    assert f"after {stream_limits.PING_SECONDS:g} s of silence" in text
    assert f"{stream_limits.MAX_STREAMS:,} streams may be open" in text
    assert f"the log keeps {DEFAULT_RETENTION_DAYS:g} days" in text
    assert f"retry: {frames.RETRY_MILLISECONDS}\n" in PAGE
    for event in TERMINAL:
        assert f"`{event.__struct_config__.tag}`" in PAGE


def test_the_page_stays_short() -> None:
    assert len(PAGE.splitlines()) <= MAX_LINES


def test_the_python_example_follows_through_a_restart_and_says_what_it_missed(
    pair: StreamPair,
) -> None:
    with python_example(pair, "/events?after=earliest") as printed:
        with pair.reads() as reads:
            newest = pair.newest_position()
            until("it has all", lambda: len(positions(printed)) == newest)
            end(reads, signal.SIGKILL)
        newest = pair.speak(3)
        with pair.reads() as reads:
            until("it has all", lambda: len(positions(printed)) == newest)
            assert positions(printed) == list(range(1, newest + 1))
            end(reads, signal.SIGTERM)
        with pair.log(readonly=False) as log:
            log.renew()
        with pair.reads():
            until("it is told", lambda: '\nreset {"reason":"epoch"' in printed.read_text())


def test_the_python_example_ends_with_the_pull(pair: StreamPair) -> None:
    with pair.reads():
        stream = pair.get("/streams/pull/latest")["stream"]
        script = example("python")
        url = f"http://127.0.0.1:{pair.port}/events?stream={stream}"
        ended = subprocess.run(
            [sys.executable, "-c", script, url],
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=True,
        )
        kinds = [kind for kind, _ in printed_events(ended.stdout)]
        assert kinds == [event[3] for event in pair.kept(stream)]
        refused = subprocess.run(
            [sys.executable, "-c", script, f"http://127.0.0.1:{pair.port}/events?after=nonsense"],
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
        assert "HTTP Error 400" in refused.stderr


@NEEDS_CHROMIUM
def test_the_javascript_example_resumes_behind_a_reload_and_ends_with_the_pull(
    pair: StreamPair,
) -> None:
    with pair.reads():
        stream = pair.get("/streams/pull/latest")["stream"]
        script = example("js") + COLLECT.replace("STREAM", stream)
        expected = [[event[3], event[2]] for event in pair.kept(stream)]
        with page_at(f"http://127.0.0.1:{pair.port}", script) as page:
            until("it is over", lambda: page.evaluate("shown.at(-1)?.[0]") == "over")
            assert page.evaluate("shown") == [*expected, ["over", None]]
            page.reload()
            until("it is over", lambda: page.evaluate("source.readyState") == 2)
            assert [one for one in page.evaluate("shown") if one[0] != "over"] == expected
