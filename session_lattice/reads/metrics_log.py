"""What the event log tells at the time of a scrape: how far it goes, how large and old it is."""

from contextlib import closing

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from session_lattice.config import Settings
from session_lattice.errors import LatticeError
from session_lattice.home import Home
from session_lattice.log.base import EventLog
from session_lattice.log.choose import open_log
from session_lattice.reads.freshness import age_seconds


def families(settings: Settings) -> list[Metric]:
    """All of them; none while there is no log yet, and only `up` when it cannot be read."""
    if not settings.log_url and not Home(settings.home).log.exists():
        return []
    try:
        with closing(open_log(settings, readonly=True)) as log:
            return [_up(True), *_of(log)]
    except LatticeError:
        return unreachable()


def unreachable() -> list[Metric]:
    """Of a log that cannot be read, or not in time."""
    return [_up(False)]


def _up(up: bool) -> Metric:
    return GaugeMetricFamily("session_lattice_log_up", "Whether the event log can be read.", up)


def _of(log: EventLog) -> list[Metric]:
    size = log.size()
    found: list[Metric] = [
        GaugeMetricFamily(
            "session_lattice_log_position",
            "Newest position of the event log.",
            log.bounds().newest,
        ),
        GaugeMetricFamily(
            "session_lattice_log_size_bytes", "What the event log takes up.", size.bytes
        ),
    ]
    if size.oldest_at is not None:
        age = GaugeMetricFamily(
            "session_lattice_log_oldest_age_seconds",
            "Since the oldest event of the log was appended.",
            age_seconds(size.oldest_at),
        )
        found.append(age)
    return found
