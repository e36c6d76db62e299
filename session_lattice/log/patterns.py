"""What secrets look like: one rule per format, each with the gate that leads to it.

A rule's pattern works on the text that a person would read. Its gate, for RE2, works on the JSON
that the text is encoded in, and is looser: whatever the pattern finds, the gate finds in the
encoded text, where a quote is `\\"` and a newline `\\n`. So gates have no word boundaries: before a
key at the start of a line stands the `n` of that `\\n`.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from session_lattice.log import private_keys

MARK = "[redacted:"
"""How every mark begins; the kind and a bracket follow."""

MIN_SECRET_CHARS = 16
"""Characters that a value has when only its name says that it is secret."""

MIN_PASSWORD_CHARS = 8
"""The same when the name says password."""

MIN_DIFFERENT_CHARS = 8
"""Different characters among those; fewer are a placeholder."""

Check = Callable[[re.Match[str]], bool]


def _always(match: re.Match[str]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """`apply` puts a mark in place of each secret of a text; `gate` is where it may find any."""

    gate: str
    apply: Callable[[str], str]


def rule(kind: str, gate: str, pattern: str, check: Check = _always) -> Rule:
    """What the group `secret` of `pattern` matches is a secret if `check` agrees."""
    return Rule(gate, partial(_mark_secrets, f"{MARK}{kind}]", re.compile(pattern), check))


def _mark_secrets(mark: str, pattern: re.Pattern[str], check: Check, text: str) -> str:
    def replaced(match: re.Match[str]) -> str:
        if not check(match):
            return match[0]
        start, end = match.span("secret")
        return text[match.start() : start] + mark + text[end : match.end()]

    return pattern.sub(replaced, text)


# --- tokens that a prefix gives away -----------------------------------------------------

_WORD = "[A-Za-z0-9]"
_SLUG = "[A-Za-z0-9_-]"

_EDGE = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=[0-9]m))"
"""Not inside a word; an escaped newline or a terminal's colour code is none."""

_CUT = r"(?=\Z|\n… )"
"""The end of the text, or the mark that stands for the middle of an output."""


def _has_digit(match: re.Match[str]) -> bool:
    return any(char.isdigit() for char in match["secret"])


def _token(
    kind: str, prefix: str, chars: str, full: int, head: int, check: Check = _always, edge: str = ""
) -> Rule:
    """`prefix` and at least `full` more characters; `head` are enough where the text was cut."""
    body = prefix + chars
    pattern = f"{edge}(?P<secret>{body}{{{full},}}|{body}{{{head},}}{_CUT})"
    return rule(kind, f"{body}{{{head}}}", pattern, check)


_TOKENS = (
    _token("github_token", "gh[pousr]_", _WORD, 30, 4),
    _token("github_token", "github_pat_", "[A-Za-z0-9_]", 30, 4),
    _token("gitlab_token", "gl(?:pat|dt|rt|ptt|cbt|ft|soat|imt|agent)-", _SLUG, 16, 6),
    _token("slack_token", "(?:xox[a-z](?:[.]xox[a-z])?-|xapp-[0-9]-)", _SLUG, 10, 4),
    _token("anthropic_key", "sk-ant-", _SLUG, 16, 4),
    _token("openai_key", "sk-(?:proj|svcacct|admin|None|or-v1)-", _SLUG, 20, 4, edge=_EDGE),
    _token("openai_key", "sk-", _WORD, 20, 12, _has_digit, _EDGE),
    _token("google_key", "AIza", _SLUG, 30, 6),
    _token("google_key", "(?:ya29[.]|GOCSPX-)", _SLUG, 20, 8),
    _token("stripe_key", "[sr]k_(?:live|test)_", _WORD, 10, 4),
    _token("stripe_key", "whsec_", "[A-Za-z0-9+/=]", 24, 8),
    _token("npm_token", "npm_", _WORD, 30, 10, _has_digit, _EDGE),
    _token("pypi_token", "pypi-AgE[IN]", _SLUG, 20, 6),
    _token("huggingface_token", "hf_", _WORD, 30, 10, _has_digit, _EDGE),
    _token("telegram_token", "[0-9]{8,10}:AA", _SLUG, 32, 6, edge="(?<![0-9])"),
)

# --- formats that have a shape of their own ----------------------------------------------

_AWS = "(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)"
_JWT = f"eyJ{_SLUG}{{8,}}[.]eyJ"

