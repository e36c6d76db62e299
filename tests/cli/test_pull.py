"""`pull` asks the puller that runs, or pulls itself; `pull --cancel` ends what is under way."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.acceptance.history import copy_sample
from tests.acceptance.pair import Pair, until
from tests.puller.held import caught, log_of, pulls, told, under_way

DEADLINE_SECONDS = 60.0


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    made = Pair(tmp_path)
    copy_sample(made.transcripts)
    return made


@contextmanager
def command(pair: Pair, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A command in the background, both its outputs at hand."""
    process = subprocess.Popen(
        [sys.executable, "-m", "session_lattice", *words],
        env=pair.environment,
        cwd=pair.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: "subprocess.Popen[str]") -> str:
    stream: IO[str] | None = process.stdout
    assert stream is not None
    return stream.readline()


def published_and_idle(pair: Pair) -> bool:
    return pair.newest() is not None and not under_way(pair)


def test_without_a_puller_nothing_can_be_cancelled_and_the_hint_says_what_to_start(
    pair: Pair,
) -> None:
    ended = pair.run("pull", "--cancel")
    assert ended.returncode == 1
    assert "no puller runs" in ended.stderr
    assert "Try: start one: session-lattice serve-puller" in ended.stderr


def test_beside_a_puller_of_the_sample_alone_a_pull_is_of_the_sample(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    sample = Pair(tmp_path, home=pair.home.root.with_name("home-sample"))
    with pair.running("serve-puller", "--sample"):
        until("the sample is published", lambda: published_and_idle(sample))
        ended = pair.run("pull")
        none_under_way = pair.run("pull", "--cancel")
    assert (ended.returncode, none_under_way.returncode) == (0, 0), ended.stderr
    assert "finished" in ended.stdout
    assert "SAMPLE" in ended.stderr
    assert pair.newest() is None
    assert "SAMPLE" in pair.run("status").stdout


def test_with_transcripts_of_its_own_a_pull_is_not_of_an_older_sample(pair: Pair) -> None:
    sample = Pair(pair.root, home=pair.home.root.with_name("home-sample"))
    assert pair.run("serve-puller", "--sample", "--once").returncode == 0
    assert sample.newest() is not None
    assert pair.run("pull").returncode == 0
    assert pair.newest() is not None


def test_a_pull_that_fails_here_ends_with_1_and_says_why(pair: Pair) -> None:
    assert pair.run("pull").returncode == 0
    newest = pair.newest()
    assert newest is not None
    pair.environment["SESSION_LATTICE_PULL_SECONDS"] = "0.1"
    pair.home.views.joinpath("endless.sql").write_text(
        "-- How long?\n-- axis: time\n-- grain: n\n-- column n: count | never told\n"
        "SELECT count(*) AS n FROM range(1000000000000) AS a, range(1000000000000) AS b\n"
    )
    ended = pair.run("pull", "--json")
    assert ended.returncode == 1
    told_of = json.loads(ended.stdout)
    assert (told_of["type"], told_of["reason"]) == ("pull.failed", "timeout")
    assert "pull_failed" in ended.stderr


def test_a_puller_that_dies_does_not_keep_the_command_waiting(pair: Pair) -> None:
    with pair.running("serve-puller") as puller:
        until("published", pair.newest)
        holding = caught(pair, puller, ask=True)
        next(holding)
        with command(pair, "pull") as waiting:
            assert "started: asked" in first_line(waiting)
            puller.kill()
            puller.wait()
            _, errors = waiting.communicate(timeout=DEADLINE_SECONDS)
            assert waiting.returncode == 1
            assert f"process {puller.pid}, ended before the pull did" in errors


def test_without_a_puller_it_pulls_itself_and_says_what_came_of_it(pair: Pair) -> None:
    first = pair.run("pull")
    assert first.returncode == 0, first.stderr
    assert first.stderr == ""
    assert re.search(r"^pull \S+ started: once$", first.stdout, re.MULTILINE)
    assert re.search(r"^  progress +100 % of", first.stdout, re.MULTILINE)
    assert re.search(r"^  views +\d+ refreshed$", first.stdout, re.MULTILINE)
    assert re.search(r"^pull \S+ finished: generation 1, \d+ events", first.stdout, re.MULTILINE)
    second = pair.run("pull", "--json")
    assert json.loads(second.stdout)["type"] == "pull.finished"
    assert len(pulls(pair, "once")) == 2


def test_two_at_once_without_a_puller_both_succeed_on_a_new_home(pair: Pair) -> None:
    with command(pair, "pull", "--json") as one, command(pair, "pull", "--json") as other:
        outputs = [each.communicate(timeout=DEADLINE_SECONDS) for each in (one, other)]
    assert [one.returncode, other.returncode] == [0, 0], outputs
    assert {json.loads(out)["type"] for out, _ in outputs} == {"pull.finished"}


def test_a_running_puller_is_asked_and_answers_even_when_nothing_is_new(pair: Pair) -> None:
    pair.environment["SESSION_LATTICE_REFRESH_INTERVAL_SECONDS"] = "86400"
    with pair.running("serve-puller") as puller:
        until("published", lambda: published_and_idle(pair))
        ended = pair.run("pull")
        assert ended.returncode == 0, ended.stderr
        assert "finished: nothing new" in ended.stdout
        assert len(pulls(pair, "asked")) == 1
        assert puller.poll() is None


def test_two_who_ask_at_once_get_the_same_pull(pair: Pair) -> None:
    with pair.running("serve-puller") as puller:
        until("published", pair.newest)
        for pull in caught(pair, puller, ask=True):
            with command(pair, "pull", "--json") as one, command(pair, "pull") as other:
                assert pull in first_line(other)
                puller.send_signal(signal.SIGCONT)
                told_one = json.loads(one.communicate(timeout=DEADLINE_SECONDS)[0])
                told_other, _ = other.communicate(timeout=DEADLINE_SECONDS)
            if told_one["pull"] == pull:  # else it began only when that was over
                break
        assert f"pull {pull} finished" in told_other
        assert (one.returncode, other.returncode) == (0, 0)


def test_who_asks_while_a_tick_pulls_gets_a_pull_of_its_own(pair: Pair) -> None:
    with pair.running("serve-puller") as puller:
        until("published", pair.newest)
        holding = caught(pair, puller)
        ticking = next(holding)
        with command(pair, "pull", "--json") as asking:
            holding.close()
            answer = json.loads(asking.communicate(timeout=DEADLINE_SECONDS)[0])
        assert answer["pull"] != ticking
        assert f"pull/{answer['pull']}" in pulls(pair, "asked")


def test_a_pull_is_cancelled_and_whoever_watches_it_is_told(pair: Pair) -> None:
    with pair.running("serve-puller") as puller:
        until("published", pair.newest)
        for pull in caught(pair, puller, ask=True):
            with command(pair, "pull") as watching, command(pair, "pull", "--cancel") as cancelling:
                first_line(watching), first_line(cancelling)
                puller.send_signal(signal.SIGCONT)
                shown, _ = watching.communicate(timeout=DEADLINE_SECONDS)
                said, _ = cancelling.communicate(timeout=DEADLINE_SECONDS)
            if told(pair, pull)[-1].type == "pull.cancelled":  # else it was past its last batch
                break
        assert (watching.returncode, cancelling.returncode) == (1, 0)
        assert f"pull {pull} cancelled" in shown
        assert f"pull {pull} cancelled" in said
        assert puller.poll() is None
        until("the next pull goes on", lambda: pull_after(pair, pull))
        assert pair.run("pull", "--cancel").returncode == 0


def pull_after(pair: Pair, pull: str) -> bool:
    """A pull that began after this one has finished."""
    later = pulls(pair)[pulls(pair).index(f"pull/{pull}") + 1 :]
    with log_of(pair) as log:
        ends = [log.read(0, stream=stream)[-1].type for stream in later]
    return "pull.finished" in ends


def test_nothing_under_way_is_nothing_to_cancel(pair: Pair) -> None:
    pair.environment["SESSION_LATTICE_REFRESH_INTERVAL_SECONDS"] = "86400"
    with pair.running("serve-puller"):
        until("published", lambda: published_and_idle(pair))
        ended = pair.run("pull", "--cancel")
        assert (ended.returncode, ended.stdout) == (0, "no pull is under way\n")
        assert pair.run("pull", "--cancel", "--json").stdout == "null\n"


def test_an_interrupt_stops_watching_and_not_the_pull(pair: Pair) -> None:
    with pair.running("serve-puller") as puller:
        until("published", pair.newest)
        holding = caught(pair, puller, ask=True)
        pull = next(holding)
        with command(pair, "pull") as watching:
            first_line(watching)
            watching.send_signal(signal.SIGINT)
            _, said = watching.communicate(timeout=DEADLINE_SECONDS)
        assert watching.returncode == 130
        assert "the pull goes on" in said
        holding.close()
        until("it has ended", lambda: told(pair, pull)[-1].terminal)
        assert told(pair, pull)[-1].type == "pull.finished"
