"""What a commit's message says: subject, body, trailers, references."""

import re
from collections.abc import Iterator

import msgspec

from session_lattice.events import Reference, Trailer
from session_lattice.sources.git.repository import plain
from session_lattice.sources.references import MAX_REFERENCES, references

MESSAGE_BYTES = 64 * 1024
"""Of a message that are looked at."""

SUBJECT_CHARS = 500
BODY_CHARS = 4_000
MAX_TRAILERS = 64
KEY_CHARS = 100
VALUE_CHARS = 500

_TRAILER = re.compile(r"([A-Za-z0-9-]+)[ \t]*:[ \t]*(.*)")
_GENERATED = ("Signed-off-by:", "(cherry picked from commit ")
"""Lines that git itself writes: beside one, a quarter of the lines is enough."""

_PULL = re.compile(r"(?:\(#|^Merge pull request #)(\d{1,9})(?:\)$| from )")
"""How forges name in the subject the pull request that they merged or squashed."""

_CLOSES = re.compile(r"(?i)\b(?:clos(?:e|es|ed)|fix(?:es|ed)?|resolv(?:e|es|ed)):? #(\d{1,9})")
"""Words with which a commit closes an issue of its repository."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    subject: str
    body: str
    trailers: tuple[Trailer, ...]
    references: tuple[Reference, ...]


def parse(raw: bytes, encoding: str | None = None) -> Message:
    """As git sees it: the first paragraph is the subject, trailers are in the last one."""
    text = _text(raw[:MESSAGE_BYTES], encoding)
    paragraphs = [part for part in re.split(r"\n(?:[ \t]*\n)+", text.strip("\n")) if part.strip()]
    subject = " ".join(paragraphs[0].split()) if paragraphs else ""
    subject = subject[:SUBJECT_CHARS]
    return Message(
        subject=subject,
        body="\n\n".join(paragraphs[1:]).strip()[:BODY_CHARS],
        trailers=tuple(_trailers(paragraphs[-1]))[:MAX_TRAILERS] if len(paragraphs) > 1 else (),
        references=tuple(_references(subject, text)),
    )


def _text(raw: bytes, encoding: str | None) -> str:
    """By its own encoding where there is such a one, else as UTF-8."""
    try:
        text = raw.decode(encoding or "utf-8", "replace")
    except (LookupError, ValueError):
        text = raw.decode("utf-8", "replace")
    return plain(text.replace("\r\n", "\n").replace("\0", ""), MESSAGE_BYTES)


def _trailers(paragraph: str) -> Iterator[Trailer]:
    """The block's, by git's rule: all of its lines are trailers, or git's own and a quarter."""
    block = _unfolded(line for line in paragraph.split("\n") if not line.startswith("#"))
    found = [match for line in block if (match := _TRAILER.fullmatch(line))]
    generated = any(line.startswith(_GENERATED) for line in block)
    own = sum(line.startswith(_GENERATED[1]) for line in block)
    others = len(block) - len(found) - own
    if others and not (generated and 3 * (len(found) + own) >= others):
        return
    for match in found:
        yield Trailer(key=match[1][:KEY_CHARS], value=match[2].strip()[:VALUE_CHARS])


def _unfolded(lines: Iterator[str]) -> list[str]:
    """A line that begins with white space goes on with the one before."""
    whole: list[str] = []
    for line in lines:
        if whole and line[:1] in (" ", "\t"):
            whole[-1] = f"{whole[-1]} {line.strip()}"
        else:
            whole.append(line.rstrip())
    return whole


def _references(subject: str, text: str) -> list[Reference]:
    """A number that the subject shows to be a pull request's is told as one, and once."""
    merged = _PULL.search(subject)
    number = int(merged[1]) if merged else 0
    pulls = [Reference(number=number, kind="pull_request")] if number else []
    closed = {int(match[1]) for match in _CLOSES.finditer(text)}
    own = [
        Reference(number=one.number, kind="issue") if _bare(one) and one.number in closed else one
        for one in references(text, bare=True)
        if not (_bare(one) and one.number == number)
    ]
    return [*pulls, *dict.fromkeys(own)][:MAX_REFERENCES]


def _bare(reference: Reference) -> bool:
    return not (reference.slug or reference.host)
