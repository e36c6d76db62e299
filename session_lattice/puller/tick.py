"""The work of one pull, from asking the sources to the stamp."""

import time
from collections.abc import Callable, Sequence

from session_lattice import __version__
from session_lattice.errors import PullTimeoutError, SourceError
from session_lattice.events import GenerationPublished, ViewMaterialized, is_bounded
from session_lattice.log.base import EventLog
from session_lattice.puller.backlog import Backlog
from session_lattice.puller.lanes import Lanes, Scans
from session_lattice.puller.progress import Progress
from session_lattice.puller.pull import Made, Pull
from session_lattice.sources.base import SourceStatus
from session_lattice.sources.git.source import GitSource
from session_lattice.store.store import Store

APPLY_WAIT_SECONDS = 0.02
"""While sources are read, how long to wait for more events to apply; it doubles while none come."""

LONGEST_APPLY_WAIT_SECONDS = 0.25
"""Beside a source that only waits, a look now and then is enough."""

FOLLOW_EVENTS = 10_000
"""While sources are read, as many events are applied at once: a batch has a fixed cost."""

EMBEDDED = "embedded"
"""What the stamp calls the transcripts on disk."""


class Tick:
    """Brings the store and its generation up to what the sources have, once.

    `trimmed` counts events that the log gave up before they were applied. `index` is called
    while there is nothing better to do, and does some of what the search index lacks: whether
    there is more.
    """

    def __init__(
        self,
        log: EventLog,
        lanes: Lanes,
        store: Store,
        progress: Progress,
        *,
        interval_seconds: float,
        sample: bool,
        repositories: GitSource | None = None,
        index: Callable[[], bool] = lambda: False,
    ) -> None:
        self._lanes = lanes
        self._repositories = repositories
        self._interval_seconds = interval_seconds
        self._store = store
        self._progress = progress
        self._sample = sample
        self._index = index
        self._backlog = Backlog(log, store)

    @property
    def trimmed(self) -> int:
        return self._backlog.trimmed

    def run(self, pull: Pull) -> Made:
        """Read, apply, refresh, publish; raises LatticeError, also when the pull's scope is over.

        What was appended and applied by then stays.
        """
        try:
            with pull.scope.interrupting(self._store.interrupt):
                return self._run(pull)
        except PullTimeoutError:
            self._lanes.abandon()
            raise

    def _run(self, pull: Pull) -> Made:
        """A source that fails costs the others nothing: what they told is published first."""
        self._store.reload_views()
        applied = self._apply(pull, at_least=1)
        scans = self._lanes.scan(pull.scope.over)
        applied += self._follow(pull, scans)
        pull.scope.check()
        read, failure = scans.result()
        applied += self._apply(pull, at_least=1)
        more, broken = self._follow_repositories(pull)
        applied, failure = applied + more, failure or broken
        pull.was_read(read)
        made = Made(self._publish(pull) if self._store.unpublished else None, applied)
        if failure:
            raise failure
        return made

    def _follow_repositories(self, pull: Pull) -> tuple[int, SourceError | None]:
        """Read those that are known by now; how many events were applied, and what failed."""
        if self._repositories is None:
            return 0, None
        self._repositories.look_at(self._store.repositories())
        scans = self._lanes.scan_last(pull.scope.over)
        applied = self._follow(pull, scans, others_done=True)
        pull.scope.check()
        _, failure = scans.result()
        applied += self._apply(pull, at_least=1)
        return applied, failure

    def _follow(self, pull: Pull, scans: Scans, *, others_done: bool = False) -> int:
        """Apply what arrives while the sources are still being read.

        While a slow one is awaited, what the others tell is published at the usual interval,
        and then indexed.
        """
        applied, due = 0, time.monotonic() + self._interval_seconds
        pause = APPLY_WAIT_SECONDS
        while not scans.done:
            pull.scope.doing = scans.doing
            pull.scope.check()
            pull.progress(self._progress.done_bytes, self._progress.total_bytes)
            some = self._apply(pull, at_least=FOLLOW_EVENTS)
            if (others_done or scans.some_done) and time.monotonic() >= due:
                some += self._apply(pull, at_least=1)
                if self._store.unpublished:
                    self._publish(pull)
                due = time.monotonic() + self._interval_seconds
            applied += some
            if some or (scans.some_done and not self._store.unpublished and self._index()):
                pause = APPLY_WAIT_SECONDS
            else:
                scans.wait(pause)
                pause = min(2 * pause, LONGEST_APPLY_WAIT_SECONDS)
        return applied

    def _apply(self, pull: Pull, at_least: int) -> int:
        """Apply batches while so many events wait; how many there were, not counting pulls' own."""
        applied = 0
        while events := self._backlog.take(at_least):
            pull.scope.doing = "applying events"
            pull.scope.check()
            self._store.apply(events)
            applied += sum(not is_bounded(event.stream) for event in events)
            if self._store.unpublished:
                pull.start()
        return applied

    def _publish(self, pull: Pull) -> int:
        pull.start()
        pull.scope.doing = "refreshing views"
        for done in self._store.refresh(pull.scope.check):
            if done.dirty != 0:
                pull.tell(
                    ViewMaterialized(
                        pull=pull.id,
                        view=done.view,
                        dirty=done.rows if done.dirty is None else done.dirty,
                        rows=done.rows,
                        duration_ms=done.duration_ms,
                    )
                )
        pull.scope.doing = "publishing"
        pull.scope.check()
        generation = self._store.publish(pull.id, *_upstream(self._lanes.statuses()), self._sample)
        size = generation.path.stat().st_size
        pull.tell(GenerationPublished(pull=pull.id, generation=generation.number, bytes=size))
        return generation.number


def _upstream(statuses: Sequence[SourceStatus]) -> tuple[str, str]:
    """What the stamp says of where the data comes from, and of which version that is."""
    services = [one for one in statuses if one.sessions is not None]
    if not services:
        return EMBEDDED, __version__
    embedded = [EMBEDDED] if any(one.files is not None for one in statuses) else []
    names = " and ".join([*embedded, *(one.root for one in services)])
    return names, ", ".join(one.version for one in services)
