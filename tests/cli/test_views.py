"""`views` and what it offers to those who write views of their own."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from session_lattice.home import Home
from tests.cli.running import Run

GOOD = """-- How many calls did each session make?
-- grain: session
-- dirty: tool_calls.session
-- column session: | agent and the agent's own id
-- column calls: count | times called
SELECT session, count(*) AS calls FROM tool_calls WHERE dirty(session) GROUP BY session
"""


@pytest.fixture
def checked(run: Run, settled: Home, tmp_path: Path) -> "Check":
    return Check(run, settled, tmp_path)


class Check:
    """Writes a view and tries it, always with the same changes."""

    def __init__(self, run: Run, home: Home, folder: Path) -> None:
        self.run = run
        self.home = home
        self.file = folder / "mine.sql"

    def __call__(self, text: str) -> tuple[int, str]:
        self.file.write_text(text)
        ended = self.run(self.home.root, "views", "check", str(self.file), "--seed", "1")
        return ended.code, ended.out + ended.err


def test_a_view_cannot_be_tried_where_nothing_is_published(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.sql"
    file.write_text(GOOD)
    ended = run(tmp_path / "empty", "views", "check", str(file))
    assert ended.code == 1
    assert "nothing is published" in ended.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT 1", "no header"),
        (GOOD.replace("-- grain: session\n", ""), "no grain"),
        (GOOD.replace("tool_calls WHERE", "nowhere WHERE"), "nowhere"),
        (GOOD.replace("grain: session", "grain: calls, session, agent"), "agent"),
        (GOOD.replace("session, count(*) AS calls", "'x' AS session, 1 AS calls"), "not unique"),
        (GOOD.replace("session, count", "nullif(session, session) AS session, count"), "have none"),
        (GOOD.replace("column calls:", "column cost:"), "cost: described, not selected"),
    ],
)
def test_what_is_wrong_with_a_view_is_told(checked: Check, text: str, said: str) -> None:
    code, out = checked(text)
    assert code == 1
    assert said in out


def test_dirty_lines_that_miss_a_change_are_found_by_making_it(checked: Check) -> None:
    titled = GOOD.replace(
        "FROM tool_calls WHERE dirty(session) GROUP BY session",
        ", any_value(s.title) AS title FROM tool_calls JOIN sessions AS s USING (session)"
        " WHERE dirty(session) GROUP BY session",
    )
    code, out = checked(titled)
    assert code == 1
    assert "stay as they were after another title in sessions" in out
    assert "dirty: sessions" in out
    assert "--seed 1" in out
    code, out = checked(titled.replace("-- column s", "-- dirty: sessions.session\n-- column s"))
    assert code == 0


def test_a_good_view_is_told_with_its_rows_and_times_and_nothing_stays(checked: Check) -> None:
    code, out = checked(GOOD)
    assert code == 0
    assert "wrong" not in out
    assert [line.split(":")[0].split(None, 1)[1] for line in out.splitlines()] == [
        "made anew", "grain", "columns", "dirty", "one change",
    ]  # fmt: skip
    assert list(checked.home.work.glob("check-*")) == []


def test_a_new_view_works_as_it_is_and_takes_no_name_twice(checked: Check) -> None:
    run, home = checked.run, checked.home.root
    made = run(home, "views", "new", "mine_too")
    path = Path(made.out.strip())
    assert path.parent == checked.home.views
    assert run(home, "views", "check", str(path), "--seed", "2").code == 0
    again = run(home, "views", "new", "mine_too")
    assert (again.code, "is there already" in again.err) == (1, True)
    assert run(home, "views", "new", "No-Name").code == 1
    path.unlink()


def test_the_lattice_is_drawn_as_a_table_and_as_a_picture(
    run: Run, settled: Home, tmp_path: Path
) -> None:
    lines = run(settled.root, "views", "graph").lines
    steps = {line.split()[1]: int(line.split()[0]) for line in lines[1:]}
    assert steps["tool_sessions"] == 1
    assert steps["tool_reliability"] == 2
    picture = tmp_path / "deep" / "lattice.svg"
    assert run(settled.root, "views", "graph", "--svg", str(picture)).code == 0
    drawn = ElementTree.fromstring(picture.read_text("utf-8"))
    texts = {element.text for element in drawn.iter() if element.tag.endswith("text")}
    assert {*steps, "tool_calls"} <= texts
