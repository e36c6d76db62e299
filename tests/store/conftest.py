"""A store that properties share, each of whose examples would else make one."""

from collections.abc import Iterator

import pytest

from tests.store.lab import Lab


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """For those who clear it first."""
    lab = Lab(tmp_path_factory.mktemp("shared"))
    yield lab
    lab.store.close()
