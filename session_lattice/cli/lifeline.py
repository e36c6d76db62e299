"""A child's side of `up`: standard input is a pipe that closes when the parent is gone."""

import os
import signal
import sys
import threading

GRACE_SECONDS = 10.0
"""How long an orphan may take to end by itself."""


def end_with_parent() -> None:
    """From now on end this process, as SIGTERM would, once standard input closes.

    It works wherever pipes do, and for every way in which a parent can go, SIGKILL included.
    """
    threading.Thread(target=_watch, name="lifeline", daemon=True).start()


def _watch() -> None:
    handle = sys.__stdin__.fileno() if sys.__stdin__ else 0
    while os.read(handle, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE_SECONDS)
    os._exit(1)
