"""Over HTTP from `serve-recall` the pair has the views that it has of the transcripts themselves.

What the API cannot carry is left out here, as docs/upstream.md lists it.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from session_lattice.recall.home import RecallHome
from session_lattice.store import generations
from tests.acceptance.history import copy_sample
from tests.acceptance.pair import REPO, Pair, free_port, until
from tests.git import Repository, needs_git

RECORDED = REPO.parent / "shared" / "transcripts"
TOKENS = "input_tokens, output_tokens, cache_write_tokens, cache_read_tokens"
SEVERAL, NONE = "several models", "unknown"

OVERVIEW = f"""
SELECT
    session, agent, repo, worktree, cwd,
    epoch_ms(started_at) // 1000, epoch_ms(ended_at) // 1000,
    prompts, replies, tool_calls, failed_tool_calls, models, {TOKENS}, left(last_prompt, 200), path
FROM session_overview
"""
"""All that a session's record carries; times in whole seconds."""

SAME = {
    "session_overview": OVERVIEW,
    "tool_sessions": "SELECT tool, session, agent, calls, failed FROM tool_sessions",
    "tool_reliability": "SELECT agent, tool, sessions, calls, failed FROM tool_reliability",
    "totals": f"SELECT {', '.join(f'sum({name})' for name in TOKENS.split(', '))} FROM daily_usage",
}
BY_MODEL = f"SELECT agent, model, {TOKENS} FROM model_usage"
WORKED_IN = """
SELECT r.repo, r.session
FROM repo_sessions AS r
WHERE r.repo IN (SELECT c.repo FROM checkouts AS c WHERE c.evidence <> 'cwd')
"""


class Both:
    """The same transcripts, read by one pair and asked for by the other."""

    def __init__(self, root: Path, transcripts: str) -> None:
        self.direct = Pair(root / "direct")
        self.served = Pair(root / "served")
        self.over_http = Pair(root / "http")
        for pair in (self.direct, self.served, self.over_http):
            pair.root.mkdir(parents=True, exist_ok=True)
            pair.environment["SESSION_LATTICE_TRANSCRIPTS"] = transcripts
        port = str(free_port())
        self.served.environment["SESSION_LATTICE_RECALL_PORT"] = port
        del self.over_http.environment["SESSION_LATTICE_TRANSCRIPTS"]
        self.over_http.environment["SESSION_LATTICE_REPO_RECALL_URL"] = f"http://127.0.0.1:{port}"

    def pull(self) -> None:
        scanned = RecallHome(self.served.home.root).scan
        with self.served.running("serve-recall"):
            until("it has scanned", scanned.exists)
            for pair in (self.direct, self.over_http):
                pulled = pair.run("serve-puller", "--once", seconds=300.0)
                assert pulled.returncode == 0, pulled.stderr

    def ask(self, sql: str) -> tuple[Counter[Any], Counter[Any]]:
        return rows(self.direct, sql), rows(self.over_http, sql)


def rows(pair: Pair, sql: str) -> Counter[Any]:
    newest = pair.newest()
    assert newest is not None
    with generations.open_reader(newest) as connection:
        return Counter(map(repr, connection.execute(sql).fetchall()))


@pytest.fixture(
    scope="module",
    params=[
        "sample",
        pytest.param(
            "recorded",
            marks=pytest.mark.skipif(
                not RECORDED.is_dir(), reason="needs the recorded transcripts beside the checkout"
            ),
        ),
    ],
)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    root = tmp_path_factory.mktemp(request.param)
    if request.param == "recorded":
        homes = ":".join(str(RECORDED / name) for name in ("claude", "codex"))
    else:
        for number in range(3):
            copy_sample(root / "agents", number)
        homes = f"{root}/agents/claude:{root}/agents/codex"
    made = Both(root, homes)
    made.pull()
    return made


@pytest.mark.parametrize("view", SAME)
def test_a_view_says_the_same_as_far_as_the_api_carries_it(both: Both, view: str) -> None:
    direct, over_http = both.ask(SAME[view])
    assert direct
    assert over_http == direct


