"""Lets reads run side by side, and one that needs all the memory run by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Lanes:
    """A lock with two ways in: many at once, or one alone."""

    def __init__(self) -> None:
        self._change = Condition()
        self._side_by_side = 0
        self._alone = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        with self._change:
            self._change.wait_for(lambda: not self._alone)
            self._side_by_side += 1
        try:
            yield
        finally:
            with self._change:
                self._side_by_side -= 1
                self._change.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait for the others to end, and hold further ones up until the block has ended."""
        with self._change:
            self._change.wait_for(lambda: not self._alone)
            self._alone = True
            self._change.wait_for(lambda: not self._side_by_side)
        try:
            yield
        finally:
            with self._change:
                self._alone = False
                self._change.notify_all()
