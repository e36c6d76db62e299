"""The server's one handle on the event log, opened when somebody first asks."""

import threading
from collections.abc import Callable

from session_lattice.errors import LogError
from session_lattice.log.base import EventLog

OpenLog = Callable[[], EventLog]


class SharedLog:
    """Opens the log once for everybody; any thread may ask."""

    def __init__(self, open_log: OpenLog) -> None:
        self._open = open_log
        self._lock = threading.Lock()
        self._log: EventLog | None = None
        self._closed = False

    def get(self) -> EventLog:
        """Raises LogError, or ConfigError where the settings mean no log."""
        with self._lock:
            if self._log is None:
                self._refuse_if_closed()
                self._log = self._open()
            self._refuse_if_closed()
            return self._log

    def forget(self, log: EventLog) -> None:
        """`log` has failed: whoever asks next gets one that is opened anew."""
        with self._lock:
            if self._log is log:
                self._log = None
        log.close()

    def close(self) -> None:
        """Whoever waits in the log returns; one that is being opened is not waited for."""
        self._closed = True
        log = self._log
        if log is not None:
            log.close()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            if self._log is not None:
                self._log.close()
            raise LogError("the server is ending", hint="ask the one that comes after it")
