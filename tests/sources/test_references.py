"""Pull requests and issues that texts name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_lattice.events import Reference
from session_lattice.sources import references as module
from session_lattice.sources.references import MAX_REFERENCES, SCANNED_CHARS, references

NOT_NAMED = (
    "",
    "# 12 heads\n## 3\n##12",
    "color: #123456; background: #333;",
    "fill='#333'",
    "C#12 and F# and a#1",
    "&#39;quoted&#39;",
    "see #1.2.3 and #12a and #012 and #1234567890",
    "https://example.com/owner/repo#12",
    "https://example.com/page#12",
    "git@example.com:owner/repo#12",
    "src/owner/repo#12",
    "/owner/repo#12",
    "docs/page.md#12 and src/main.py#7",
    "https://example.com/owner/repo/pull/1234567890",
    "https://example.com/owner/repo/pull/12abc",
    "https://example.com/owner/repo/pull/new",
    "https://example.com/a/b/c/pull/12",
    "https://example.com/issues/12",
    "https://example.com/api/v4/projects/77/issues/12",
    "src/github.com/owner/repo/pull/12",
    "owner/repo!12x and a != b and !important",
    "v1.2.3 GH-12a XGH-12 a/GH-12",
    "/home/repos/owner/repo/pulls/12",
    "\\nowner/repo#12",
)

NAMED = (
    ("https://github.com/Owner/Repo/pull/12", "github.com", "owner/repo", 12, "pull_request"),
    ("(https://github.com/o/r/pull/12/files).", "github.com", "o/r", 12, "pull_request"),
    ("https://www.github.com/o/r/issues/9#x-1", "github.com", "o/r", 9, "issue"),
    ("at github.com/o/r.js/issues/9", "github.com", "o/r.js", 9, "issue"),
    ("https://git.example.org:3000/o/r/pulls/7", "git.example.org:3000", "o/r", 7, "pull_request"),
    (
        "https://gitlab.com/g/sub/r/-/merge_requests/5",
        "gitlab.com",
        "g/sub/r",
        5,
        "pull_request",
    ),
    ("https://gitlab.com/g/sub/r/-/issues/5", "gitlab.com", "g/sub/r", 5, "issue"),
    ("https://gitlab.com/g/r/merge_requests/5", "gitlab.com", "g/r", 5, "pull_request"),
    ("https://bitbucket.org/o/r/pull-requests/3", "bitbucket.org", "o/r", 3, "pull_request"),
    (
        "https://bb.example.org/projects/KEY/repos/r/pull-requests/3",
        "bb.example.org",
        "key/r",
        3,
        "pull_request",
    ),
    ("https://api.github.com/repos/o/r/pulls/12", "github.com", "o/r", 12, "pull_request"),
    ("https://api.github.com/repos/o/r/issues/12/x", "github.com", "o/r", 12, "either"),
    ("https://x.org/api/v3/repos/o/r/pulls/12", "x.org", "o/r", 12, "pull_request"),
    (
        "https://api.bitbucket.org/2.0/repositories/o/r/pullrequests/2",
        "bitbucket.org",
        "o/r",
        2,
        "pull_request",
    ),
    (
        "https://gitlab.com/api/v4/projects/g%2Fr/merge_requests/4",
        "gitlab.com",
        "g/r",
        4,
        "pull_request",
    ),
    ("gh api repos/o/r/pulls/12/comments", "", "o/r", 12, "pull_request"),
    ("Owner/Repo#12", "", "owner/repo", 12, "either"),
    ("(owner/next.js#123456789)", "", "owner/next.js", 123456789, "either"),
    ("See merge request group/sub/repo!8", "", "group/sub/repo", 8, "pull_request"),
)

BARE = (
    ("fixes #12, done", 12, "either"),
    ("Merge pull request #12 from o/branch", 12, "pull_request"),
    ("subject (#12)", 12, "either"),
    ("issue #4", 4, "issue"),
    ("PR: #4-#5", 4, "pull_request"),
    ("GH-12", 12, "either"),
)


@pytest.mark.parametrize("text", NOT_NAMED)
def test_what_only_looks_like_a_reference_is_none(text: str) -> None:
    assert references(text, bare=True) == []


@pytest.mark.parametrize(("text", "host", "slug", "number", "kind"), NAMED)
def test_an_address_or_a_slug_with_a_number_is_a_reference(
    text: str, host: str, slug: str, number: int, kind: str
) -> None:
    (found,) = references(f"word {text} word")
    assert (found.host, found.slug, found.number, found.kind) == (host, slug, number, kind)
    assert references(text) == [found]


@pytest.mark.parametrize(("text", "number", "kind"), BARE)
def test_a_bare_number_counts_only_where_it_is_asked_for(text: str, number: int, kind: str) -> None:
    assert references(text) == []
    found = references(text, bare=True)[0]
    assert (found.number, found.kind, found.slug, found.host) == (number, kind, "", "")


def test_each_reference_is_told_once_and_no_more_than_the_limit() -> None:
    assert len(references("o/r#1 o/r#1 O/R#1 o/r#2")) == 2
    many = " ".join(f"o/r#{number}" for number in range(1, MAX_REFERENCES + 9))
    assert len(references(many)) == MAX_REFERENCES


def test_what_comes_after_the_scanned_part_is_not_looked_at() -> None:
    assert references(" " * SCANNED_CHARS + "o/r#1") == []
    assert references(" " * (SCANNED_CHARS - 6) + "o/r#1 o/r#2") == [
        Reference(number=1, slug="o/r")
    ]


_PIECES = st.sampled_from(
    ("https://", "github.com", "/", "o", "r", "pull", "issues", "-", "repos", "#", "!", "1", "%2F",
     "0" * 9, ".", " ", "\n", "api/v3", "projects", "GH-", "é", "\ud800", ":")
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(_PIECES, max_size=60).map("".join))
def test_any_text_gives_well_formed_references(text: str) -> None:
    for found in references(text, bare=True):
        assert 0 < found.number < 10**9
        assert found.slug == found.slug.lower()
        assert found.slug.count("/") >= 1 or not (found.slug or found.host)


@pytest.mark.parametrize(
    "piece", ["https://a/", "http", "a/b/", "a" * 99 + "/", "#1", "a/b#", "repos/o/", "%2F/pull/"]
)
def test_hostile_text_is_walked_over_a_bounded_number_of_times(
    piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked = 0

    class Counting(str):
        def __getitem__(self, key: object) -> str:
            nonlocal walked
            walked += isinstance(key, int)
            return str.__getitem__(self, key)  # type: ignore[index]

    text = Counting((piece * SCANNED_CHARS)[: 64 * 1024] + "/pull/")
    list(module._marks(text, True))
    assert walked <= 4 * len(text)
    references(str(text), bare=True)