def test_sessions_are_found_by_every_repository_that_they_worked_in(both: Both) -> None:
    direct, over_http = both.ask(WORKED_IN)
    assert over_http == direct


def test_models_have_the_tokens_of_the_sessions_that_used_no_other(both: Both) -> None:
    one = f"""
        SELECT agent, coalesce(models[1], '{NONE}') AS model, {TOKENS}
        FROM session_overview
        WHERE len(models) <= 1
        UNION ALL
        SELECT agent, '{SEVERAL}', {TOKENS} FROM session_overview WHERE len(models) > 1
    """
    summed = ", ".join(f"sum({name})" for name in TOKENS.split(", "))
    grouped = f"""
        SELECT agent, model, {summed} FROM ({one}) GROUP BY ALL
        HAVING sum(input_tokens + output_tokens + cache_write_tokens + cache_read_tokens) > 0
    """
    assert rows(both.over_http, BY_MODEL) == rows(both.direct, grouped)


def test_every_number_over_http_says_that_an_upstream_told_it(both: Both) -> None:
    told = "SELECT DISTINCT messages_from, tool_calls_from, tokens_from FROM session_overview"
    direct, over_http = both.ask(told)
    assert list(direct) == ["('transcript', 'transcript', 'transcript')"]
    assert list(over_http) == ["('upstream', 'upstream', 'upstream')"]
    kinds = "SELECT DISTINCT transcript FROM session_overview"
    assert list(rows(both.over_http, kinds)) == ["('unread',)"]


def test_what_the_transcripts_say_wins_once_they_are_read_as_well(
    both: Both, tmp_path: Path
) -> None:
    """Upstream first, then both: in the end as if the transcripts had been read from the start."""
    pair = both.over_http
    transcripts = both.direct.environment["SESSION_LATTICE_TRANSCRIPTS"]
    together = {**pair.environment, "SESSION_LATTICE_TRANSCRIPTS": transcripts}
    again = Pair(tmp_path, home=pair.home.root)
    again.environment = {**together, "HOME": str(tmp_path)}
    gone = again.run("serve-puller", "--once", seconds=300.0)
    assert gone.returncode == 1, "the service is not there any more"
    views = [view for view in SAME if view != "totals"]
    assert {view: rows(pair, SAME[view]) for view in views} == {
        view: rows(both.direct, SAME[view]) for view in views
    }
    assert rows(pair, BY_MODEL) == rows(both.direct, BY_MODEL)
    told = "SELECT DISTINCT counted_from FROM daily_usage"
    assert list(rows(pair, told)) == ["('transcript',)"]


@needs_git
def test_a_worktree_and_its_repository_are_both_known_over_http(tmp_path: Path) -> None:
    main = Repository(tmp_path / "code" / "app")
    main.commit("a.txt", "a")
    main.run("worktree", "add", "-q", str(tmp_path / "code" / "app-topic"))
    copy_sample(tmp_path / "agents")
    move(tmp_path / "agents", tmp_path / "code" / "app-topic")
    both = Both(tmp_path, f"{tmp_path}/agents/claude:{tmp_path}/agents/codex")
    both.pull()
    place = "SELECT DISTINCT repo, worktree FROM session_overview"
    assert list(rows(both.over_http, place)) == [
        repr((str(tmp_path / "code" / "app"), str(tmp_path / "code" / "app-topic")))
    ]
    known = "SELECT repo, name, head, sessions FROM repo_status"
    [row] = rows(both.over_http, known)
    assert row.startswith(repr((str(tmp_path / "code" / "app"), "app"))[:-1])


def move(agents: Path, to: Path) -> None:
    """Every session works in one directory."""
    for path in agents.rglob("*.jsonl"):
        text = path.read_text("utf-8")
        path.write_text(re.sub(r'"cwd":\s*"[^"]*"', f'"cwd":"{to}"', text), "utf-8")
