"""The daemon keeps the search index, and an index that is in trouble keeps nothing else up."""

import json
import signal
from pathlib import Path
from typing import Any

from session_lattice import heartbeat
from session_lattice.search.index import Index
from tests.acceptance.history import copy_sample
from tests.acceptance.pair import Pair, until


def problems(pair: Pair) -> list[str]:
    beat = heartbeat.read(pair.home.heartbeat)
    return [problem.what for problem in beat.problems] if beat else []


def searched(pair: Pair, *words: str) -> dict[str, Any]:
    ended = pair.run("search", *words, "--json")
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_an_index_in_trouble_is_told_of_stops_no_pull_and_is_made_once_it_can_be(
    tmp_path: Path,
) -> None:
    pair = Pair(tmp_path)
    copy_sample(pair.transcripts)
    pair.home.create()
    pair.home.search.mkdir()
    with pair.running("serve-puller") as puller:
        until("it is told", lambda: any("search index" in what for what in problems(pair)))
        assert pair.newest()
        first = pair.newest()
        copy_sample(pair.transcripts, 1)
        until("pulls go on", lambda: pair.newest() != first)
        pair.home.search.rmdir()
        until("all is well", lambda: pair.home.search.is_file() and problems(pair) == [])
        until("it is whole", lambda: searched(pair, "the")["index"]["complete"])
        puller.send_signal(signal.SIGKILL)
    damaged = pair.home.search.read_bytes()[:10_000]
    pair.home.search.write_bytes(damaged)
    assert pair.run("serve-puller", "--once").returncode == 0
    assert problems(pair) == []
    told = searched(pair, "the")
    assert told["index"]["complete"]
    index = Index(pair.home.search)
    assert index.state().target is None
    index.close()
    assert told["index"]["documents"] > 0
