"""Redaction: every known format, nothing that only looks like one, and nothing else changed."""

import json

import msgspec
import pytest
import re2  # type: ignore[import-untyped]
from hypothesis import example, given, settings
from hypothesis import strategies as st

from session_lattice.log.patterns import MARK, RULES
from session_lattice.log.redaction import redact_events
from tests.log.secrets_table import BASE64, HEX, KINDS, SLUG, WORD, made, pem

FOUND = [(kind.name, text, secret) for kind in KINDS for text, secret in kind.found]
KEPT = [(kind.name, text) for kind in KINDS for text in kind.kept]
CUT_HEADS = [
    ("github_token", "ghp_" + made(WORD, 9)),
    ("anthropic_key", "sk-ant-api03"),
    ("aws_key", "AKIA" + "IOSFODNN"),
    ("jwt", f"eyJ{made(WORD, 33)}.eyJ{made(SLUG, 7)}"),
    ("private_key", pem("PRIVATE KEY")[:700]),
    ("sendgrid_key", f"SG.{made(SLUG, 22)}.{made(SLUG, 5)}"),
    ("openai_key", "sk-" + made(WORD, 15)),
]
BEGIN, *_, END = pem("PRIVATE KEY").splitlines()
LEFT_OUT = "\n… 12345 bytes left out …\nand so on"

