"""Whatever is typed is searched for or refused; it is never a syntax error."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_lattice.errors import QueryError
from session_lattice.search.expression import (
    MARK,
    MAX_QUERY_CHARS,
    MAX_TERMS,
    also,
    facets,
    parse,
    words,
)

PIECES = [*"\"*-^:(){}[]+~\\'. \0\n", "\ud800", MARK, "é", "日", "\u0301", "a", "foo"]
JOINTS = [" OR ", " AND ", " NOT ", " NEAR(", "body:", "names:"]
HOSTILE = st.lists(st.sampled_from([*PIECES, *JOINTS]) | st.characters(), max_size=20).map("".join)


@pytest.fixture(scope="module")
def table() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5 (body, parts, names)")
    for text in ("alpha beta", "beta gamma", "a/path_to/file.py: error E0502", "naïve --no-verify"):
        connection.execute("INSERT INTO words VALUES (?, '', ?)", (text, facets([1])))
    yield connection
    connection.close()


def found(table: sqlite3.Connection, query: str) -> list[int]:
    sql = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid"
    return [id for (id,) in table.execute(sql, (parse(query),))]


@given(query=HOSTILE)
@settings(max_examples=300)
def test_no_text_is_a_syntax_error(table: sqlite3.Connection, query: str) -> None:
    try:
        parsed = parse(query)
    except QueryError:
        return
    sql = "SELECT rowid FROM words WHERE words MATCH ?"
    table.execute(sql, (parsed,)).fetchall()
    table.execute(sql, (also(parsed, [[1, 2], [3]]),)).fetchall()
    assert words(query)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "no word"),
        ("  -> && :: ", "no word"),
        ('""', "no word"),
        ("OR AND NOT", "no word"),
        ("-alpha", "not wanted"),
        ("NOT alpha", "not wanted"),
        ("al*", "begin with 'al'"),
        ("x" * (MAX_QUERY_CHARS + 1), "1001 characters"),
        ("a " * (MAX_TERMS + 1), "33 terms"),
        ("a." * 100, "100 words"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_says_what_to_write(query: str, says: str) -> None:
    with pytest.raises(QueryError, match=says) as refused:
        parse(query)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("beta", [1, 2]),
        ("BETA", [1, 2]),
        ("alpha beta", [1]),
        ("alpha AND beta", [1]),
        ("beta alpha", [1]),
        ('"beta alpha"', []),
        ('"alpha beta"', [1]),
        ('"alpha beta', [1]),
        ("alpha OR gamma", [1, 2]),
        ("beta alpha OR gamma", [1, 2]),
        ("beta -gamma", [1]),
        ("beta NOT gamma", [1]),
        ('beta -"beta gamma"', [1]),
        ("OR beta OR", [1, 2]),
        ("gam*", [2]),
        ('"beta gam"*', [2]),
        ("path_to", [3]),
        ("a/path_to/file.py", [3]),
        ("file.py path", [3]),
        ("e0502", [3]),
        ("naive", [4]),
        ("--no-verify", [4]),
        ("beta -- gamma", [2]),
        (f"{MARK}1", []),
        ("names:alpha", []),
    ],
)
def test_words_phrases_beginnings_alternatives_and_exclusions_mean_what_they_say(
    table: sqlite3.Connection, query: str, ids: list[int]
) -> None:
    assert found(table, query) == ids
