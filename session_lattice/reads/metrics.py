"""What the server counts of its own work, and the route that tells it to Prometheus."""

import asyncio
from collections.abc import Callable, Iterable
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from session_lattice.config import Settings
from session_lattice.reads import metrics_home, metrics_log
from session_lattice.reads.freshness import HeartbeatReader
from session_lattice.reads.pool import ReadPool

NAMESPACE = "session_lattice"
METRICS_PATH = "/metrics"

LOG_SECONDS = 2.0
"""How long a scrape waits for the event log; it answers without it then."""

READ_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds; an answer that was kept takes less than the first, a read at most the last."""

REPLAY_BUCKETS = (0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
"""Events that one replay brings."""

RESET_REASONS = ("evicted", "future", "epoch")

OTHER = "other"
"""The route of every path that is none of ours."""

EXACT_ROUTES = (
    "/",
    "/healthz",
    "/readyz",
    "/status",
    "/views",
    "/sessions",
    "/search",
    "/openapi.json",
    "/mcp",
    METRICS_PATH,
)
PREFIX_ROUTES = {
    "/views/": "/views/{name}",
    "/sessions/": "/sessions/{session}",
    "/streams/": "/streams/{stream}",
}
STREAMING = ("/events",)
"""Not measured: these last for as long as their clients wish."""


class Metrics:
    """What one application counts, in a registry of its own.

    To install: `Route("/metrics", metrics.scrape)`, and `ReadTimes` as a middleware inside of
    Guard and outside of Shortcut. Attributes may be used from any thread; each call takes about
    a microsecond.
    """

    def __init__(self, settings: Settings, pool: ReadPool, beats: HeartbeatReader) -> None:
        self._settings = settings
        self._pool = pool
        self._beats = beats
        self._log_look: asyncio.Task[list[Metric]] | None = None
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.streams_open = self._gauge("streams_open", "Event streams that clients hold open.")
        self.events_sent = self._counter("events_sent", "Events sent to streaming clients.")
        self.bytes_sent = self._counter(
            "sent_bytes", "Bytes sent to streaming clients, pings included."
        )
        self.replays = Histogram(
            "replay_events",
            "Events that a new stream had to be sent before it had all that there was.",
            namespace=NAMESPACE,
            buckets=REPLAY_BUCKETS,
            registry=self.registry,
        )
        self.resets = Counter(
            "resets",
            "Cursors that were of no use, by why.",
            ["reason"],
            namespace=NAMESPACE,
            registry=self.registry,
        )
        for reason in RESET_REASONS:
            self.resets.labels(reason)
        self.slow_clients_cut = self._counter(
            "slow_clients_cut", "Streams ended because their clients did not read."
        )
        self.tail_lag_seconds = self._gauge(
            "tail_lag_seconds", "From the newest event's appending to the tailer's seeing it."
        )
        self.read_seconds = Histogram(
            "read_seconds",
            "From a request's arrival to its answer's end, by route.",
            ["route"],
            namespace=NAMESPACE,
            buckets=READ_BUCKETS,
            registry=self.registry,
        )
        self._exact = {path: self.read_seconds.labels(path) for path in EXACT_ROUTES}
        self._prefixes = [
            (prefix, self.read_seconds.labels(route)) for prefix, route in PREFIX_ROUTES.items()
        ]
        self._other = self.read_seconds.labels(OTHER)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, namespace=NAMESPACE, registry=self.registry)

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(name, text, namespace=NAMESPACE, registry=self.registry)

    def reads_of(self, path: str) -> Histogram:
        """Where to observe how long the answer to `path` took."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact
        for prefix, route in self._prefixes:
            if path.startswith(prefix):
                return route
        return self._other

    async def scrape(self, request: Request) -> Response:
        """All metrics, as Prometheus text or, where it is accepted, as OpenMetrics."""
        encode, media_type = _encoder(request.headers.get("accept", ""))
        log = await self._log()
        body = await self._pool.call(lambda: encode(_Together(self._families(log))))
        return Response(body, headers={"content-type": media_type, "cache-control": "no-store"})

    def _families(self, log: list[Metric]) -> list[Metric]:
        home = metrics_home.families(self._settings, self._pool.snapshots, self._beats.beat())
        return [*self.registry.collect(), *home, *log]

    async def _log(self) -> list[Metric]:
        """Of the event log, which scrapes that come meanwhile share: it may be slow to answer."""
        if self._log_look is None:
            self._log_look = asyncio.create_task(self._look_at_log())
            self._log_look.add_done_callback(self._forget_look)
        try:
            return await asyncio.wait_for(asyncio.shield(self._log_look), LOG_SECONDS)
        except TimeoutError:
            return metrics_log.unreachable()

    async def _look_at_log(self) -> list[Metric]:
        return await self._pool.call(lambda: metrics_log.families(self._settings))

    def _forget_look(self, done: asyncio.Task[list[Metric]]) -> None:
        self._log_look = None
        if not done.cancelled():
            # Everybody who waited may have gone: a failure is then nobody's.
            done.exception()


class ReadTimes:
    """Pure ASGI middleware: observes in `metrics` how long each answer took, streams excepted."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in STREAMING:
            await self._app(scope, receive, send)
            return
        begun = perf_counter()
        try:
            await self._app(scope, receive, send)
        finally:
            self._metrics.reads_of(scope["path"]).observe(perf_counter() - begun)


class _Together:
    """Families that were collected already, as an encoder wants them."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _encoder(accept: str) -> tuple[Callable[[_Together], bytes], str]:
    try:
        return choose_encoder(accept)
    except TypeError:
        # It cannot compare a version that is none, such as `text/plain;version=x`.
        return choose_encoder("")
