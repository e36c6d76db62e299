"""A page in Chromium that follows a pull is reloaded in its midst and misses nothing."""

import signal
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.acceptance.browser import NEEDS_CHROMIUM, page_at
from tests.acceptance.pair import until
from tests.acceptance.stream_pair import StreamPair
from tests.bench.history import write_history

pytestmark = NEEDS_CHROMIUM

MEGABYTES = 40
"""Of transcripts that appear at once: a pull of a few seconds."""

MIN_RELOADS = 3
CLOSED = 2
FEED_TYPES = ("pull.started", "message.user", "session.observed")

SCRIPT = """
const TYPES = ["pull.started", "pull.progressed", "view.materialized", "generation.published",
  "pull.finished", "pull.failed", "pull.cancelled", "message.user", "session.observed", "reset"];
const sources = {};

function follow(name, address, start) {
  const got = JSON.parse(sessionStorage[name] ?? "[]");
  const after = got.length ? got.at(-1)[0] : start;
  const source = sources[name] = new EventSource(`${address}&after=${after}`);
  for (const type of TYPES) source.addEventListener(type, event => {
    const data = JSON.parse(event.data);
    got.push([event.lastEventId, event.type, data.position]);
    sessionStorage[name] = JSON.stringify(got);
    if (name === "feed" && type === "pull.started") sessionStorage.stream = data.stream;
    followPull();
  });
}

function followPull() {
  if (sessionStorage.stream && !sources.pull)
    follow("pull", `/events?stream=${encodeURIComponent(sessionStorage.stream)}`, "earliest");
}

function got(name) { return JSON.parse(sessionStorage[name] ?? "[]"); }

follow("feed", "/events?types=FEED_TYPES", "START");
followPull();
"""
"""What a page would do; what it got, and how far, survives a reload in sessionStorage."""


@pytest.fixture
def pair(tmp_path: Path) -> StreamPair:
    """Its puller is idle until it is asked."""
    made = StreamPair(tmp_path, interval=3600)
    made.grow()
    return made


def count(page: Page) -> int:
    """Events that the page has of the feed."""
    return int(page.evaluate("got('feed').length"))


def is_running(pair: StreamPair) -> bool:
    return bool(pair.get("/streams/pull/latest")["state"] == "running")


def reload_amid(page: Page, puller: "subprocess.Popen[str]", pair: StreamPair, number: int) -> bool:
    """Reload the page; whether the pull went on then. Every other time it stands still meanwhile,
    so that it cannot have ended before the page is back.
    """
    puller.send_signal(signal.SIGSTOP)
    try:
        running = is_running(pair)
        if number % 2:
            page.reload()
    finally:
        puller.send_signal(signal.SIGCONT)
    if not number % 2:
        page.reload()
    return running


def test_a_page_reloaded_amid_a_pull_has_each_event_once_and_its_stream_closed(
    pair: StreamPair,
) -> None:
    with pair.puller() as puller, pair.reads():
        start = pair.rested()
        with pair.log() as log:
            script = SCRIPT.replace("START", f"{log.bounds().epoch}-{start}")
        script = script.replace("FEED_TYPES", ",".join(FEED_TYPES))
        with page_at(f"http://127.0.0.1:{pair.port}", script) as page:
            puller.send_signal(signal.SIGSTOP)
            write_history(pair.transcripts, MEGABYTES)
            puller.send_signal(signal.SIGCONT)
            puller.send_signal(signal.SIGHUP)
            until("it has begun", lambda: page.evaluate("sessionStorage.stream"))
            reloads = 0
            while reload_amid(page, puller, pair, reloads):
                reloads += 1
                before = count(page)
                until("more came", lambda: count(page) > before or not is_running(pair))  # noqa: B023
            assert reloads >= MIN_RELOADS
            until("the pull is over", lambda: page.evaluate("sources.pull?.readyState") == CLOSED)
            check_page(page, pair, start)


def check_page(page: Page, pair: StreamPair, start: int) -> None:
    """The page has each event of the pull, and of the feed what it asked for."""
    kept = pair.kept()
    stream = page.evaluate("sessionStorage.stream")
    pull = [event for event in kept if event[1] == stream]
    feed = [event for event in kept if event[0] > start and event[3] in FEED_TYPES]
    until("all of the feed has come", lambda: count(page) >= len(feed))
    assert pull[-1][4], "the pull has ended"
    for name, events in (("pull", pull), ("feed", feed)):
        came = page.evaluate(f"got('{name}')")
        assert [(kind, position) for _, kind, position in came] == [(e[3], e[0]) for e in events]
