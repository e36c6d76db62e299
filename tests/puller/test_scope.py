"""A pull's scope ends by request or by the clock, and then interrupts what goes on."""

import threading

import pytest

from session_lattice.errors import PullCancelledError, PullTimeoutError
from session_lattice.puller import scope as scope_module
from session_lattice.puller.scope import CancelScope

WAIT_SECONDS = 10.0


def test_a_scope_past_its_deadline_says_what_was_going_on() -> None:
    scope = CancelScope(0.0, lambda: False)
    scope.doing = "reading transcripts"
    assert scope.over()
    with pytest.raises(PullTimeoutError, match="0 s the pull was still reading transcripts"):
        scope.check()


def test_a_cancelled_scope_is_cancelled_even_past_its_deadline() -> None:
    scope = CancelScope(0.0, lambda: True)
    with pytest.raises(PullCancelledError):
        scope.check()


def test_a_scope_within_its_deadline_lets_all_go_on() -> None:
    interrupts: list[int] = []
    scope = CancelScope(WAIT_SECONDS, lambda: False)
    with scope.interrupting(lambda: interrupts.append(1)):
        scope.check()
    assert not scope.over()
    assert interrupts == []


def test_what_goes_on_past_the_deadline_is_interrupted_until_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scope_module, "INTERRUPT_SECONDS", 0.001)
    twice = threading.Event()
    interrupts: list[int] = []

    def interrupt() -> None:
        interrupts.append(1)
        if len(interrupts) == 2:
            twice.set()

    with CancelScope(0.0, lambda: False).interrupting(interrupt):
        assert twice.wait(WAIT_SECONDS)
    told = len(interrupts)
    assert not [thread for thread in threading.enumerate() if thread.name == "deadline"]
    assert len(interrupts) == told
