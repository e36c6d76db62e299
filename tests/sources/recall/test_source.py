"""An upstream is asked for what changed, tells it once, and is never believed to take back."""

import pytest

from session_lattice.events import CheckoutObserved, RepoObserved, decode
from session_lattice.sources.recall import source as source_module
from session_lattice.sources.recall.checkpoints import STATE
from tests.sources.recall.asker import Asker
from tests.sources.recall.conftest import SESSIONS, Ask
from tests.upstream.server import DASHBOARD, SCAN_VERSION, Upstream
from tests.upstream.server import SESSIONS as SESSIONS_PATH


def test_an_unchanged_scan_costs_one_request(upstream: Upstream, ask: Ask) -> None:
    asker = ask()
    assert asker.pull() == SESSIONS
    before = upstream.count()
    assert [asker.pull(), asker.pull()] == [0, 0]
    assert [r.path for r in upstream.requests[before:]] == [SCAN_VERSION, SCAN_VERSION]


def test_the_same_body_twice_appends_nothing(upstream: Upstream, ask: Ask) -> None:
    asker = ask()
    asker.pull()
    position = asker.log.bounds().newest
    upstream.scan()
    assert asker.pull() == 0
    asker.again()
    upstream.scan()
    assert asker.pull() == 0
    assert asker.log.bounds().newest == position
    assert upstream.count(SESSIONS_PATH) == 3


def test_only_sessions_whose_content_changed_cost_an_event(upstream: Upstream, ask: Ask) -> None:
    asker = ask()
    asker.pull()
    changed = upstream.change(7)
    assert asker.pull() == 7
    assert {event.session for event in asker.reports()[-7:]} == set(changed)


def test_ids_that_are_handed_out_anew_are_no_change(upstream: Upstream, ask: Ask) -> None:
    asker = ask()
    asker.pull()
    upstream.renumber()
    assert asker.pull() == 0
    upstream.scan()
    assert asker.pull() == 0


def test_content_that_comes_back_is_told_again(upstream: Upstream, ask: Ask) -> None:
    asker = ask()
    asker.pull()
    first = asker.latest()
    upstream.misbehave("nulls_wherever_they_may_be")
    upstream.scan()
    assert asker.pull() > 0
    assert asker.latest() != first
    upstream.behave()
    upstream.scan()
    assert asker.pull() > 0
    assert asker.latest() == first


def test_a_scan_number_that_comes_again_with_another_time_is_another_scan(
    upstream: Upstream, ask: Ask
) -> None:
    asker = ask()
    asker.pull()
    upstream.restart()
    upstream.world.change(3)
    upstream.scan()
    assert asker.pull() == 3
    assert all("if-none-match" not in request.headers for request in upstream.requests)


def test_before_the_first_scan_nothing_is_told_and_nothing_remembered(
    upstream: Upstream, ask: Ask
) -> None:
    upstream.restart()
    asker = ask()
    assert asker.pull() == 0
    assert asker.source.status().state == "scanning"
    assert STATE not in asker.log.checkpoints(asker.source.name)
    upstream.scan()
    assert asker.pull() == SESSIONS
    assert asker.source.status().state == "ok"


def test_an_upstream_that_lists_nothing_any_more_takes_nothing_back(
    upstream: Upstream, ask: Ask
) -> None:
    asker = ask()
    asker.pull()
    before = asker.latest()
    upstream.misbehave("nothing_listed")
    upstream.scan()
    assert asker.pull() == 0
    upstream.behave()
    upstream.scan()
    assert asker.pull() == 0
    assert asker.latest() == before


@pytest.mark.parametrize("batches", [1, 2, 3])
def test_a_pull_that_was_cut_short_goes_on_where_it_stopped(
    batches: int, upstream: Upstream, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "BATCH_READ_BYTES", 10_000)
    cut_short, whole = ask(), ask()
    cut_short.source.pending()
    unended = cut_short.source.batches()
    for _ in range(batches):
        cut_short.append(next(unended))
    cut_short.again()
    done = len(cut_short.reports())
    assert done < SESSIONS
    assert cut_short.pull() == SESSIONS - done
    whole.pull()
    assert cut_short.latest() == whole.latest()


def test_what_an_append_lost_is_told_again(upstream: Upstream, ask: Ask) -> None:
    asker = ask()
    asker.source.pending()
    for _ in asker.source.batches():
        pass
    asker.again()
    assert asker.pull() == SESSIONS


def test_a_tag_that_tells_contents_apart_is_sent_back(upstream: Upstream, ask: Ask) -> None:
    asker = ask()
    asker.pull()
    asker.source._memory.state.etags = {SESSIONS_PATH: '"content-1"', DASHBOARD: 'W/"content-2"'}
    upstream.scan()
    asker.pull()
    sent = {r.path: r.headers.get("if-none-match") for r in upstream.requests[-2:]}
    assert sent == {SESSIONS_PATH: '"content-1"', DASHBOARD: 'W/"content-2"'}
    assert asker.source._memory.state.etags == {}


def test_a_session_without_its_uuid_or_with_less_is_left_out_by_name(
    upstream: Upstream, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    upstream.misbehave("no_counts")
    asker = ask()
    told = asker.pull()
    status = asker.source.status()
    assert 0 < told < SESSIONS
    assert status.warnings["skipped_session"] == SESSIONS - told
    assert status.sessions == told
    output = capsys.readouterr().out
    assert "session_skipped" in output
    assert any(upstream.world.uuid(number) in output for number in range(SESSIONS))


def test_a_schema_from_the_future_is_taken_for_what_is_known_of_it(
    upstream: Upstream, ask: Ask
) -> None:
    upstream.misbehave("from_the_future")
    asker = ask()
    assert asker.pull() == SESSIONS
    assert asker.source.status().warnings["unknown_field mood"] == SESSIONS
    upstream.scan()
    assert asker.pull() == 0
    assert asker.source.status().warnings["unknown_field mood"] == SESSIONS


def test_a_directory_lies_in_the_repository_with_the_longest_path(
    upstream: Upstream, ask: Ask
) -> None:
    asker = ask()
    asker.pull()
    events = [decode(event.data) for event in asker.log.read(0)]
    repos = {event.repo for event in events if isinstance(event, RepoObserved)}
    checkouts = [event for event in events if isinstance(event, CheckoutObserved)]
    assert {event.cwd for event in checkouts} == {r.cwd for r in asker.reports() if r.cwd}
    for event in checkouts:
        holding = [r for r in repos if event.cwd == r or event.cwd.startswith(f"{r}/")]
        if event.evidence == "upstream":
            assert event.repo == event.worktree == max(holding, key=len)


def test_repositories_cost_an_event_only_when_they_changed(upstream: Upstream, ask: Ask) -> None:
    asker = ask()
    asker.pull()
    before = repo_events(asker)
    assert before == upstream.world.repos
    upstream.change_repos(2)
    asker.pull()
    assert repo_events(asker) == before + 2


def repo_events(asker: Asker) -> int:
    return sum(event.type == "repo.observed" for event in asker.log.read(0))


def test_what_is_wrong_in_another_way_is_no_other_content(upstream: Upstream, ask: Ask) -> None:
    upstream.misbehave("json_malformed")
    asker = ask()
    asker.pull()
    upstream.behave()
    upstream.misbehave("json_of_other_shapes")
    upstream.scan()
    assert asker.pull() == 0