_SHAPES = (
    rule("jwt", _JWT, f"(?P<secret>{_JWT}{_SLUG}*(?:[.]{_SLUG}{{4,}}|[.]?{_SLUG}*{_CUT}))"),
    rule(
        "aws_key",
        f"{_AWS}[A-Z0-9]{{6}}",
        f"{_EDGE}(?P<secret>{_AWS}(?:[A-Z0-9]{{16}}(?!{_WORD})|[A-Z0-9]{{6,15}}{_CUT}))",
    ),
    rule(
        "sendgrid_key",
        f"SG[.]{_SLUG}{{16}}",
        f"{_EDGE}(?P<secret>SG[.]{_SLUG}{{16,}}(?:[.]{_SLUG}{{16,}}|[.]?{_SLUG}*{_CUT}))",
    ),
    rule(
        "twilio_key",
        "SK[0-9a-f]{12}",
        f"{_EDGE}(?P<secret>SK(?:[0-9a-f]{{32}}(?!{_WORD})|[0-9a-f]{{12,31}}{_CUT}))",
    ),
    rule(
        "slack_webhook",
        r"hooks\.slack\.com",
        r"hooks\.slack\.com\\*/(?:services|workflows|triggers)\\*/(?P<secret>[\w/+\\-]{8,})",
    ),
)

# --- values that their surroundings give away --------------------------------------------

_SPACE = r"(?:[ \t\r\n]|\\+[nrt])*"
_SEPARATOR = rf"""["'`\\]*{_SPACE}(?:=>|:=|[:=]){_SPACE}["'`\\]*"""
_SEPARATOR_GATE = r"""[\\"'` ntr]*[:=][\\"'` ntr>=]*"""

_PASSWORD_NAME = r"(?i:passw(?:or)?d|pwd|passphrase)"
_SECRET_NAME = (
    r"(?i:api[_-]?key|secret|token|credentials?"
    r"|(?:access|account|auth|encryption|private|signing)[_-]?key)"
)
_SUFFIX = r"(?i:[_-]?(?:(?:access[_-]?)?key|value|string|base64|b64))?"

_VALUE = r"""[^\x00-\x20\x7f"'`\\<>(){}\[\],;]"""
_WHOLE_VALUE = rf"(?P<secret>(?![:=>]){_VALUE}{{{MIN_PASSWORD_CHARS},}}+)(?![(\[{{])"
"""A call, an index or a block after it means that it is code that fetches the secret."""

_PART = r"""[^\x00-\x20\x7f"'`\\;,<>(){}]"""
"""Of a connection string: what a password may consist of without quotes."""

_DSN = rf"(?i:(?:host|hostaddr|port|dbname|user|sslmode)={_PART}+ (?:password|passwd)=)"
_USER = r"""://[^\x00-\x20\x7f/:@"'`\\<>]*:"""
_CREDENTIAL = "[A-Za-z0-9._~+/=-]"
_AUTHORIZATION = r"(?i:authorization)"
_SCHEME = r"(?i:token|apikey|key) +"

_FILLER = re.compile(r"(?i)your|example|placeholder|change[_-]?me|replace|dummy|x{4}|\*{3}|\.{3}|…")
_PUBLIC = re.compile(r"(?i)public[_-]?(?:key[_-]?)?\Z")
_PIECE = re.compile(r"[A-Za-z]*[0-9]{0,4}")
_NOT_PIECE = re.compile(r"[^A-Za-z0-9]+")
_NO_VALUE = ("$", "%", "{", "<", "*", "/", "./", "../", "~/", "arn:")


def _is_placeholder(value: str) -> bool:
    return (
        value.startswith(_NO_VALUE)
        or MARK in value
        or "://" in value
        or _FILLER.search(value) is not None
    )


def _is_identifier(value: str) -> bool:
    """Words, perhaps numbered, joined by any punctuation: what programs and people name things."""
    return all(_PIECE.fullmatch(piece) for piece in _NOT_PIECE.split(value))


def _is_given(match: re.Match[str]) -> bool:
    return not _is_placeholder(match["secret"])


def _is_url_password(match: re.Match[str]) -> bool:
    value = match["secret"]
    return MARK not in value and not value.startswith(("$", "%", "{", "<", "*"))


def _is_random(match: re.Match[str]) -> bool:
    value = match["secret"]
    return _has_digit(match) and not _is_placeholder(value) and not _is_identifier(value)


def _is_basic(match: re.Match[str]) -> bool:
    """Base64 of user:password."""
    value = match["secret"]
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        return False


def _is_assigned(match: re.Match[str]) -> bool:
    value = match["secret"]
    if _is_placeholder(value) or _is_public(match):
        return False
    quoted = match["open"][-1:] in ("'", '"', "`")
    if re.match(_PASSWORD_NAME, match["name"]):
        return _is_password(value, quoted)
    digits = sum(char.isdigit() for char in value)
    return (
        len(value) >= MIN_SECRET_CHARS
        and digits >= (1 if quoted else 2)
        and digits < len(value)
        and len(set(value)) >= MIN_DIFFERENT_CHARS
        and not _is_identifier(value)
    )


