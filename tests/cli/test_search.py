"""The command that searches, run as a person or a program would."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from session_lattice.home import Home
from tests.cli import running
from tests.reads.test_search import index
from tests.reads.world import World

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    world = World.create(tmp_path_factory.mktemp("searched") / "home", sessions=6)
    world.publish()
    world.close()
    index(world.home)
    return world.home


@pytest.fixture
def run(run: running.Run) -> Run:
    """Runs `search` in this process: exit code, output, errors."""

    def search(home: Path, *words: str) -> tuple[int, str, str]:
        ended = run(home, "search", *words)
        return ended.code, ended.out, ended.err

    return search


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["&&"], "no word to search for"),
        (["turn", "--kind", "rumour"], "there is no kind"),
        (["turn", "--limit", "many"], "limit is 'many'"),
        (["turn", "--since", "soon"], "is not a time"),
        (["turn", "--after", "x"], "the cursor cannot be read"),
    ],
)
def test_a_mistake_ends_with_one_and_says_what_to_try(
    run: Run, home: Home, words: list[str], says: str
) -> None:
    code, out, err = run(home.root, *words)
    assert (code, out) == (1, "")
    assert says in err
    assert "Traceback" not in err


def test_before_anything_was_indexed_it_says_what_to_start(run: Run, tmp_path: Path) -> None:
    assert "nothing has been published" in run(tmp_path / "nowhere", "turn")[2]
    world = World.create(tmp_path / "home", sessions=1)
    world.publish()
    world.close()
    code, _, err = run(world.home.root, "turn")
    assert code == 1
    assert "no search index" in err
    assert "Try: the puller makes it" in err


def test_hits_are_told_in_two_lines_each_and_the_rest_beside(run: Run, home: Home) -> None:
    code, out, err = run(home.root, "turn", "1", "NOT", "0", "--agent", "codex", "--limit", "2")
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == 4
    assert "  reply  codex/0000000" in lines[0]
    assert lines[1].startswith("    turn 1 of ")
    assert "more hits follow: --after" in err
    code, out, err = run(home.root, "turn", "--repo", "nowhere")
    assert (code, out, err) == (0, "nothing found\n", "")


def test_json_is_what_http_answers(run: Run, home: Home) -> None:
    code, out, _ = run(home.root, "done", "--kind", "error", "--tool", "Bash", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["index"]["complete"]
    assert {(hit["kind"], hit["tool"]) for hit in told["hits"]} == {("error", "Bash")}


def test_what_a_terminal_would_act_upon_is_not_printed(run: Run, tmp_path: Path) -> None:
    world = World.create(tmp_path / "home", sessions=1)
    world.database.run("UPDATE messages SET text = 'turn ' || chr(27) || '[31m' || chr(7) || 'x'")
    world.publish()
    world.close()
    index(world.home)
    code, out, _ = run(world.home.root, "turn")
    assert code == 0
    assert "\x1b" not in out
    assert "\x07" not in out
