"""Finds private keys in PEM form, whole or broken off, however the text around quotes them."""

import re

KEY_CHARS = 20_000
"""Characters from a private key's first line to its last; RSA with 16384 bits has 12,600."""

GATE = "PRIVATE KEY(?: BLOCK)?-----"
"""Found, in text or in its JSON, wherever `redact_private_keys` finds something."""

_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")

_BASE64 = "[A-Za-z0-9+/=]"
_MATERIAL = re.compile(rf"{_BASE64}{{16}}")
"""Tells a key from source code that only mentions its first and last line."""

_QUOTING = r"""[ \t\r\n"'`,+>|#]+"""
"""What stands between the lines where a file is quoted, diffed or commented out."""

_BODY = re.compile(
    rf"(?:{_BASE64}{{16,}}|{_BASE64}+(?=\Z|\n… )|\\+[nrt]?|{_QUOTING}"
    r"|[0-9]{1,6}[→:|\t]|(?:Proc-Type|DEK-Info|Version|Comment):[^\n\\]*)*"
)
_BODY_BACKWARDS = re.compile(
    rf"(?:[nrt]?\\+|{_QUOTING})*{_BASE64}{{0,80}}(?:{_BASE64}{{16,}}|[nrt]?\\+|{_QUOTING})*"
)


def redact_private_keys(text: str, mark: str) -> str:
    """`text` with `mark` in place of each private key."""
    return _without_begin(_with_begin(text, mark), mark)


def _with_begin(text: str, mark: str) -> str:
    """Keys whole; one that breaks off before its END line as far as it goes."""
    begins = list(_BEGIN.finditer(text))
    limits = [*(begin.start() for begin in begins[1:]), len(text)]
    kept, position = [], 0
    for begin, limit in zip(begins, limits, strict=False):
        end = _END.search(text, begin.end(), min(limit, begin.end() + KEY_CHARS))
        stop = end.end() if end else begin.end() + _extent(_BODY, text[begin.end() : limit])
        if _MATERIAL.search(text, begin.end(), end.start() if end else stop):
            kept += [text[position : begin.start()], mark]
            position = stop
    return "".join([*kept, text[position:]])


def _without_begin(text: str, mark: str) -> str:
    """The rest of keys whose BEGIN line was left out."""
    kept, position = [], 0
    for end in _END.finditer(text):
        before = text[max(position, end.start() - KEY_CHARS) : end.start()]
        size = _extent(_BODY_BACKWARDS, before[::-1])
        if _MATERIAL.search(before, len(before) - size):
            kept += [text[position : end.start() - size], mark]
            position = end.end()
    return "".join([*kept, text[position:]])


def _extent(pattern: re.Pattern[str], text: str) -> int:
    """Characters of a key's lines at the beginning of `text`, without the space after them."""
    found = pattern.match(text)
    return len(found.group().rstrip()) if found else 0
