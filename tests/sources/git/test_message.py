"""What a commit's message says."""

import pytest

from session_lattice.events import Reference, Trailer
from session_lattice.sources.git.message import BODY_CHARS, MAX_TRAILERS, SUBJECT_CHARS, parse


def trailers(text: str) -> list[tuple[str, str]]:
    return [(one.key, one.value) for one in parse(text.encode()).trailers]


def test_the_first_paragraph_is_the_subject_and_the_rest_the_body() -> None:
    said = parse(b"\n\nTell the tides\nof a day\n\nThey are\nhigh.\n\n\nAnd low.\n")
    assert said.subject == "Tell the tides of a day"
    assert said.body == "They are\nhigh.\n\nAnd low."
    assert parse(b"").subject == ""


def test_trailers_stand_in_the_last_paragraph_and_may_be_folded() -> None:
    text = "Subject\n\nNot-a: trailer here\n\nSession-Id: 1-2\nReviewed-by: Kim\n  Moon\nKey:\n"
    assert trailers(text) == [("Session-Id", "1-2"), ("Reviewed-by", "Kim Moon"), ("Key", "")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Subject: not a trailer", 0),
        ("Subject\n\nSome words\nKey: value", 0),
        ("Subject\n\nSome words\nKey: value\nSigned-off-by: Kim", 2),
        ("Subject\n\na\nb\nc\nd\nSigned-off-by: Kim", 0),
        ("Subject\n\nKey: value\n(cherry picked from commit 0123)", 1),
        ("Subject\n\nKey: value\n# a comment", 1),
        ("Subject\r\n\r\nKey: value\r\n", 1),
    ],
)
def test_a_paragraph_has_trailers_by_gits_own_rule(text: str, found: int) -> None:
    assert len(trailers(text)) == found


def test_what_a_subject_shows_to_be_a_pull_request_is_one() -> None:
    pull = Reference(number=12, kind="pull_request")
    assert parse(b"Merge pull request #12 from sam/tide\n\nIt (#12) helps").references == (pull,)
    assert parse(b"Tell the tides (#12)").references == (pull,)
    said = parse(b"Tell (#12)\n\nFixes #7, see sam/tide#9 and GH-8").references
    assert said[0] == pull
    assert set(said[1:]) == {
        Reference(number=7, kind="issue"),
        Reference(number=9, slug="sam/tide"),
        Reference(number=8),
    }


def test_messages_have_limits_and_may_be_in_any_encoding() -> None:
    long = b"x" * 2_000 + b"\n\n" + b"y" * 10_000 + b"\n\n" + b"Key: value\n" * 200
    said = parse(long)
    assert (len(said.subject), len(said.body)) == (SUBJECT_CHARS, BODY_CHARS)
    assert len(said.trailers) == MAX_TRAILERS
    assert parse("Für Flut".encode("latin-1"), "iso-8859-1").subject == "Für Flut"
    assert parse(b"F\xfcr \0Flut", "no-such-encoding").subject == "F\ufffdr Flut"
    assert parse(b"Subject\n\nA: b").trailers == (Trailer(key="A", value="b"),)
