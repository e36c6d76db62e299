"""The process that reads repositories, for the tests of one module."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from session_lattice.sources.git.facts import Facts
from session_lattice.sources.git.reader import GitReader
from tests.git import NOW

Read = Callable[[Path], Facts]


@pytest.fixture(scope="module")
def reader() -> Iterator[GitReader]:
    reader = GitReader()
    yield reader
    reader.close()
    reader.reap()


@pytest.fixture
def read(reader: GitReader) -> Read:
    """The facts of the repository at a path, as of NOW."""
    return lambda path: reader.read(str(path), NOW)
