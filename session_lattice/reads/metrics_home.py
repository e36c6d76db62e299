"""What the home's own files tell at the time of a scrape: generation, freshness, pulls."""

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)

from session_lattice import __version__
from session_lattice.config import Settings
from session_lattice.errors import NoGenerationError
from session_lattice.heartbeat import Heartbeat
from session_lattice.reads.freshness import age_seconds, source_at
from session_lattice.reads.snapshot import Snapshots
from session_lattice.reads.times import micros

OUTCOMES = ("finished", "failed", "cancelled")
"""Of pulls; those that did not occur are told as 0."""


def families(settings: Settings, snapshots: Snapshots, beat: Heartbeat | None) -> list[Metric]:
    """All of them; what has nothing to say yet is left out."""
    return [
        InfoMetricFamily(
            "session_lattice_build",
            "The program that answers.",
            {"version": __version__, "profile": settings.profile},
        ),
        GaugeMetricFamily(
            "session_lattice_puller_up",
            "Whether a puller holds the home.",
            bool(snapshots.home.puller_pid()),
        ),
        *_of_generation(snapshots, beat),
        *(_of_pulls(beat) if beat else ()),
    ]


def _of_generation(snapshots: Snapshots, beat: Heartbeat | None) -> list[Metric]:
    try:
        served = snapshots.served()
    except NoGenerationError:
        return []
    stamp = served.stamp
    return [
        GaugeMetricFamily(
            "session_lattice_generation",
            "Number of the generation that is served.",
            served.generation.number,
        ),
        GaugeMetricFamily(
            "session_lattice_generation_age_seconds",
            "Since the generation that is served was published.",
            age_seconds(micros(stamp.published_at)),
        ),
        GaugeMetricFamily(
            "session_lattice_freshness_age_seconds",
            "Since the generation that is served was known to hold all that the sources had.",
            age_seconds(source_at(served, beat)),
        ),
        GaugeMetricFamily(
            "session_lattice_log_applied_position",
            "Newest position of the event log that the generation holds.",
            stamp.log_position,
        ),
    ]


def _of_pulls(beat: Heartbeat) -> list[Metric]:
    """Counters that begin anew with the puller."""
    created = beat.started_at / 1_000_000
    ended = CounterMetricFamily(
        "session_lattice_pulls", "Pulls that ended, by outcome.", labels=["outcome"]
    )
    took = CounterMetricFamily(
        "session_lattice_pull_seconds",
        "What pulls that ended took, by outcome.",
        labels=["outcome"],
    )
    for outcome in OUTCOMES:
        ended.add_metric([outcome], beat.pulls.get(outcome, 0), created)
        took.add_metric([outcome], beat.pull_seconds.get(outcome, 0.0), created)
    return [ended, took]
