"""Words as the index knows them: whole identifiers, and the parts that they are made of.

FTS5 takes a text apart at everything that is no letter and no digit. So the parts of
`snake_case`, `a/path.py`, a UUID or `--a-flag` are words of their own, and the whole is found as
these words side by side. `camelCase` has no such marks: its parts are kept beside the text.
"""

import re

MAX_IDENTIFIER_CHARS = 64
"""Longer runs of letters and digits are data, not names."""

MAX_PARTS_CHARS = 8_192
"""Of the parts of one document's identifiers."""

_IDENTIFIER = re.compile(
    r"(?<![^\W_])[A-Za-z](?=[A-Za-z0-9]*[A-Z])"
    rf"[A-Za-z0-9]{{1,{MAX_IDENTIFIER_CHARS - 1}}}+(?![^\W_])"
)
_HUMP = re.compile("[A-Z](?:(?<=[a-z0-9][A-Z])|(?<=[A-Z][A-Z])(?=[a-z]))")
"""Most texts have none, which is soon told as it begins with what few characters are."""

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def parts(text: str) -> str:
    """The parts of the camelCase identifiers in `text`, each identifier's once, in order."""
    if not _HUMP.search(text):
        return ""
    found = {name: None for name in _IDENTIFIER.findall(text) if not name.isupper()}
    return " ".join(" ".join(_PARTS.findall(name)) for name in found)[:MAX_PARTS_CHARS]
