"""Whatever an upstream does, it costs a failed pull at most; what is true lands afterwards."""

import threading

import pytest

from session_lattice.errors import UpstreamError
from session_lattice.sources.recall import Limits
from tests.sources.recall.asker import Asker
from tests.sources.recall.conftest import SESSIONS as SESSION_COUNT
from tests.sources.recall.conftest import Ask
from tests.upstream.misbehaviours import FAILING, LYING, ODD
from tests.upstream.server import DASHBOARD, SCAN_VERSION, SESSIONS, Upstream
from tests.upstream.world import World

ON_EVERY_PATH = {
    *("silence", "trickle_head", "reset_in_mid_body", "truncated_with_wrong_length", "status_503"),
    *("retry_after_century", "html_page", "redirect_elsewhere", "gzip_that_is_none", "nested_deep"),
    *("endless_string", "empty_body", "null_body", "lists_that_are_texts"),
}
"""One of each kind; the others are tried on the large body."""

PATIENT = Limits(connect=1.0, read=60.0, write=1.0, pool=1.0, body=60.0)


@pytest.fixture(scope="module")
def truth() -> dict[str, bytes]:
    """What is known in the end where nothing ever went wrong; the address is left out."""
    with Upstream(World(SESSION_COUNT)) as made:
        asker = Asker(made.url)
        asker.pull()
        asker.source.close()
        return without_address(asker, made)


def without_address(asker: Asker, upstream: Upstream) -> dict[str, bytes]:
    address = upstream.url.encode()
    return {name: data.replace(address, b"") for name, data in asker.latest().items()}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (name, path)
        for name in FAILING
        for path in (SCAN_VERSION, SESSIONS, DASHBOARD)
        if path == SESSIONS or name in ON_EVERY_PATH
    ],
)
def test_nothing_of_a_failing_answer_is_believed_and_the_next_one_is(
    name: str, path: str, upstream: Upstream, ask: Ask, truth: dict[str, bytes]
) -> None:
    upstream.misbehave(name, path)
    asker = ask()
    what = asker.outcome()
    assert what.startswith(f"the recall service at {upstream.url} ")
    assert "\n" not in what
    assert set(asker.latest()) <= set(truth)
    trouble = asker.source.status().trouble
    assert trouble is not None
    assert trouble.what == what
    assert asker.source.status().state == "unreachable"
    upstream.behave()
    settled(asker)
    assert without_address(asker, upstream) == truth


def settled(asker: Asker) -> None:
    """Patience that the upstream asked for is over at once."""
    asker.source._circuit._patience_until = 0.0
    assert asker.outcome() == ""
    assert asker.source.status().state == "ok"
    assert asker.source.status().trouble is None


@pytest.mark.parametrize("name", ODD)
def test_what_is_unusual_does_no_harm(
    name: str, upstream: Upstream, ask: Ask, truth: dict[str, bytes]
) -> None:
    asker = ask()
    upstream.misbehave(name)
    asker.outcome()
    upstream.behave()
    upstream.scan()
    settled(asker)
    assert without_address(asker, upstream) == truth


@pytest.mark.parametrize("name", LYING)
def test_right_records_land_beside_wrong_ones_which_are_counted(
    name: str, upstream: Upstream, ask: Ask, truth: dict[str, bytes]
) -> None:
    upstream.misbehave(name)
    asker = ask()
    assert asker.outcome() == ""
    assert len(asker.latest()) > len(truth) // 2
    if name not in ("null_characters", "uuid_that_is_none"):
        assert asker.source.status().warnings
    upstream.behave()
    upstream.scan()
    settled(asker)
    told = without_address(asker, upstream)
    assert {name: told[name] for name in truth} == truth
    assert asker.source.status().warnings == {}


def test_an_address_where_nobody_listens_says_so(upstream: Upstream, ask: Ask) -> None:
    upstream.refuse()
    assert "cannot be reached: connection refused" in ask().outcome()


def test_a_redirect_to_another_host_is_not_followed(upstream: Upstream, ask: Ask) -> None:
    upstream.misbehave("redirect_elsewhere")
    assert "redirects to http://localhost, which is not followed" in ask().outcome()
    assert {request.headers["host"] for request in upstream.requests} == {
        upstream.url.removeprefix("http://")
    }


def test_credentials_in_the_address_are_sent_and_never_shown(upstream: Upstream, ask: Ask) -> None:
    asker = ask(upstream.url.replace("http://", "http://kim:hunter2@"))
    asker.pull()
    assert all(request.headers["authorization"] for request in upstream.requests)
    upstream.misbehave("status_401")
    upstream.scan()
    shown = f"{asker.outcome()} {asker.source.status()} {asker.source.name}"
    assert "hunter2" not in shown
    assert "kim" not in shown
    assert not any(b"hunter2" in event.data for event in asker.log.read(0))


def test_an_upstream_that_asks_for_little_patience_is_asked_again_in_the_same_pull(
    upstream: Upstream, ask: Ask
) -> None:
    upstream.misbehave("retry_after_seconds", SCAN_VERSION, times=1)
    asker = ask()
    assert asker.outcome() == ""
    assert upstream.count(SCAN_VERSION) == 2


def test_an_upstream_that_asks_for_much_patience_is_left_alone(
    upstream: Upstream, ask: Ask
) -> None:
    upstream.misbehave("retry_after_century", times=1)
    asker = ask()
    assert asker.outcome().endswith(
        "answers 503 Service Unavailable and asks for 3600 s of patience"
    )
    assert asker.outcome() == ""
    assert upstream.count() == 1
    assert asker.source.status().state == "unreachable"


def test_an_open_circuit_costs_one_cheap_question_in_each_pull(
    upstream: Upstream, ask: Ask
) -> None:
    upstream.misbehave("silence")
    asker = ask()
    failed = [asker.outcome() for _ in range(3)]
    assert all(what.endswith("says nothing for 0.4 s") for what in failed)
    since = asker.source.status().trouble
    before = upstream.count()
    assert [asker.outcome(), asker.outcome()] == ["", ""]
    assert upstream.count() == upstream.count(SCAN_VERSION) == before + 2
    assert since is not None
    assert asker.source.status().trouble == since
    upstream.behave()
    assert asker.pull() == SESSION_COUNT


def test_a_wait_is_given_up_from_another_thread(upstream: Upstream, ask: Ask) -> None:
    upstream.misbehave("silence")
    patient = ask(limits=PATIENT)
    waiting = threading.Thread(target=patient.outcome)
    waiting.start()
    while upstream.count() == 0:
        pass
    patient.source.abandon()
    waiting.join(10.0)
    assert not waiting.is_alive()


def test_a_failing_list_of_repositories_keeps_no_session_from_landing(
    upstream: Upstream, ask: Ask
) -> None:
    upstream.misbehave("status_500", DASHBOARD)
    asker = ask()
    with pytest.raises(UpstreamError, match="500"):
        asker.pull()
    assert len(asker.reports()) == SESSION_COUNT
    upstream.behave()
    assert asker.pull() == 0
