"""Which pull requests and issues a text names.

Linear in the text by construction: an address begins with `http`, a known host or `repos/`, and
holds no second beginning; what stands before a `#` or `!` is walked back over at most once,
because it holds neither. No pattern can backtrack over more than one address.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from session_lattice.events import Reference, ReferenceKind
from session_lattice.sources.text import digest

MAX_REFERENCES = 64
"""Different references that are taken from one text, the first ones."""

SCANNED_CHARS = 256 * 1024
"""Characters at the beginning of a text that are looked at."""

GROUP_DEPTH = 20
"""Names of a slug at most: groups of GitLab lie in each other."""

NAME_CHARS = 100
"""Characters of an owner's, a group's or a repository's name."""

BARE_DIGITS = 5
"""Digits of a bare `#12`: six are a colour."""

_NAME = rf"[A-Za-z0-9_.~%+-]{{1,{NAME_CHARS}}}"
_NUMBER = r"([1-9][0-9]{0,8})(?!\w|[.]\d|-\w)"
_KNOWN = r"(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)"
_NOUNS = "pulls?|pull-requests|pullrequests|merge_requests|issues"
_ADDRESS = re.compile(
    rf"(?:https?://([A-Za-z0-9.-]{{1,253}}(?::[0-9]{{1,5}})?)/"
    rf"|(?<![\w./:@-])(?:({_KNOWN})/|/?(?=repos/)))"
    rf"((?:{_NAME}/){{2,{GROUP_DEPTH + 3}}}?)({_NOUNS})/{_NUMBER}"
)
_IN_ADDRESS = ("/pull", "/issues/", "/merge_requests/")
"""One of these is in every text that has an address."""

_MARK = re.compile(rf"([#!]){_NUMBER}")
_GH = re.compile(rf"(?<![\w/.-])GH-{_NUMBER}")
_OWN_HOST = {"api.github.com": "github.com", "api.bitbucket.org": "bitbucket.org"}
_API = re.compile(r"(?:api/v[0-9]|[0-9]\.[0-9])\Z")

_SLUG = re.compile(
    rf"[A-Za-z0-9][\w.-]{{0,{NAME_CHARS - 1}}}(?:/[\w.-]{{1,{NAME_CHARS}}}){{1,{GROUP_DEPTH - 1}}}",
    re.ASCII,
)
_SLUG_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/")
_LONGEST_SLUG = 256
_NOT_BEFORE = frozenset(":@\\~$%&?=+#!")
"""What stands before an anchor, an entity, a remote or an escape, not before a slug."""

_BEFORE_BARE = frozenset(" \t\r\n([{<,;:\"'`*|")
_QUOTES = frozenset("\"'`")
_FILE = re.compile(r"\.(?:md|rst|txt|html?|css|json|ya?ml|toml|py|rs|go|tsx?|jsx|c|h|sh|sql)\Z")
"""Endings of a file's name: `docs/page.md#12` is a place in it. A repository may end in `.js`."""

_KIND_CHARS = 16
"""Characters before a `#12` that may say what it is."""

_KIND_WORD = re.compile(r"(?i)\b(?:(pull request|pr|merge request)|(issue))[ :]*\Z")


def references(text: str, *, bare: bool = False) -> list[Reference]:
    """The pull requests and issues that `text` names, each once, at most MAX_REFERENCES.

    Addresses of GitHub, GitLab, Bitbucket, Gitea and what is built like them, also of their
    APIs; `owner/repo#12` and GitLab's `group/repo!12`, and with `bare` also `#12` and `GH-12`,
    which are of the repository at hand. Only the first SCANNED_CHARS characters are looked at.
    """
    text = text[:SCANNED_CHARS]
    found: dict[Reference, None] = {}
    for reference in _named(text, bare):
        found[reference] = None
        if len(found) >= MAX_REFERENCES:
            break
    return list(found)


