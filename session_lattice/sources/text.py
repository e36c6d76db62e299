"""Small text work that every source does for every line: cutting, excerpts, times, names."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import PureWindowsPath

NAME_CHARS = 64
"""Characters of a name from a transcript that become part of a warning's kind."""

TITLE_CHARS = 120
"""Characters of a first prompt that make a title."""

MICROSECONDS = 1_000_000


def clip(text: str, limit: int) -> tuple[str, int]:
    """`text` cut to at most `limit` bytes of UTF-8 at a character boundary, and its full size."""
    if text.isascii():
        return (text if len(text) <= limit else text[:limit]), len(text)
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text, len(data)
    return data[:limit].decode("utf-8", "ignore"), len(data)


def excerpt(text: str, limit: int, kept: Sequence[str] = ()) -> tuple[str, int]:
    """The beginning and the end of `text` with a mark between, and its full size in bytes.

    At most `limit` bytes of `text` are kept; the mark comes on top and tells what is missing.
    So do those of the `kept` lines that are in neither; they stand between.
    """
    end = limit // 3
    if text.isascii():
        size = len(text)
        head, tail = text[: limit - end], text[size - end :]
    else:
        data = text.encode("utf-8", "replace")
        size = len(data)
        head = data[: limit - end].decode("utf-8", "ignore")
        tail = data[size - end :].decode("utf-8", "ignore")
    if size <= limit:
        return text, size
    lines = [line for line in kept if line not in head and line not in tail]
    between = "".join(f"{line}\n" for line in lines)
    return f"{head}\n… {size - limit} bytes left out …\n{between}{tail}", size


def title(text: str) -> str:
    """One line of at most TITLE_CHARS characters."""
    line = " ".join(text[: TITLE_CHARS * 8].split())
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1].rstrip() + "…"


def parse_timestamp(text: str | None) -> int | None:
    """An ISO 8601 time as microseconds since the epoch, UTC; None when it is not one.

    A time without an offset is taken as UTC.
    """
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        return round(when.timestamp() * MICROSECONDS)
    except (ValueError, OverflowError):
        return None


def digest(*parts: str) -> str:
    """A short hash that stands for `parts` in keys and streams: 16 hex digits."""
    joined = "\0".join(parts).encode("utf-8", "replace")
    return blake2b(joined, digest_size=8).hexdigest()


def name_of(text: str) -> str:
    """`text` fit to be part of a warning's kind: short, printable, one line."""
    return "".join(c if c.isprintable() else "?" for c in text[:NAME_CHARS])


def is_windows(path: str) -> bool:
    """True for an absolute path as Windows writes them."""
    return path[1:3] in (":\\", ":/") or path.startswith("\\\\")


def absolute(path: str, cwd: str) -> str:
    """`path` seen from `cwd`, without `.` and `..`; as it is when `cwd` does not help."""
    if is_windows(path):
        return path
    if path.startswith("/"):
        plain = "/." not in path and "//" not in path
        return path if plain else os.path.normpath(path)
    if path.startswith("~") or not cwd:
        return path
    if is_windows(cwd):
        return str(PureWindowsPath(cwd, path))
    return os.path.normpath(f"{cwd}/{path}")
