"""Several machines with one event log in Redis: each reads its own, all have the views of all."""

from pathlib import Path

import pytest

from tests.acceptance.history import copy_sample
from tests.acceptance.pair import Pair, until
from tests.redis_server import REDIS, shared

pytestmark = REDIS


@pytest.fixture
def pairs(tmp_path: Path) -> list[Pair]:
    """Two homes, each with sessions of its own, over one database."""
    url, made = shared().new_url(), []
    for number, name in enumerate(("one", "other")):
        pair = Pair(tmp_path / name)
        pair.home.create()
        pair.environment["SESSION_LATTICE_LOG_URL"] = url
        copy_sample(pair.transcripts, number)
        made.append(pair)
    return made


def test_machines_that_share_a_log_have_the_same_tables_and_what_each_of_them_read(
    pairs: list[Pair],
) -> None:
    for pair in (*pairs, pairs[0]):
        ended = pair.run("serve-puller", "--once")
        assert ended.returncode == 0, ended.stderr
    one, other = (pair.tables() for pair in pairs)
    assert one == other
    sessions = {row[0] for row in one["session_overview"]}
    alone = Pair(pairs[0].root / "alone")
    copy_sample(alone.transcripts, 0)
    alone.home.create()
    assert alone.run("serve-puller", "--once").returncode == 0
    assert len(sessions) == 2 * len({row[0] for row in alone.tables()["session_overview"]})


def test_what_one_machine_reads_reaches_the_views_of_the_other_by_itself(
    pairs: list[Pair],
) -> None:
    with pairs[0].running("serve-puller"), pairs[1].running("serve-puller"):

        def same() -> bool:
            if not all(pair.newest() for pair in pairs):
                return False
            one, other = (pair.tables() for pair in pairs)
            return bool(one["session_overview"]) and one == other

        until("both have the same", same)
        before = len(pairs[1].tables()["session_overview"])
        copy_sample(pairs[0].transcripts, 2)
        until("it has come", lambda: len(pairs[1].tables()["session_overview"]) > before)
