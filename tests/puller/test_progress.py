"""A person sees a bar, a log file sees lines, a heartbeat sees figures."""

import pytest

from session_lattice.puller.progress import LONG_PULL_BYTES, Progress


def test_a_terminal_shows_share_size_and_speed(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(lambda: None, terminal=True)
    progress.step(LONG_PULL_BYTES, 2 * LONG_PULL_BYTES)
    shown = capsys.readouterr().err
    assert "50%" in shown
    assert "8 of 17 MB" in shown


def test_a_short_pull_is_not_worth_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(lambda: None, terminal=True)
    progress.step(10, LONG_PULL_BYTES - 1)
    progress.clear()
    assert capsys.readouterr().err == ""


def test_the_figures_stay_at_hand_until_the_scan_is_over() -> None:
    told: list[int] = []
    progress = Progress(lambda: told.append(1), terminal=False)
    progress.step(3, 10)
    assert (progress.done_bytes, progress.total_bytes) == (3, 10)
    progress.clear()
    assert (progress.done_bytes, progress.total_bytes) == (0, 0)
    assert len(told) == 2
    progress.clear()
    assert len(told) == 2


def test_reading_more_than_was_expected_is_not_more_than_all() -> None:
    progress = Progress(lambda: None, terminal=False)
    progress.step(12, 10)
    assert progress.total_bytes == 12
