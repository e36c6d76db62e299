"""What is wrong is told with the time since when, whatever else changes."""

from collections.abc import Callable

import pytest

from session_lattice import heartbeat
from session_lattice.config import Settings
from session_lattice.heartbeat import Problem
from session_lattice.home import Home
from session_lattice.puller.progress import Progress
from session_lattice.puller.pulse import Pulse


@pytest.fixture
def make(make_settings: Callable[..., Settings]) -> Callable[[], Pulse]:
    settings = make_settings()
    home = Home(settings.home)
    home.create()
    return lambda: Pulse(settings, home, sample=False)


def told(pulse: Pulse) -> dict[str, int]:
    return {problem.what: problem.since for problem in pulse.problems.values()}


def test_a_problem_that_lasts_keeps_its_earliest_time(make: Callable[[], Pulse]) -> None:
    pulse = make()
    pulse.report([Problem(what="a", since=100)])
    pulse.report([Problem(what="a", since=200), Problem(what="b", since=200)])
    assert told(pulse) == {"a": 100, "b": 200}
    pulse.report([Problem(what="a", since=300), Problem(what="a", since=50)])
    assert told(pulse) == {"a": 50}
    pulse.report([])
    pulse.report([Problem(what="a", since=400)])
    assert told(pulse) == {"a": 400}


def test_a_problem_outlasts_the_process_that_first_told_it(make: Callable[[], Pulse]) -> None:
    before = make()
    before.report([Problem(what="a", since=100)])
    before.beat(Progress(lambda: None, terminal=False))
    after = make()
    after.resume()
    after.report([Problem(what="a", since=900)])
    assert told(after) == {"a": 100}
    assert heartbeat.read(after.home.heartbeat) is not None
