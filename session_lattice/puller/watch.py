"""Notices changes on disk without polling the transcripts."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import watchfiles

DEBOUNCE_MS = 200
"""Changes within this time of each other are one."""

STEP_MS = 100
"""How long the disk must be quiet for a change to be told."""

TIMEOUT_MS = 1_000
"""How often the watcher looks whether it is to end."""

SUFFIXES = (".jsonl", ".jsonl.zst")


class Watcher:
    """Calls `on_change` from a thread of its own whenever a transcript under `roots` changed.

    `watch` with other roots starts it anew; a root that is not there yet is left out.
    """

    def __init__(
        self, on_change: Callable[[], None], on_error: Callable[[Exception], None]
    ) -> None:
        self._on_change = on_change
        self._on_error = on_error
        self._roots: tuple[Path, ...] = ()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, roots: Sequence[Path]) -> None:
        """Watch the directories among `roots` that exist."""
        there = tuple(sorted({root for root in roots if root.is_dir()}))
        alive = self._thread is not None and self._thread.is_alive()
        if there == self._roots and (alive or not there):
            return
        self.close()
        self._roots = there
        if there:
            self._stop = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(there, self._stop), name="watch", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self, roots: tuple[Path, ...], stop: threading.Event) -> None:
        changes = watchfiles.watch(
            *roots,
            watch_filter=lambda _, path: path.endswith(SUFFIXES),
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            rust_timeout=TIMEOUT_MS,
            stop_event=stop,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        try:
            for _ in changes:
                self._on_change()
        except (OSError, RuntimeError) as error:
            # Out of inotify watches, say: the tick still finds everything, only later.
            self._on_error(error)
