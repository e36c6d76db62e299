"""Signals become flags, and wake whoever waits."""

import os
import signal
import threading

import pytest

from session_lattice.puller.signals import Signals

LONG_SECONDS = 100.0


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_the_wait_and_the_pull(number: signal.Signals) -> None:
    with Signals() as signals:
        timer = threading.Timer(0.01, send, [number])
        timer.start()
        signals.wait(LONG_SECONDS)
        timer.join()
        assert signals.stopping
        assert signals.over()


def test_a_request_ends_the_wait_and_no_pull() -> None:
    with Signals() as signals:
        send(signal.SIGHUP)
        send(signal.SIGHUP)
        signals.wait(LONG_SECONDS)
        assert signals.asked
        assert not signals.over()


def test_a_cancel_is_for_the_pull_under_way_and_not_for_the_wait() -> None:
    with Signals() as signals:
        send(signal.SIGUSR1)
        assert signals.over()
        signals.wait(0.01)
        assert not signals.stopping
        assert not signals.asked


def test_afterwards_signals_do_what_they_did_before() -> None:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
    before = [signal.getsignal(number) for number in numbers]
    with Signals():
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before
