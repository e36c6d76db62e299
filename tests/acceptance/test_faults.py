"""What goes wrong in the field, with the real pair."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from session_lattice import heartbeat
from session_lattice.heartbeat import Heartbeat
from session_lattice.store import generations
from tests.acceptance.history import copy_sample
from tests.acceptance.pair import POLL_SECONDS, Pair, until

DAY_US = 86_400_000_000
TMPFS_BYTES = 64 * 1024 * 1024


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    made = Pair(tmp_path)
    copy_sample(made.transcripts)
    return made


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that is full soon."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def beat(pair: Pair) -> Heartbeat | None:
    return heartbeat.read(pair.home.heartbeat)


def outcome(pair: Pair) -> str:
    last = beat(pair)
    return last.last_pull.outcome if last and last.last_pull else ""


def sessions(pair: Pair) -> list[tuple[Any, ...]]:
    return pair.tables()["sessions"]


def append_prompt(path: Path, text: str) -> None:
    """A person says one more thing in a Claude Code session."""
    lines = path.read_text("utf-8").splitlines()
    last = next(json.loads(line) for line in reversed(lines) if '"type":"user"' in line)
    last |= {"uuid": f"{abs(hash(text)):032x}", "message": {"role": "user", "content": text}}
    last.pop("toolUseResult", None)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(last, separators=(",", ":")) + "\n")


def claude_file(pair: Pair) -> Path:
    return min(path for path in pair.transcripts.rglob("projects/*/*.jsonl"))


def prompts(pair: Pair) -> set[str]:
    return {row[6] for row in pair.tables()["messages"] if row[5] == "prompt"}


def until_shown(pair: Pair, prompt: str) -> None:
    until(f"{prompt!r} is published", lambda: prompt in prompts(pair))


def test_a_second_puller_on_the_home_ends_and_names_the_first(pair: Pair) -> None:
    with pair.running("serve-puller") as first:
        until("published", pair.newest)
        second = pair.run("serve-puller")
        assert second.returncode == 1
        assert str(first.pid) in second.stderr
        assert "Try:" in second.stderr
        assert first.poll() is None


def test_a_home_that_cannot_be_written_is_a_clear_error(pair: Pair) -> None:
    blocked = pair.root / "blocked"
    blocked.write_text("a file where a directory should be")
    pair.environment["SESSION_LATTICE_HOME"] = str(blocked / "home")
    ended = pair.run("serve-puller", "--once")
    assert ended.returncode == 1
    assert str(blocked) in ended.stderr
    assert "Try:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_full_disk_fails_the_pull_keeps_the_generation_and_heals(
    tmp_path: Path, small_disk: Path
) -> None:
    pair = Pair(tmp_path, home=small_disk / "home")
    copy_sample(pair.transcripts)
    with pair.running("serve-puller") as puller, pair.running("serve-reads"):
        until("published", pair.newest)
        until("serving", pair.serving)
        before = len(sessions(pair))
        ballast = small_disk / "ballast"
        with ballast.open("wb") as file:
            fill(file.fileno())
        for number in range(1, 10):
            copy_sample(pair.transcripts, number)
        until("pull.failed", lambda: outcome(pair) == "failed")
        assert puller.poll() is None
        status = pair.get("/status")
        assert status["state"] == "degraded"
        assert status["puller"]["last_pull"]["outcome"] == "failed"
        assert "session_overview" in str(pair.get("/views"))
        assert len(pair.get("/sessions?limit=1000")["rows"]) == before
        ballast.unlink()
        until("healed", lambda: outcome(pair) == "finished" and len(sessions(pair)) == 10 * before)
        # The search index follows between pulls.
        until("no problem is left", lambda: pair.get("/status")["problems"] == [])


def fill(handle: int) -> None:
    """Write until the disk is full."""
    block = b"\0" * 65536
    while block:
        try:
            os.write(handle, block)
        except OSError:
            block = block[: len(block) // 2]


def test_a_transcript_deleted_after_ingest_keeps_its_rows_and_its_session_says_so(
    pair: Pair,
) -> None:
    with pair.running("serve-puller"):
        until("published", pair.newest)
        before = pair.tables()
        gone = claude_file(pair)
        gone.unlink()
        until("told", lambda: "deleted" in {row[6] for row in sessions(pair)})
        after = pair.tables()
        assert after["messages"] == before["messages"]
        assert [row[0] for row in sessions(pair) if row[6] == "deleted"] == [
            f"claude_code/{gone.stem}"
        ]


def test_missing_unreadable_and_garbled_transcripts_stop_only_themselves(pair: Pair) -> None:
    good = claude_file(pair)
    folder = good.parent
    (folder / "00000000-0000-4000-8000-000000000001.jsonl").symlink_to(pair.root / "nowhere")
    (folder / "00000000-0000-4000-8000-000000000002.jsonl").mkdir()
    garbled = folder / "00000000-0000-4000-8000-000000000003.jsonl"
    garbled.write_bytes(b"\xff\xfe\x00" * 1000 + b"\n{not json}\n\n" + good.read_bytes())
    ended = pair.run("serve-puller", "--once")
    assert ended.returncode == 0, ended.stderr
    last = beat(pair)
    assert last is not None
    warnings = {kind for source in last.sources for kind in source.warnings}
    assert {"invalid_utf8", "malformed_line"} & warnings
    assert len(sessions(pair)) >= 4


def test_a_running_pair_shows_a_new_line_and_a_signal_pulls_now(pair: Pair) -> None:
    pair.environment["SESSION_LATTICE_REFRESH_INTERVAL_SECONDS"] = "3600"
    with pair.running("serve-puller") as puller:
        until("published", pair.newest)
        append_prompt(claude_file(pair), "and now the moon")
        puller.send_signal(signal.SIGHUP)
        until_shown(pair, "and now the moon")


def test_a_clock_that_jumps_back_stops_nothing(pair: Pair) -> None:
    """What a process wrote yesterday, by the clock, may be from tomorrow."""
    assert pair.run("serve-puller", "--once").returncode == 0
    last = beat(pair)
    assert last is not None
    early = replace(last, beat_at=last.beat_at + DAY_US, checked_at=last.checked_at + DAY_US)
    heartbeat.write(pair.home.heartbeat, early)
    append_prompt(claude_file(pair), "after the clock went back")
    os.utime(claude_file(pair), (1, 1))
    with pair.running("serve-puller"), pair.running("serve-reads"):
        until("serving", pair.serving)
        until_shown(pair, "after the clock went back")
        answer = pair.get("/views/model_usage")
        assert 0 <= answer["freshness"]["age_seconds"] < 60


def until_many(answered: list[int]) -> None:
    until("many requests are answered", lambda: len(answered) >= 50)


@contextmanager
def under_load(pair: Pair) -> Iterator[list[int]]:
    """Clients that ask without a pause until the block ends; one item for each answer."""
    answered: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                answered.append(len(pair.get("/views/model_usage")["rows"]))
            except (OSError, HTTPException):
                done.wait(POLL_SECONDS)  # the server was killed

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        yield answered
    finally:
        done.set()
        for client in clients:
            client.join()


def test_killing_reads_under_load_is_nothing_to_the_puller(pair: Pair) -> None:
    with pair.running("serve-puller") as puller:
        until("published", pair.newest)
        for number in range(3):
            with pair.running("serve-reads") as reads:
                until("serving", pair.serving)
                with under_load(pair) as answered:
                    until_many(answered)
                    reads.kill()
                    reads.wait()
            append_prompt(claude_file(pair), f"word {number}")
            until_shown(pair, f"word {number}")
        assert outcome(pair) == "finished"
        assert puller.poll() is None
        log = (pair.root / "serve-puller.log").read_text()
        assert "pull_failed" not in log


@pytest.mark.parametrize("harm", ["truncate", "delete"])
def test_reads_fall_back_to_the_newest_good_generation_and_status_says_so(
    pair: Pair, harm: str
) -> None:
    assert pair.run("serve-puller", "--once").returncode == 0
    append_prompt(claude_file(pair), "a second generation")
    assert pair.run("serve-puller", "--once").returncode == 0
    newest = generations.all_published(pair.home)[0]
    if harm == "truncate":
        newest.path.chmod(0o600)
        os.truncate(newest.path, newest.path.stat().st_size // 2)
    else:
        newest.path.unlink()
    with pair.running("serve-reads"):
        until("serving", pair.serving)
        assert pair.get("/views/model_usage")["generation"] == newest.number - 1
        status = pair.get("/status")
        assert any(str(newest.number) in problem["what"] for problem in status["problems"])
    shown = pair.run("status", "--json")
    assert shown.returncode != 0
    assert json.loads(shown.stdout)["generation"] == newest.number - 1


def test_the_puller_replaces_a_generation_that_was_harmed(pair: Pair) -> None:
    assert pair.run("serve-puller", "--once").returncode == 0
    harmed = pair.newest()
    assert harmed is not None
    harmed.path.chmod(0o600)
    os.truncate(harmed.path, 5000)
    assert pair.run("serve-puller", "--once").returncode == 0
    newest = pair.newest()
    assert newest is not None
    assert newest.number > harmed.number
    assert sessions(pair)