ASSIGNED = st.tuples(
    st.sampled_from(
        ["password", "DB_PWD", "api_key", "secret_access_key", "authorization", "--token"]
    ),
    st.sampled_from(["=", ": ", " = ", '":"', '\\": \\"', " => '", ":=", " ", ":\n  ", ": Basic "]),
    st.one_of(st.text(SLUG, min_size=6, max_size=50), st.text(min_size=6, max_size=20)),
    st.sampled_from(["", '"', "'", ";", "(", "\n", "; user=x"]),
).map("".join)
FRAGMENTS = st.one_of(
    ASSIGNED,
    st.text(max_size=12),
    st.sampled_from([secret for _, _, secret in FOUND]),
    st.sampled_from([secret[: len(secret) // 2] for _, _, secret in FOUND]),
    st.sampled_from([text for _, text, _ in FOUND]),
    st.sampled_from(["password=", "token: ", '\\"secret\\": \\"', "://u:", "@host", "; ", "\n… "]),
    st.sampled_from(
        ["Bearer ", "Authorization: ", "=", "'", '"', "\\n", "-----", MARK, "]", "AKIA"]
    ),
    st.text(WORD, max_size=24),
)
TEXTS = st.lists(FRAGMENTS, max_size=10).map("".join)

LATIN1 = re2.Options()
LATIN1.encoding = re2.Options.Encoding.LATIN1
GATES = [re2.compile(rule.gate.encode(), LATIN1) for rule in RULES]


def redact(text: str) -> str:
    redacted: str = msgspec.json.decode(redact_events([msgspec.json.encode(text)])[0])
    return redacted


@pytest.mark.parametrize(("kind", "text", "secret"), FOUND)
def test_a_secret_becomes_a_mark_of_its_kind_and_the_rest_stays(
    kind: str, text: str, secret: str
) -> None:
    assert redact(text.format(secret)) == text.format(f"{MARK}{kind}]")


@pytest.mark.parametrize(("kind", "text"), KEPT)
def test_what_only_looks_like_a_secret_stays(kind: str, text: str) -> None:
    assert redact(text) == text


def test_each_kind_has_three_texts_that_are_redacted_and_two_that_are_not() -> None:
    assert [k.name for k in KINDS if len(k.found) < 3 or len(k.kept) < 2] == []


@pytest.mark.parametrize(("kind", "text", "secret"), FOUND)
def test_a_secret_is_found_however_deep_the_json_around_it(
    kind: str, text: str, secret: str
) -> None:
    for _ in range(3):
        text = json.dumps({"output": f"first line\n{text}"}).replace("{", "{{").replace("}", "}}")
        text = text.replace("{{{{", "{{").replace("}}}}", "}}").replace("{{}}", "{}")
        inner = json.dumps(secret)[1:-1] if "\\" in secret else secret
        redacted = redact(text.format(inner))
        assert inner not in redacted
        assert MARK in redacted


@pytest.mark.parametrize(("kind", "head"), CUT_HEADS)
@pytest.mark.parametrize("after", ["", LEFT_OUT])
def test_the_head_of_a_secret_that_was_cut_off_is_removed(kind: str, head: str, after: str) -> None:
    assert redact(f"the key:\n{head}{after}") == f"the key:\n{MARK}{kind}]{after}"


def test_the_end_of_a_private_key_whose_beginning_was_left_out_is_removed() -> None:
    tail = pem("RSA PRIVATE KEY")[-300:]
    redacted = redact(f"some output\n… 900 bytes left out …\n{tail}\nmore")
    assert redacted.endswith(f"{MARK}private_key]\nmore")
    assert made(BASE64, 22) not in redacted
    assert redacted.startswith("some output\n… 900 bytes left out …\n")


def test_text_between_a_broken_private_key_and_a_whole_one_stays() -> None:
    key = pem("PRIVATE KEY")
    redacted = redact(f"{key[:500]}\n\nand then: a whole one\n{key}")
    mark = f"{MARK}private_key]"
    assert redacted == f"{mark}\n\nand then: a whole one\n{mark}"


def test_a_secret_that_is_glued_to_another_is_found_once_that_one_is_gone() -> None:
    glued = "AKIA" + "IOSFODNN7EXAMPLE" + "pypi-AgEI" + made(SLUG, 90)
    assert redact(glued) == f"{MARK}aws_key]{MARK}pypi_token]"


def test_every_string_of_an_event_is_redacted_and_nothing_else_of_it_changes() -> None:
    token = "ghp_" + made(WORD, 36)
    event = {
        "type": "tool.called",
        "call": "toolu_01ABCdefGHIjklMNO",
        "input": f"TOKEN={token}",
        "input_bytes": 123,
        "files": [{"path": f"/tmp/{token}/x", "action": "read"}],
        "ok": None,
        "ratio": 0.25,
    }
    clean = msgspec.json.encode({"type": "pull.started", "pull": "1", "reason": "tick"})
    first, second, third = redact_events([clean, msgspec.json.encode(event), clean])
    mark = f"{MARK}github_token]"
    expected = {
        **event,
        "input": f"TOKEN={mark}",
        "files": [{"path": f"/tmp/{mark}/x", "action": "read"}],
    }
    assert json.loads(second) == expected
    assert list(json.loads(second)) == list(event)
    assert (first, third) == (clean, clean)


def test_identifiers_that_link_events_stay() -> None:
    for text in (
        "session/claude_code/0b7a2d9e-5c1f-4a3e-9d8b-7f6e5d4c3b2a",
        "toolu_01" + made(WORD, 22),
        "msg_01" + made(WORD, 22),
        "req_011" + made(WORD, 21),
        "call_" + made(WORD, 24),
        "commit " + made(HEX, 40),
        "sha256:" + made(HEX, 64),
        "/home/somebody/.claude/projects/-home-somebody-task-sk-runner/x.jsonl",
        "gen-1767225600-" + made(WORD, 20),
    ):
        assert redact(text) == text


@settings(deadline=None)
@given(text=TEXTS)
@example(text="password=" + "a" * 50_000)
@example(text="://" * 20_000)
@example(text=BEGIN * 1_000)
@example(text="token: " * 5_000)
@example(text="--" * 20_000 + "token")
@example(text="A" * 50_000 + END)
def test_redacting_never_fails_and_redacting_again_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@settings(deadline=None)
@given(text=TEXTS)
def test_no_rule_finds_what_its_gate_lets_pass(text: str) -> None:
    encoded = msgspec.json.encode(text)
    for rule, gate in zip(RULES, GATES, strict=True):
        assert rule.apply(text) == text or gate.search(encoded)


@settings(deadline=None)
@given(texts=st.lists(TEXTS, max_size=5))
def test_events_are_redacted_each_by_itself(texts: list[str]) -> None:
    events = [msgspec.json.encode({"type": "message.user", "text": text}) for text in texts]
    assert redact_events(events) == [redact_events([event])[0] for event in events]
