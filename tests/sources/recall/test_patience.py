"""An upstream is waited for as it asks, within reason, and asked again only where it may help."""

import time
from email.utils import formatdate
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.errors import UpstreamError
from session_lattice.sources.recall.circuit import FAILURES_TO_OPEN, Circuit, Verdict
from session_lattice.sources.recall.patience import (
    ATTEMPTS,
    LONGEST_RETRY_AFTER_SECONDS,
    LONGEST_WAIT_SECONDS,
    retry_after,
    retrying,
)


@given(st.text())
def test_whatever_the_header_says_the_wait_is_bounded(text: str) -> None:
    wait = retry_after(text)
    assert wait is None or 0 <= wait <= LONGEST_RETRY_AFTER_SECONDS


@pytest.mark.parametrize("text", ["", "soon", "nan", "-5", "1.5", "Fri, 99 Foo 2026"])
def test_a_header_that_cannot_be_read_asks_for_nothing(text: str) -> None:
    assert retry_after(text) is None


@given(st.integers(0, 10**9))
def test_seconds_are_taken_as_they_are_up_to_the_limit(seconds: int) -> None:
    assert retry_after(f" {seconds} ") == min(seconds, LONGEST_RETRY_AFTER_SECONDS)


def test_a_date_is_waited_for_and_one_that_is_past_is_not() -> None:
    soon = retry_after(formatdate(time.time() + 100, usegmt=True))
    assert soon is not None
    assert 90 < soon <= 100
    assert retry_after("Thu, 01 Jan 1970 00:00:00 GMT") == 0


class Asked:
    """Fails as told, and counts how often it was asked."""

    def __init__(self, error: UpstreamError) -> None:
        self.error = error
        self.times = 0

    def __call__(self) -> None:
        self.times += 1
        raise self.error


def asked(error: UpstreamError, given_up: Event | None = None) -> int:
    question = Asked(error)
    with pytest.raises(UpstreamError):
        retrying(ATTEMPTS, given_up or Event())(question)
    return question.times


def test_what_may_pass_is_asked_again_a_few_times() -> None:
    assert asked(UpstreamError("reset", transient=True)) == ATTEMPTS


def test_what_will_not_pass_or_asks_for_much_patience_is_asked_once() -> None:
    much = LONGEST_WAIT_SECONDS + 1
    assert asked(UpstreamError("not found")) == 1
    assert asked(UpstreamError("busy", transient=True, retry_after_seconds=much)) == 1


def test_nothing_is_asked_again_once_it_is_given_up() -> None:
    given_up = Event()
    given_up.set()
    assert asked(UpstreamError("reset", transient=True), given_up) == 1


def test_a_circuit_opens_after_some_failures_in_a_row_and_closes_with_the_first_success() -> None:
    circuit = Circuit()
    for _ in range(FAILURES_TO_OPEN):
        assert circuit.verdict() is Verdict.ASK
        circuit.failed(UpstreamError("it is away", hint="start it"))
    assert circuit.open
    assert circuit.verdict() is Verdict.PROBE
    assert circuit.trouble is not None
    since = circuit.trouble.since
    circuit.failed(UpstreamError("it is away, and cold"))
    assert circuit.trouble.since == since
    assert circuit.trouble.what == "it is away, and cold"
    circuit.succeeded()
    assert circuit.trouble is None
    assert circuit.verdict() is Verdict.ASK


def test_a_circuit_lets_nothing_through_while_the_upstream_asks_to_be_left_alone() -> None:
    circuit = Circuit()
    circuit.failed(UpstreamError("busy", retry_after_seconds=60.0))
    assert circuit.verdict() is Verdict.WAIT
