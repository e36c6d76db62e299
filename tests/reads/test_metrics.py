import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from session_lattice import __version__, config, heartbeat
from session_lattice.config import Settings
from session_lattice.events import Draft, PullStarted, encode
from session_lattice.heartbeat import Heartbeat
from session_lattice.home import Home
from session_lattice.log.base import Encoded
from session_lattice.log.sqlite import SqliteEventLog
from session_lattice.reads import metrics
from session_lattice.reads.app import create_app
from session_lattice.reads.freshness import HeartbeatReader
from session_lattice.reads.metrics import (
    EXACT_ROUTES,
    OTHER,
    PREFIX_ROUTES,
    STREAMING,
    Metrics,
    ReadTimes,
)
from session_lattice.reads.pool import ReadPool
from session_lattice.reads.snapshot import Snapshots
from tests.reads.world import World

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
HOUR_MICROS = 3_600_000_000
UNREACHABLE = "redis://127.0.0.1:1/0"

BEAT = Heartbeat(
    pid=1,
    version="1",
    profile="dev",
    started_at=HOUR_MICROS,
    beat_at=HOUR_MICROS,
    refresh_interval_seconds=60.0,
)

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass
class Scraped:
    """An application of nothing but its metrics, and what a scrape of it says."""

    client: TestClient
    metrics: Metrics

    def text(self, accept: str = "") -> str:
        answer = self.client.get("/metrics", headers={"accept": accept})
        assert answer.status_code == 200
        return answer.text

    def samples(self) -> Samples:
        families = parser.text_string_to_metric_families(self.text())
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    def names(self) -> set[str]:
        return {name for name, _ in self.samples()}

    def value(self, name: str, **labels: str) -> float:
        return self.samples()[f"session_lattice_{name}", frozenset(labels.items())]


@pytest.fixture
def scrape(make_settings: Callable[..., Settings]) -> Iterator[Callable[..., Scraped]]:
    """Makes an application on the home below tmp_path; keyword arguments are flags."""
    opened: list[TestClient] = []

    def make(**flags: str) -> Scraped:
        settings = make_settings(**flags)
        metrics = _unserved(settings)
        routes = [Route("/metrics", metrics.scrape), Route("/{path:path}", _answer)]
        app = Starlette(routes=routes)
        app.add_middleware(ReadTimes, metrics=metrics)
        client = TestClient(app, raise_server_exceptions=False)
        client.__enter__()
        opened.append(client)
        return Scraped(client, metrics)

    yield make
    for client in opened:
        client.__exit__()


def _unserved(settings: Settings) -> Metrics:
    home = Home(settings.home)
    return Metrics(settings, ReadPool(Snapshots(home)), HeartbeatReader(home))


async def _answer(request: Request) -> Response:
    if request.url.path == "/status":
        raise RuntimeError("an answer that fails")
    return PlainTextResponse("answered")


def _append(home: Home, count: int) -> None:
    log = SqliteEventLog(home.log)
    draft = Draft("pull/1", "", 1, PullStarted(pull="1", reason="tick"))
    data = encode(draft.event)
    log.append(
        [Encoded(draft.stream, f"k{n}", 1, "pull.started", False, data) for n in range(count)], {}
    )
    log.close()


def test_an_empty_home_says_what_there_is_and_leaves_the_rest_out(
    scrape: Callable[..., Scraped],
) -> None:
    names = scrape().names()
    assert "session_lattice_puller_up" in names
    assert "session_lattice_streams_open" in names
    assert not {name for name in names if name.startswith("session_lattice_log")}
    assert not {name for name in names if "generation" in name or "pulls" in name}


def test_a_log_that_is_no_log_is_down_and_hides_nothing_else(
    scrape: Callable[..., Scraped], world: World
) -> None:
    world.home.log.write_bytes(b"this is no database" * 100)
    scraped = scrape()
    assert scraped.value("log_up") == 0
    assert "session_lattice_log_position" not in scraped.names()
    assert scraped.value("generation") == 1


def test_a_redis_that_does_not_answer_is_down(scrape: Callable[..., Scraped]) -> None:
    scraped = scrape(log_url=UNREACHABLE)
    assert scraped.value("log_up") == 0
    assert scraped.value("puller_up") == 0


