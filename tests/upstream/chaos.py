"""Seeded bad luck: between two pulls something changes, and something is made to go wrong."""

import random
from typing import Protocol

from tests.upstream.misbehaviours import MISBEHAVIOURS
from tests.upstream.server import DASHBOARD, EVERY_PATH, SCAN_VERSION, SESSIONS

FAULT_SHARE = 0.75
"""Of turns, after how many something goes wrong."""

TIMES_AT_MOST = 4
CHANGED_AT_MOST = 12
REFUSED = "refused"
FOR_LONG = {"retry_after_century", "retry_after_far_date", "retry_after_digits"}
"""Whoever honours these does not ask again as long as a test lives."""

WAYS = (REFUSED, *sorted(MISBEHAVIOURS.keys() - FOR_LONG))
PLACES = (EVERY_PATH, SCAN_VERSION, SESSIONS, SESSIONS, DASHBOARD)


class Server(Protocol):
    """What is needed of an upstream: here, or in a process of its own."""

    def change(self, count: int) -> list[str]: ...
    def change_repos(self, count: int) -> list[str]: ...
    def add(self, count: int) -> list[str]: ...
    def renumber(self) -> None: ...
    def scan(self, times: int = 1) -> None: ...
    def restart(self, *, scans: int = 0) -> None: ...
    def refuse(self) -> None: ...
    def misbehave(self, name: str, path: str = EVERY_PATH, times: int | None = None) -> None: ...
    def behave(self) -> None: ...


class Chaos:
    """The same seed gives the same turns."""

    def __init__(self, server: Server, seed: int) -> None:
        self._server = server
        self._dice = random.Random(seed)

    def turn(self) -> str:
        """What happens between two pulls; the name of what goes wrong next, or ""."""
        self._server.behave()
        self._happen()
        if self._dice.random() > FAULT_SHARE:
            return ""
        way = self._dice.choice(WAYS)
        if way == REFUSED:
            self._server.refuse()
        else:
            times = self._dice.randint(1, TIMES_AT_MOST)
            self._server.misbehave(way, self._dice.choice(PLACES), times)
        return way

    def end(self) -> None:
        """Sound from now on, and a scan that nobody has seen, so that lies are found out."""
        self._server.behave()
        self._server.scan()

    def _happen(self) -> None:
        dice, server = self._dice, self._server
        event = dice.choices(
            ("change", "add", "repos", "renumber", "restart", "unscanned", "nothing"),
            (50, 8, 10, 5, 7, 2, 18),
        )[0]
        if event == "change":
            server.change(dice.randint(1, CHANGED_AT_MOST))
        elif event == "add":
            server.add(1)
        elif event == "repos":
            server.change_repos(1)
        elif event == "renumber":
            server.renumber()
        elif event == "restart":
            server.restart(scans=dice.randint(1, 5))
        elif event == "unscanned":
            server.restart()
