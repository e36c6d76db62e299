"""Five-hour billing blocks: as ccusage cuts them, and only those that changed made anew."""

from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_lattice.events import UsageReported
from tests.store.lab import Lab
from tests.store.views.timed import MONDAY, at, timed

HOURS = timedelta(hours=5)
QUERY = (resources.files("session_lattice") / "views/time/block_hours.sql").read_text("utf-8")


def blocks_of(times: list[datetime]) -> list[datetime]:
    """Beginnings, by ccusage's rule: after five hours of a block, or of silence, another begins."""
    begun: list[datetime] = []
    last = datetime.min
    for time in sorted(times):
        if not begun or time - begun[-1] > HOURS or time - last > HOURS:
            begun.append(time.replace(minute=0, second=0, microsecond=0))
        last = time
    return begun


@pytest.fixture(scope="module")
def bare() -> duckdb.DuckDBPyConnection:
    """A database in which the view's query finds all that it needs."""
    connection = duckdb.connect()
    connection.execute("CREATE TABLE session_usage (agent VARCHAR, hour TIMESTAMP)")
    connection.execute("CREATE MACRO dirty(k) AS k IS NOT NULL")
    return connection


TIMES = st.lists(
    st.builds(
        lambda hour, minute: MONDAY + timedelta(hours=hour, minutes=minute),
        st.one_of(st.integers(0, 30), st.integers(0, 3000)),
        st.integers(1, 59),
    ),
    min_size=1,
    max_size=60,
)


@given(one=TIMES, other=TIMES)
@settings(max_examples=40, deadline=None)
def test_blocks_begin_where_ccusage_begins_them(
    bare: duckdb.DuckDBPyConnection, one: list[datetime], other: list[datetime]
) -> None:
    bare.execute("DELETE FROM session_usage")
    rows = [("one", time) for time in one] + [("other", time) for time in other]
    bare.executemany("INSERT INTO session_usage VALUES ($1, date_trunc('hour', $2))", rows)
    begun = f"SELECT DISTINCT started_at FROM ({QUERY}) WHERE agent = ? ORDER BY 1"
    for agent, times in (("one", one), ("other", other)):
        assert [row[0] for row in bare.execute(begun, [agent]).fetchall()] == blocks_of(times)
    ages = f"SELECT min(hour - started_at), max(hour - started_at) FROM ({QUERY})"
    least, most = bare.execute(ages).fetchall()[0]
    assert timedelta(0) <= least <= most <= timedelta(hours=4)


def answered(response: str, session: str = "s1", output: int = 10) -> UsageReported:
    return UsageReported(
        agent="codex", session=session, response=response, model="m", output_tokens=output
    )


def bounds(lab: Lab) -> list[tuple[datetime, int, int]]:
    return lab.rows("SELECT started_at, responses, output_tokens FROM billing_blocks ORDER BY 1")


def test_a_block_tells_what_was_used_and_is_open_until_five_hours_are_over(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.now = at(1)
    lab.feed(
        timed(
            [
                (at(0, 20), answered("r1")),
                (at(0, 50), answered("r2", "s2", output=590)),
                # ccusage would count this very instant to the block before.
                (at(5), answered("r3")),
            ]
        )
    )
    lab.store.refresh()
    columns = (
        "started_at, ended_at, open_until, first_at, last_at, sessions, models, total_tokens,"
        " tokens_per_minute, cost_microdollars, unpriced_responses"
    )
    first = (at(0), at(5), at(5), at(0, 20), at(0, 50), 2, ["m"], 600, 20.0, None, 2)
    second = (at(5), at(10), at(10), at(5), at(5), 1, ["m"], 10, None, None, 1)
    query = f"SELECT {columns} FROM billing_blocks ORDER BY started_at"
    assert lab.rows(query) == [first, second]
    lab.passes(4)
    assert lab.store.unpublished
    lab.store.refresh()
    assert lab.rows(query) == [(*first[:2], None, *first[3:]), second]
    lab.store.close()


def test_an_earlier_hour_that_comes_late_moves_the_blocks_behind_it(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.feed(timed([(at(4, 30), answered("r1")), (at(8, 30), answered("r2"))]))
    lab.store.refresh()
    assert bounds(lab) == [(at(4), 2, 20)]
    lab.feed(timed([(at(0, 30), answered("r0"))], first=9))
    lab.store.refresh()
    assert bounds(lab) == [(at(0), 2, 20), (at(8), 1, 10)]
    lab.store.close()


def test_more_in_a_known_hour_makes_its_block_anew_and_looks_at_no_other_hour(
    tmp_path: Path,
) -> None:
    lab = Lab(tmp_path)
    lab.feed(timed([(at(hour, 30), answered(f"r{hour}")) for hour in (0, 9, 18)]))
    lab.store.refresh()
    lab.feed(timed([(at(9, 40), answered("more", "s2"))], first=9))
    dirty = {done.view: done.dirty for done in lab.store.refresh()}
    assert (dirty["block_hours"], dirty["billing_blocks"]) == (0, 1)
    assert bounds(lab) == [(at(0), 1, 10), (at(9), 2, 20), (at(18), 1, 10)]
    lab.store.close()
