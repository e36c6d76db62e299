"""An upstream that misbehaves, beside reads that must not notice: one way of each kind.

All of them, on every path, are tried on the source itself, in tests/sources/recall.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.pair import until
from tests.acceptance.recall_pair import RecallPair, pass_ticks, pull, understandable
from tests.acceptance.test_recall import undisturbed, until_has
from tests.upstream import truth
from tests.upstream.lies import EVERY
from tests.upstream.server import DASHBOARD, EVERY_PATH, SCAN_VERSION, SESSIONS, Upstream
from tests.upstream.world import World

NUMBER = 30
CHANGED = 9
REFUSED = "refused"
WAYS_TO_FAIL = (
    *(REFUSED, "silence", "reset_in_mid_body", "truncated_with_right_length", "status_503"),
    *("html_page", "redirect_elsewhere", "gzip_bomb"),
)
ON_OTHER_PATHS = (("silence", SCAN_VERSION), ("status_503", DASHBOARD))
LIES = ("no_uuid", "json_malformed")
ODDITIES = ("nothing_listed", "two_bodies")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The tables after all that these tests let happen, of a run that was never disturbed."""
    world = World(NUMBER)
    happen(world)
    happen(world)
    return undisturbed(tmp_path_factory.mktemp("undisturbed"), world)


def happen(world: World) -> None:
    world.change(CHANGED)
    world.change_repos(1)


class Trial:
    """A pair that has pulled a sound upstream once, and what its reads answered then."""

    def __init__(self, root: Path, server: Upstream) -> None:
        self.server = server
        self.pair = RecallPair(root, server.url)

    def settle(self) -> None:
        until("serving", self.pair.serving)
        until_has(self.pair, self.server.world)
        until(
            "reads have the newest generation", lambda: len(self.read()) == len(self.server.world)
        )

    def read(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.pair.get("/sessions?limit=1000").get("rows", [])
        return rows

    def go_wrong(self, name: str, path: str = EVERY_PATH) -> None:
        """Something changes, and the upstream misbehaves from now on."""
        if name == REFUSED:
            self.server.refuse()
        else:
            self.server.misbehave(name, path)
        happen(self.server.world)
        self.server.scan()

    def come_right(self, expected: dict[str, list[str]]) -> None:
        """The upstream is sound, scans once more, and all is as if nothing had been."""
        self.server.behave()
        happen(self.server.world)
        self.server.scan()
        until_has(self.pair, self.server.world)
        assert self.pair.told() == expected
        until("the status is well again", lambda: self.pair.problem() is None)

    def until_met(self, name: str) -> None:
        until(f"{name} was met", lambda: self.server.misbehaved[name])


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with Upstream(World(NUMBER)) as server:
        made = Trial(tmp_path, server)
        with made.pair.running("serve-puller") as puller, made.pair.running("serve-reads"):
            made.settle()
            yield made
            assert puller.poll() is None, "the puller has ended"
        port = server.port
        assert {request.headers["host"] for request in server.requests} == {f"127.0.0.1:{port}"}


def test_two_of_three_sessions_stay_honest_beside_those_that_lie() -> None:
    """What the tests below take for true."""
    assert len(honest(World(NUMBER))) == NUMBER - NUMBER // EVERY


@pytest.mark.parametrize("name", WAYS_TO_FAIL)
def test_a_failure_costs_no_read_and_no_row_and_the_status_says_what_and_since_when(
    trial: Trial, name: str, expected: dict[str, list[str]]
) -> None:
    before, true = ids(trial.read()), truth.reports(trial.server.world)
    trial.go_wrong(name, SESSIONS)
    problem = until("the status tells", trial.pair.problem)
    assert understandable(problem), problem
    if name != REFUSED:
        trial.until_met(name)
    again = until("the status still tells", trial.pair.problem)
    assert again["since"] == problem["since"]
    assert ids(trial.read()) == before
    assert trial.pair.reports() <= true | truth.reports(trial.server.world)
    trial.come_right(expected)


@pytest.mark.parametrize("name", ["retry_after_century"])
def test_an_upstream_that_asks_for_hours_is_left_alone_by_every_pull_of_that_puller(
    tmp_path: Path, name: str, expected: dict[str, list[str]]
) -> None:
    with Upstream(World(NUMBER)) as server:
        trial = Trial(tmp_path, server)
        with trial.pair.running("serve-reads"):
            with trial.pair.running("serve-puller") as puller:
                trial.settle()
                trial.go_wrong(name, SESSIONS)
                trial.until_met(name)
                problem = until("the status tells", trial.pair.problem)
                assert understandable(problem), problem
                asked = server.count()
                for _ in range(3):
                    pull(trial.pair, puller)
                assert server.count() == asked
            with trial.pair.running("serve-puller"):
                trial.come_right(expected)


def ids(rows: list[dict[str, Any]]) -> set[str]:
    return {row["session"] for row in rows}


@pytest.mark.parametrize(("name", "path"), ON_OTHER_PATHS)
def test_a_failure_of_any_path_is_told_and_heals(
    trial: Trial, name: str, path: str, expected: dict[str, list[str]]
) -> None:
    before = trial.read()
    trial.go_wrong(name, path)
    trial.until_met(name)
    problem = until("the status tells", trial.pair.problem)
    assert understandable(problem), problem
    assert len(trial.read()) == len(before)
    trial.come_right(expected)


@pytest.mark.parametrize("name", LIES)
def test_a_lie_costs_its_own_record_and_the_others_land(
    trial: Trial, name: str, expected: dict[str, list[str]]
) -> None:
    trial.go_wrong(name)
    true = honest(trial.server.world)
    until("the honest sessions have landed", lambda: true <= trial.pair.reports())
    assert len(trial.read()) >= NUMBER
    until("a warning is counted", trial.pair.warnings)
    trial.come_right(expected)


def honest(world: World) -> set[tuple[object, ...]]:
    """Reports of the sessions that no lie touches; the newest is listed first."""
    lying = {truth.key(world.uuid(number)) for number in range(len(world) - 1, -1, -EVERY)}
    return {row for row in truth.reports(world) if row[0] not in lying}


@pytest.mark.parametrize("name", ODDITIES)
def test_what_is_odd_does_no_harm(trial: Trial, name: str, expected: dict[str, list[str]]) -> None:
    trial.go_wrong(name)
    trial.until_met(name)
    pass_ticks(trial.server)
    assert len(trial.read()) == NUMBER
    trial.come_right(expected)


@pytest.mark.parametrize("name", ["from_the_future", "slowly"])
def test_what_is_odd_and_right_lands(trial: Trial, name: str) -> None:
    trial.go_wrong(name)
    until_has(trial.pair, trial.server.world)
    assert trial.pair.problem() is None


def test_an_upstream_that_is_not_there_at_first_is_waited_for(
    tmp_path: Path, expected: dict[str, list[str]]
) -> None:
    with Upstream(World(NUMBER)) as server:
        server.refuse()
        waiting = Trial(tmp_path, server)
        with waiting.pair.running("serve-puller") as puller, waiting.pair.running("serve-reads"):
            until("serving", waiting.pair.serving)
            problem = until("the status tells", waiting.pair.problem)
            assert understandable(problem), problem
            assert puller.poll() is None
            happen(server.world)
            waiting.come_right(expected)