def _is_password(value: str, quoted: bool) -> bool:
    """A literal may look like a name with a number; without quotes that is a variable."""
    letters = any(char.isalpha() for char in value)
    others = any(not char.isalpha() and char not in "_-./:" for char in value)
    return letters and others and (quoted or not _is_identifier(value))


def _is_public(match: re.Match[str]) -> bool:
    return _PUBLIC.search(match.string, max(0, match.start() - 16), match.start()) is not None


_IN_CONTEXT = (
    rule(
        "password",
        r"""://[^\x00-\x20\x7f/:@"\\<>]*:[^\x00-\x20\x7f/"\\<>]+@""",
        rf"""{_USER}(?P<secret>[^\x00-\x20\x7f/"'`\\<>]+)@""",
        _is_url_password,
    ),
    rule(
        "password",
        rf"(?i:; ?(?:password|pwd)=){_PART}",
        rf"(?i:; ?(?:password|pwd)=)(?P<secret>{_PART}+)(?=[;\"'`\\]|\Z)",
        _is_given,
    ),
    rule(
        "password",
        rf"(?i:(?:password|pwd)=){_PART}+; ?[A-Za-z]",
        rf"(?i:(?:password|pwd)=)(?P<secret>{_PART}+)(?=; ?[A-Za-z][A-Za-z ]{{0,30}}=)",
        _is_given,
    ),
    rule("password", f"{_DSN}{_PART}", f"{_DSN}(?P<secret>{_PART}+)", _is_given),
    rule(
        "aws_key",
        rf"(?i:secret[_-]?(?:access[_-]?)?key|aws[_-]?secret){_SEPARATOR_GATE}[A-Za-z0-9/+]{{40}}",
        rf"(?i:secret[_-]?(?:access[_-]?)?key|aws[_-]?secret){_SEPARATOR}"
        r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    ),
    rule(
        "bearer_token",
        f"(?i:bearer) +{_CREDENTIAL}{{8}}",
        f"(?i:bearer) +(?P<secret>{_CREDENTIAL}{{8,}})",
        _is_random,
    ),
    rule(
        "bearer_token",
        rf"{_AUTHORIZATION}{_SEPARATOR_GATE}{_SCHEME}{_CREDENTIAL}{{8}}",
        rf"{_AUTHORIZATION}{_SEPARATOR}{_SCHEME}(?P<secret>{_CREDENTIAL}{{8,}})",
        _is_random,
    ),
    rule(
        "basic_auth",
        rf"{_AUTHORIZATION}{_SEPARATOR_GATE}(?i:basic) +[A-Za-z0-9+/]{{4}}",
        rf"{_AUTHORIZATION}{_SEPARATOR}(?i:basic) +(?P<secret>[A-Za-z0-9+/]{{4,}}=*)",
        _is_basic,
    ),
    rule(
        "password",
        rf"{_PASSWORD_NAME}{_SUFFIX}{_SEPARATOR_GATE}{_VALUE}{{{MIN_PASSWORD_CHARS}}}",
        rf"(?P<name>{_PASSWORD_NAME}){_SUFFIX}(?P<open>{_SEPARATOR}){_WHOLE_VALUE}",
        _is_assigned,
    ),
    rule(
        "secret",
        rf"{_SECRET_NAME}{_SUFFIX}{_SEPARATOR_GATE}{_VALUE}{{{MIN_SECRET_CHARS}}}",
        rf"(?P<name>{_SECRET_NAME}){_SUFFIX}(?P<open>{_SEPARATOR}){_WHOLE_VALUE}",
        _is_assigned,
    ),
    *(
        rule(
            kind,
            rf"""--[A-Za-z0-9_-]*{name}{_SUFFIX} +[\\"']*{_VALUE}{{{MIN_PASSWORD_CHARS}}}""",
            rf"""--[A-Za-z0-9_-]{{0,32}}?(?P<name>{name}){_SUFFIX}"""
            rf"""(?P<open> +["'\\]*){_WHOLE_VALUE}""",
            _is_assigned,
        )
        for kind, name in (("password", _PASSWORD_NAME), ("secret", _SECRET_NAME))
    ),
)

_PRIVATE_KEYS = Rule(
    private_keys.GATE,
    partial(private_keys.redact_private_keys, mark=f"{MARK}private_key]"),
)

RULES = (_PRIVATE_KEYS, *_SHAPES, *_TOKENS, *_IN_CONTEXT)
"""In the order in which they are applied: what has a format of its own comes first."""
