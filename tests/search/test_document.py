"""What a call says."""

import pytest

from session_lattice.search.document import Document, said


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ('{"command": "make test", "timeout": 5}', "make test"),
        ('{"cmd": "ls -la", "workdir": "/src"}', "ls -la"),
        ('{"command": ["bash", "-lc", "make \\"all\\""]}', 'make "all"'),
        ('{"command": ["git", "status"]}', "git status"),
        ('{"pattern": "foo.*", "path": "/src", "n": 3}', "foo.*\n/src"),
        ('{"edits": [{"old": "a"}, {"new": "b"}], "file_path": "/x.py"}', "a\nb\n/x.py"),
        ('"only a text"', "only a text"),
        ("*** Begin Patch\n+x\\n", "*** Begin Patch\n+x\\n"),
        ('{"path": "/a", "text": "one\\ntwo \\"thr', '{"path": "/a", "text": "one\ntwo "thr'),
        ("", ""),
        ("[1, null]", ""),
    ],
)  # fmt: skip
def test_a_command_is_told_as_it_is_and_all_texts_of_anything_else(given: str, text: str) -> None:
    assert said(given) == text


def test_a_message_a_call_and_its_failure_are_three_documents_and_each_comes_once() -> None:
    one = Document("codex/s", "x", "prompt", 1, "text")
    assert one._replace(kind="reply", ts=2, text="other").identity == one.identity
    others = [
        one._replace(kind="call"),
        one._replace(kind="error"),
        one._replace(session="codex/t"),
    ]
    assert len({one.identity, *(other.identity for other in others)}) == 4
    assert one.agent == "codex"
