"""Indexes for tests."""

from pathlib import Path
from typing import Any

from session_lattice.search.document import Document
from session_lattice.search.finder import Found, Wanted, find
from session_lattice.search.index import Index

START_US = 1_780_000_000_000_000
SECOND_US = 1_000_000


def document(number: int, text: str, **given: Any) -> Document:
    told = {"session": "codex/s1", "kind": "reply", "ts": START_US + number * SECOND_US, **given}
    return Document(source=f"m{number}", text=text, **told)


def filled(path: Path, *texts: str) -> Index:
    """An index with a document of each text."""
    index = Index(path)
    index.add([document(number, text) for number, text in enumerate(texts)])
    return index


def found(path: Path, query: str, limit: int = 100, **given: Any) -> list[str]:
    """What is found, the best first."""
    return sources(find(path, Wanted(query, limit, **given)))


def sources(page: Found) -> list[str]:
    return [hit.source for hit in page.hits]