def test_an_address_that_means_no_log_is_down(scrape: Callable[..., Scraped]) -> None:
    assert scrape(log_url="ftp://127.0.0.1/").value("log_up") == 0


def test_a_log_tells_its_position_size_and_age(
    scrape: Callable[..., Scraped], world: World
) -> None:
    _append(world.home, 3)
    scraped = scrape()
    assert scraped.value("log_up") == 1
    assert scraped.value("log_position") == 3
    assert scraped.value("log_size_bytes") >= world.home.log.stat().st_size
    assert 0 <= scraped.value("log_oldest_age_seconds") < 3600


def test_a_log_without_events_has_no_age(scrape: Callable[..., Scraped], world: World) -> None:
    _append(world.home, 0)
    scraped = scrape()
    assert scraped.value("log_position") == 0
    assert "session_lattice_log_oldest_age_seconds" not in scraped.names()


def test_a_generation_tells_its_number_position_and_ages(
    scrape: Callable[..., Scraped], unpublished: World
) -> None:
    unpublished.publish()
    unpublished.publish_aged(hours=2)
    just_now = structs.replace(BEAT, checked_at=time.time_ns() // 1000)
    heartbeat.write(unpublished.home.heartbeat, just_now)
    scraped = scrape()
    assert scraped.value("generation") == 2
    assert scraped.value("log_applied_position") == unpublished.position
    assert scraped.value("generation_age_seconds") >= 7200
    assert scraped.value("freshness_age_seconds") < 3600


def test_a_newer_generation_is_seen_by_the_next_scrape(
    scrape: Callable[..., Scraped], world: World
) -> None:
    scraped = scrape()
    assert scraped.value("generation") == 1
    world.publish(refresh=False)
    assert scraped.value("generation") == 2


def test_pulls_are_told_by_outcome_also_those_that_did_not_occur(
    scrape: Callable[..., Scraped], world: World
) -> None:
    pulls, seconds = {"finished": 5, "failed": 1}, {"finished": 2.5, "failed": 9.0}
    beat = structs.replace(BEAT, pulls=pulls, pull_seconds=seconds)
    heartbeat.write(world.home.heartbeat, beat)
    scraped = scrape()
    assert scraped.value("pulls_total", outcome="finished") == 5
    assert scraped.value("pulls_total", outcome="cancelled") == 0
    assert scraped.value("pull_seconds_total", outcome="failed") == 9.0
    assert scraped.value("pulls_created", outcome="failed") == 3600


def test_a_puller_that_holds_the_home_is_up(scrape: Callable[..., Scraped], world: World) -> None:
    scraped = scrape()
    assert scraped.value("puller_up") == 0
    with world.home.lock():
        assert scraped.value("puller_up") == 1


def test_the_version_is_told(scrape: Callable[..., Scraped]) -> None:
    assert scrape().value("build_info", version=__version__, profile="dev") == 1


def test_what_the_stream_counts_is_told(scrape: Callable[..., Scraped]) -> None:
    scraped = scrape()
    metrics = scraped.metrics
    assert scraped.value("resets_total", reason="evicted") == 0
    metrics.streams_open.inc()
    metrics.events_sent.inc(500)
    metrics.bytes_sent.inc(70_000)
    metrics.replays.observe(500)
    metrics.resets.labels("evicted").inc()
    metrics.slow_clients_cut.inc()
    metrics.tail_lag_seconds.set(0.004)
    assert scraped.value("streams_open") == 1
    assert scraped.value("events_sent_total") == 500
    assert scraped.value("sent_bytes_total") == 70_000
    assert scraped.value("replay_events_sum") == 500
    assert scraped.value("replay_events_bucket", le="100.0") == 0
    assert scraped.value("replay_events_bucket", le="1000.0") == 1
    assert scraped.value("resets_total", reason="evicted") == 1
    assert scraped.value("slow_clients_cut_total") == 1
    assert scraped.value("tail_lag_seconds") == 0.004


def test_applications_do_not_share_their_counts(scrape: Callable[..., Scraped]) -> None:
    first, second = scrape(), scrape()
    first.metrics.events_sent.inc()
    assert second.value("events_sent_total") == 0


def test_reads_are_observed_by_route_failed_ones_included(scrape: Callable[..., Scraped]) -> None:
    scraped = scrape()
    for path in ("/views/a", "/views/b", "/sessions/codex/c", "/status", "/nothing/here"):
        scraped.client.get(path)
    assert scraped.value("read_seconds_count", route="/views/{name}") == 2
    assert scraped.value("read_seconds_count", route="/sessions/{session}") == 1
    assert scraped.value("read_seconds_count", route="/status") == 1
    assert scraped.value("read_seconds_count", route=OTHER) == 1
    assert scraped.value("read_seconds_sum", route=OTHER) > 0


def test_streams_are_no_reads(scrape: Callable[..., Scraped]) -> None:
    scraped = scrape()
    scraped.client.get("/events")
    assert sum(_reads(scraped).values()) == 1, "the scrape's own is observed when it has ended"


def _reads(scraped: Scraped) -> Mapping[str, float]:
    scraped.text()
    return {
        dict(labels)["route"]: value
        for (name, labels), value in scraped.samples().items()
        if name == "session_lattice_read_seconds_count"
    }


@given(names=st.lists(st.text(max_size=40), max_size=20))
def test_no_path_adds_a_route(names: list[str]) -> None:
    metrics = _unserved(config.load({"profile": "dev"}, {}))
    for name in names:
        for path in (name, f"/{name}", f"/views/{name}", f"/sessions/{name}"):
            metrics.reads_of(path).observe(0.001)
    routes = {
        sample.labels["route"]
        for family in metrics.read_seconds.collect()
        for sample in family.samples
    }
    assert routes == {*EXACT_ROUTES, *PREFIX_ROUTES.values(), OTHER}


def test_every_route_of_the_server_has_a_name(make_settings: Callable[..., Settings]) -> None:
    app = create_app(make_settings())
    metrics = _unserved(make_settings())
    paths = {getattr(route, "path", "").split("{")[0] for route in app.router.routes}
    other = metrics.reads_of("/nothing")
    unnamed = {path for path in paths if metrics.reads_of(path) is other}
    assert unnamed <= set(STREAMING)


def test_every_family_has_a_type_and_a_help_in_both_formats(
    scrape: Callable[..., Scraped], world: World
) -> None:
    _append(world.home, 1)
    heartbeat.write(world.home.heartbeat, BEAT)
    scraped = scrape()
    plain = list(parser.text_string_to_metric_families(scraped.text()))
    parse: Any = openmetrics_parser.text_string_to_metric_families
    strict = list(parse(scraped.text(OPENMETRICS)))
    for family in [*plain, *strict]:
        assert family.documentation, family.name
        assert family.type not in ("unknown", "untyped"), family.name
        assert family.name.startswith(("session_lattice_", "process_")), family.name
    assert len(strict) > 15


@pytest.mark.parametrize("accept", [OPENMETRICS, "text/html, " + OPENMETRICS])
def test_openmetrics_is_given_to_whoever_accepts_it(
    scrape: Callable[..., Scraped], accept: str
) -> None:
    answer = scrape().client.get("/metrics", headers={"accept": accept})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("accept", ["", "*/*", "text/plain;version=x", OPENMETRICS + ".y.z;;=,"])
def test_whatever_else_is_accepted_gets_an_answer(
    scrape: Callable[..., Scraped], accept: str
) -> None:
    assert "session_lattice_streams_open" in scrape().text(accept)


def test_a_scrape_writes_nothing(scrape: Callable[..., Scraped], world: World) -> None:
    world.close()
    before = sorted(world.home.root.rglob("*"))
    scrape().text()
    assert sorted(world.home.root.rglob("*")) == before


def test_a_log_that_hangs_holds_nobody_up(
    scrape: Callable[..., Scraped], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "LOG_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        scraped = scrape(log_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        assert scraped.value("log_up") == 0
        assert scraped.value("log_up") == 0
        silent.settimeout(0)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_the_server_has_all_of_it(following: TestClient, world: World) -> None:
    _append(world.home, 2)
    following.get("/views/model_usage")
    following.get("/views/model_usage")
    families = {
        family.name: family
        for family in parser.text_string_to_metric_families(following.get("/metrics").text)
    }
    reads = families["session_lattice_read_seconds"].samples
    observed = {s.labels["route"]: s.value for s in reads if s.name.endswith("_count")}
    assert observed["/views/{name}"] >= 2
    assert families["session_lattice_generation"].samples[0].value == 1
    assert families["session_lattice_log_position"].samples[0].value == 2