def observed(
    found: Iterable[Reference], *, call: str = "", message: str = "", evidence: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(key, fields) of the event for each reference: one for each that a call or message names.

    Without an `evidence` it is "url" where the text had an address, else "mention".
    """
    for reference in found:
        proof = evidence or ("url" if reference.host else "mention")
        number, slug, host, kind = (
            reference.number,
            reference.slug,
            reference.host,
            reference.kind,
        )
        key = digest(call, message, proof, host, slug, str(number), kind)
        yield (
            f"reference/{key}",
            {
                "number": number,
                "slug": slug,
                "host": host,
                "kind": kind,
                "evidence": proof,
                "call": call,
                "message": message,
            },
        )


def _named(text: str, bare: bool) -> Iterator[Reference]:
    if any(part in text for part in _IN_ADDRESS):
        yield from _addresses(text)
    if "#" in text or "!" in text:
        yield from _marks(text, bare)
    if bare and "GH-" in text:
        for match in _GH.finditer(text):
            yield Reference(number=int(match[1]))


def _addresses(text: str) -> Iterator[Reference]:
    for match in _ADDRESS.finditer(text):
        given, known, path, noun, number = match.groups()
        host = (given or known or "").lower().removeprefix("www.")
        slug, api = _slug(path.rstrip("/").split("/"), noun)
        if slug:
            # GitHub's API has the comments of a pull request under the issue of its number.
            issue: ReferenceKind = "either" if api else "issue"
            kind: ReferenceKind = issue if noun == "issues" else "pull_request"
            host = _OWN_HOST.get(host, host)
            yield Reference(number=int(number), slug=slug, host=host, kind=kind)


def _slug(names: list[str], noun: str) -> tuple[str, bool]:
    """The slug in a path before its noun, "" where there is none; whether it is an API's."""
    given = names
    if _API.match("/".join(names[:2])):
        names = names[2:]
    elif _API.match(names[0]):
        names = names[1:]
    if names[:1] in (["repos"], ["repositories"]) and len(names) == 3:
        return "/".join(names[1:]).lower(), True
    if names is not given:
        quoted = unquote(names[1]) if names[:1] == ["projects"] and len(names) == 2 else ""
        return (quoted.lower() if "/" in quoted else ""), True
    if len(names) == 4 and names[0] in ("projects", "users") and names[2] == "repos":
        names = [names[1], names[3]]
    nested = names[-1] == "-" or noun == "merge_requests"
    if names[-1] == "-":
        names = names[:-1]
    whole = len(names) == 2 or (nested and 2 < len(names) <= GROUP_DEPTH)
    return ("/".join(names).lower() if whole else ""), False


def _marks(text: str, bare: bool) -> Iterator[Reference]:
    for match in _MARK.finditer(text):
        at, mark, number = match.start(), match[1], int(match[2])
        if at and text[at - 1] in _SLUG_CHARS:
            slug = _slug_before(text, at, nested=mark == "!")
            if slug:
                kind: ReferenceKind = "pull_request" if mark == "!" else "either"
                yield Reference(number=number, slug=slug, kind=kind)
        elif bare and mark == "#" and _is_bare(text, match):
            yield Reference(number=number, kind=_kind_before(text, at))


def _slug_before(text: str, end: int, *, nested: bool) -> str:
    """`owner/repo` that ends at `end` and is no part of a longer path or an address, or ""."""
    start, stop = end, max(0, end - _LONGEST_SLUG)
    while start > stop and text[start - 1] in _SLUG_CHARS:
        start -= 1
    if start and (text[start - 1] in _NOT_BEFORE or text[start - 1] in _SLUG_CHARS):
        return ""
    slug = text[start:end].lower()
    whole = _SLUG.fullmatch(slug) and (nested or slug.count("/") == 1) and not _FILE.search(slug)
    return slug if whole else ""


def _is_bare(text: str, match: re.Match[str]) -> bool:
    before = text[match.start() - 1 : match.start()] if match.start() else ""
    after = text[match.end() : match.end() + 1]
    colour = after == ";" or (before in _QUOTES and after in _QUOTES)
    return len(match[2]) <= BARE_DIGITS and (not before or before in _BEFORE_BARE) and not colour


def _kind_before(text: str, at: int) -> ReferenceKind:
    """What a bare number is of, by the words before it."""
    word = _KIND_WORD.search(text[max(0, at - _KIND_CHARS) : at])
    if word is None:
        return "either"
    return "pull_request" if word[1] else "issue"
