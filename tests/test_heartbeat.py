"""The heartbeat file: whole or not there."""

import threading
from pathlib import Path

import msgspec
import pytest

from session_lattice import heartbeat
from session_lattice.heartbeat import Heartbeat, LastPull, Problem, SourceState

BEAT = Heartbeat(
    pid=12,
    version="1.2.3",
    profile="dev",
    started_at=1,
    beat_at=2,
    refresh_interval_seconds=60.0,
)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"pid": "twelve"}', b'{"pid": 12}', b"null"]
)
def test_what_is_not_a_heartbeat_reads_as_none(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "puller.json"
    path.write_bytes(content)
    assert heartbeat.read(path) is None


def test_a_home_without_a_puller_has_no_heartbeat(tmp_path: Path) -> None:
    assert heartbeat.read(tmp_path / "puller.json") is None


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    beat = Heartbeat(
        pid=12,
        version="1.2.3",
        profile="dev",
        started_at=1,
        beat_at=2,
        refresh_interval_seconds=0.5,
        sample=True,
        last_pull=LastPull(id="7", outcome="failed", started_at=3, finished_at=4, error="full"),
        sources=[SourceState(name="codex", state="ok", root="/c", files=3, warnings={"glued": 1})],
        problems=[Problem(what="the disk is full", since=5, advice="make room")],
    )
    heartbeat.write(tmp_path / "puller.json", beat)
    assert heartbeat.read(tmp_path / "puller.json") == beat


def test_fields_of_a_newer_version_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "puller.json"
    heartbeat.write(path, BEAT)
    path.write_bytes(path.read_bytes().replace(b"{", b'{"mood":"good",', 1))
    assert heartbeat.read(path) == BEAT


def test_a_reader_never_sees_half_a_heartbeat(tmp_path: Path) -> None:
    path = tmp_path / "puller.json"
    heartbeat.write(path, BEAT)
    enough = threading.Event()

    def write() -> None:
        problems = [Problem(what="x" * 1000, since=n) for n in range(100)]
        full = msgspec.structs.replace(BEAT, problems=problems)
        while not enough.is_set():
            heartbeat.write(path, full)
            heartbeat.write(path, BEAT)

    writer = threading.Thread(target=write)
    writer.start()
    seen = [heartbeat.read(path) for _ in range(500)]
    enough.set()
    writer.join()
    assert None not in seen
