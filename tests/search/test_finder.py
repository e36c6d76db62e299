"""What is found, in which order, page by page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_lattice.errors import QueryError, SlowSearchError
from session_lattice.search import finder
from session_lattice.search.document import Document
from session_lattice.search.finder import RANKED, Wanted, find
from session_lattice.search.index import DAY_US, Index
from tests.search.made import SECOND_US, START_US, document, filled, found, sources

WORDS = ["getUserName", "user_name", "src/app/a.py", "E0502", "8d1f-4000", "naïve", "日本語", "x1"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "search.sqlite"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,500 documents that have `common`, five sessions, three directories, over five days."""
    path = tmp_path_factory.mktemp("many") / "search.sqlite"
    index = Index(path)
    index.add(numbered(number) for number in range(2500))
    index.close()
    return path


def numbered(number: int) -> Document:
    text = f"common {'often ' * (number % 3)} number{number}"
    call = number % 5 == 0
    return Document(
        session=f"{'codex' if number % 2 else 'claude_code'}/s{number % 5}",
        source=f"m{number}",
        kind="call" if call else "reply",
        ts=START_US + number * DAY_US // 500,
        text=text,
        cwd=f"/src/{number % 3}",
        tool="Bash" if call else "",
    )


def test_a_search_that_takes_too_long_is_ended(many: Path) -> None:
    with pytest.raises(SlowSearchError, match="too long"):
        find(many, Wanted("common", 10, since=0), seconds=-1.0)


def test_a_query_that_cannot_be_meant_is_refused_before_the_index_is_looked_for(path: Path) -> None:
    with pytest.raises(QueryError):
        find(path, Wanted("-only", 10))


@given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=6), case=st.booleans())
@settings(max_examples=25)
def test_every_word_that_is_indexed_is_found_whatever_its_case(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], case: bool
) -> None:
    path = tmp_path_factory.mktemp("words") / "search.sqlite"
    filled(path, "something else", f"({', '.join(words)})").close()
    for word in words:
        assert found(path, word.upper() if case else word) == ["m1"], word
    assert found(path, " ".join(words)) == ["m1"]
    assert found(path, f'"{" ".join(words)}"') == ["m1"]


def test_an_identifier_is_found_whole_by_its_parts_and_by_its_beginning(path: Path) -> None:
    filled(path, "getUserName(x)", "user_name = 1", "a/user/name.py", "UserName", "other").close()
    assert found(path, "getUserName") == ["m0"]
    assert set(found(path, "user name")) == {"m0", "m1", "m2", "m3"}
    assert set(found(path, "user_name")) == {"m0", "m1", "m2", "m3"}
    assert found(path, "getuser*") == ["m0"]
    hit = find(path, Wanted("name -py", 10, last=1)).hits[0]
    assert [hit.snippet.text[slice(*mark)] for mark in hit.snippet.marks] == ["Name"]


def test_the_better_match_comes_first_and_the_newer_among_equals(path: Path) -> None:
    index = filled(path, "apple pear", "apple pear", "apple apple", "pear " * 50 + "apple", "plum")
    assert found(path, "apple") == ["m2", "m1", "m0", "m3"]
    index.close()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_filters_leave_what_meets_them_all_whichever_way_they_are_asked(
    many: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr(finder, "COMMON_SHARE", share)
    every = [numbered(number) for number in range(2500)]
    since, until = START_US + DAY_US, START_US + 2 * DAY_US
    cases: list[tuple[dict[str, Any], Callable[[Document], object]]] = [
        ({"sessions": ["codex/s1"]}, lambda d: d.session == "codex/s1"),
        ({"agents": ["codex"]}, lambda d: d.agent == "codex"),
        ({"kinds": ["call"]}, lambda d: d.kind == "call"),
        ({"tools": ["Bash", "Zsh"], "agents": ["codex"]}, lambda d: d.tool and d.agent == "codex"),
        ({"cwds": ["/src/0", "/src/1"]}, lambda d: d.cwd in ("/src/0", "/src/1")),
        ({"cwds": ["/nowhere"]}, lambda d: False),
        ({"cwds": []}, lambda d: False),
        ({"since": since}, lambda d: d.ts >= since),
        ({"until": since}, lambda d: d.ts < since),
        ({"since": since, "until": until, "kinds": ["reply"]},
         lambda d: since <= d.ts < until and d.kind == "reply"),
        ({"since": until, "until": since}, lambda d: False),
    ]  # fmt: skip
    for filters, meets in cases:
        told = find(many, Wanted("common", RANKED, **filters))
        expected = [document.source for document in every if meets(document)]
        assert set(sources(told)) == set(expected[-RANKED:]), filters
        assert told.ranked_all is (len(expected) <= RANKED)


def test_many_directories_are_as_good_as_few(many: Path) -> None:
    cwds = [*(f"/nowhere/{number}" for number in range(100)), "/src/2"]
    filled = sources(find(many, Wanted("common", RANKED, cwds=cwds)))
    assert set(filled) == set(sources(find(many, Wanted("common", RANKED, cwds=["/src/2"]))))


def test_pages_tell_everything_once_while_new_documents_come(many: Path, tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    index = Index(path)
    index.add(numbered(number) for number in range(2200))
    told: list[str] = []
    page = find(path, Wanted("common", 300))
    ranked = [page.ranked]
    assert not page.ranked_all
    while True:
        told += sources(page)
        if page.next is None:
            break
        index.add([document(10_000 + len(told), "common often " * 3)])
        last, seen = page.next
        page = find(path, Wanted("common", 300, last=last, seen=frozenset(seen)))
        ranked.append(page.ranked)
    assert len(told) == len(set(told)) == 2200
    assert set(told[:RANKED]) == {f"m{number}" for number in range(1200, 2200)}
    assert ranked == [1000] * 8 + [200]
    index.close()


def test_documents_that_come_out_of_order_are_found_in_their_time(path: Path) -> None:
    index = Index(path)
    index.add([document(1, "new word")])
    index.add([document(2, "old word", ts=START_US - 40 * DAY_US)])
    assert found(path, "word", until=START_US) == ["m2"]
    assert found(path, "word", since=START_US, until=START_US + 2 * SECOND_US) == ["m1"]
    assert found(path, "word", until=-1) == []
    index.close()
