"""An upstream that a test holds in its hand, and who asks it."""

from collections.abc import Callable, Iterator

import pytest

from session_lattice.sources.recall import Limits
from tests.sources.recall.asker import FAST, Asker
from tests.upstream.server import Upstream
from tests.upstream.world import World

SESSIONS = 60

Ask = Callable[..., Asker]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(World(SESSIONS)) as made:
        yield made


@pytest.fixture
def ask(upstream: Upstream) -> Iterator[Ask]:
    """Makes askers of the upstream, with other limits or another address when told so."""
    made: list[Asker] = []

    def make(url: str = "", limits: Limits = FAST) -> Asker:
        made.append(Asker(url or upstream.url, limits))
        return made[-1]

    yield make
    for asker in made:
        asker.source.close()
