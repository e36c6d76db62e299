"""What can be found: one document for a message, for a tool call, for what a call failed with."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

MESSAGE_KINDS = (
    "prompt",
    "command",
    "injected",
    "summary",
    "notification",
    "interrupt",
    "reply",
)
CALL, ERROR = "call", "error"
KINDS = (*MESSAGE_KINDS, CALL, ERROR)
"""Of documents: messages by their own kind, calls, and what calls failed with."""

MAX_TEXT_CHARS = 65_536
"""Of one document; the rest of a longer text cannot be found."""

COMMANDS = ("command", "cmd")
"""Fields of a call's input that are the whole of what it says."""

SHELLS = ("bash", "sh", "zsh", "/bin/bash", "/bin/sh", "/bin/zsh")
HASH_BYTES = 8
SOURCE_BITS = 44
"""Of an identity; the others are the session's. Among 10,000 documents of a session the chance
that any two have the same is 3e-6."""

_ESCAPES = (("\\n", "\n"), ("\\t", "\t"), ('\\"', '"'), ("\\\\", "\\"))


class Document(NamedTuple):
    """`source` is the message's or the call's own id; `ts` is in microseconds since the epoch.

    `cwd` and `tool` are "" where they are not known, `subagent` on the main thread.
    """

    session: str
    source: str
    kind: str
    ts: int
    text: str
    subagent: str = ""
    cwd: str = ""
    tool: str = ""

    @property
    def agent(self) -> str:
        return self.session.partition("/")[0]

    @property
    def identity(self) -> int:
        """64 bits of what makes it the same document when it is delivered again.

        Documents of one session have the first bits in common and so lie side by side: a batch
        of a few sessions touches few pages.
        """
        sort = self.kind if self.kind in (CALL, ERROR) else "message"
        first = _hash(self.session) >> SOURCE_BITS
        return first << SOURCE_BITS | _hash(f"{sort} {self.source}") & ((1 << SOURCE_BITS) - 1)


def _hash(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()
    return int.from_bytes(digest, "little", signed=True)


def said(given: str) -> str:
    """What the input of a call says: a command as it is, of anything else all its texts."""
    try:
        found = msgspec.json.decode(given)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return _unescaped(given)
    if isinstance(found, dict):
        for name in COMMANDS:
            if found.get(name):
                return _command(found[name])
    return "\n".join(_texts(found))


def _command(value: Any) -> str:
    """A shell's own words are left out: `["bash", "-lc", "make"]` is `make`."""
    if isinstance(value, list):
        words = [word for word in value if isinstance(word, str)]
        if len(words) > 2 and words[0] in SHELLS and words[1].startswith("-"):
            words = words[2:]
        return " ".join(words)
    return "\n".join(_texts(value))


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value of JSON, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _unescaped(given: str) -> str:
    """Of JSON that was cut, and so cannot be read, as much as makes its words findable."""
    if given[:1] not in ("{", "["):
        return given
    for escape, meaning in _ESCAPES:
        given = given.replace(escape, meaning)
    return given
