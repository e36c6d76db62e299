"""What a parser of a Claude Code file remembers from one run over the file to the next."""

from typing import TypeVar

import msgspec

from session_lattice.sources.claude_usage import Reported

V = TypeVar("V")

SHORT = 12
"""Characters at the end of a uuid, random in every version, that stand for it."""

CALLS = 64
"""Calls without a result that are remembered per file."""

PATHS = 512
"""Files per transcript that are remembered as read or written."""

CHAIN_LINES = 128
"""Lines of inline sidechains whose chain is remembered."""

LEAVES = 64
"""Last lines that a summary may refer to."""

SUMMARIES = 16
"""Summaries that wait for the line that they refer to."""

LINKS = 64
"""Links to subagents per file that are not said again."""


class Call(msgspec.Struct, array_like=True, omit_defaults=True):
    """A call that waits for its result. `prompt` and `path` are digests.

    `kind` is the type of subagent that it starts, or "create" for a Write of a new file. `forge`
    and `git` say what its output may hold, as `forges.Talk` does.
    """

    name: str
    path: str = ""
    kind: str = ""
    description: str = ""
    prompt: str = ""
    forge: bool = False
    git: bool = False


class Fact(msgspec.Struct, array_like=True):
    """The last value of a fact about the session and how often it changed before."""

    value: str
    changes: int


class Memo(msgspec.Struct, omit_defaults=True):
    """Every collection is bounded by the limits above, the oldest entry goes first."""

    ts: int | None = None
    session: str = ""
    cwd: str = ""
    branch: str = ""
    facts: dict[str, Fact] = {}
    usage: dict[str, Reported] = {}
    calls: dict[str, Call] = {}
    paths: dict[str, None] = {}
    chains: dict[str, str] = {}
    chain: str = ""
    leaves: list[str] = []
    summaries: dict[str, str] = {}
    links: dict[str, None] = {}


_decoder = msgspec.json.Decoder(Memo | None)


def decode(data: bytes) -> Memo:
    """A fresh memo for `null`, and for what another version wrote."""
    try:
        return _decoder.decode(data) or Memo()
    except msgspec.DecodeError:
        return Memo()


def remember(kept: dict[str, V], key: str, value: V, limit: int) -> None:
    """Put `key` at the end, dropping the oldest entry beyond `limit`."""
    kept.pop(key, None)
    if len(kept) >= limit:
        del kept[next(iter(kept))]
    kept[key] = value
