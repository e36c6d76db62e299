"""Each response of the model's API counts once, at its greatest."""

from pathlib import Path
from typing import Any

import pytest

from session_lattice.events import Draft, UsageReported
from session_lattice.sources.claude_code import ClaudeCode
from tests.sources.samples import MODEL, Conversation, encode, of, pull, put, usage


def reported(root: Path, talk: Conversation) -> list[UsageReported]:
    put(root, talk.data)
    return of(pull(ClaudeCode(root)), UsageReported)


def one(root: Path, given: Any, **fields: Any) -> UsageReported:
    talk = Conversation()
    talk.reply(usage=given, **fields)
    (event,) = reported(root, talk)
    return event


def test_a_response_of_several_lines_is_reported_once_at_its_greatest(tmp_path: Path) -> None:
    talk = Conversation()
    first = talk.reply(id="msg_1", usage=usage(10, 1, 5, 100))
    talk.call("Bash", {}, id="msg_1", usage=usage(10, 80, 5, 100), gitBranch="moon")
    talk.reply(id="msg_1", usage=usage(10, 7, 5, 100))
    put(tmp_path, talk.data)
    drafts = pull(ClaudeCode(tmp_path))
    (event,) = of(drafts, UsageReported)
    assert (event.total, event.output_tokens, event.model) == (195, 80, MODEL)
    assert (event.response, event.branch) == ("msg_1/req_msg_1", "main")
    (draft,) = [draft for draft in drafts if draft.event is event]
    assert draft.key == "claude_code/usage/msg_1/req_msg_1/195"
    assert draft.ts == drafts[0].ts
    assert first["gitBranch"] == "main"


def test_a_later_greater_total_is_a_new_event_and_a_repeated_one_is_not(tmp_path: Path) -> None:
    talk = Conversation()
    talk.reply(id="msg_1", usage=usage(10, 1))
    path = put(tmp_path, talk.data)
    source = ClaudeCode(tmp_path)
    keys = [draft.key for draft in usages(pull(source))]
    for output in (1, 80, 80):
        line = talk.reply(id="msg_1", usage=usage(10, output))
        with path.open("ab") as file:
            file.write(encode([line]))
        keys += [draft.key for draft in usages(pull(source))]
    assert [key.rsplit("/", 1)[1] for key in keys] == ["11", "90"]


def usages(drafts: list[Draft]) -> list[Draft]:
    return [draft for draft in drafts if isinstance(draft.event, UsageReported)]


@pytest.mark.parametrize("model", ["<synthetic>", "", None, MODEL])
def test_a_message_that_used_nothing_is_not_reported(tmp_path: Path, model: str | None) -> None:
    talk = Conversation()
    talk.reply(model=model, usage=usage(0, 0, 0, 0))
    talk.reply(model="<synthetic>", usage=usage(5, 5))
    assert reported(tmp_path, talk) == []


def test_tokens_without_a_model_are_shown_as_such(tmp_path: Path) -> None:
    assert one(tmp_path, usage(1), model=None).model == "unknown"


def test_a_response_without_a_request_is_known_by_its_message(tmp_path: Path) -> None:
    talk = Conversation()
    for _ in range(2):
        talk.reply(id="a1b2", requestId=None, usage=usage(7, 3), model="glm-5")
    assert [event.response for event in reported(tmp_path, talk)] == ["a1b2"]


def test_a_line_that_lost_its_request_belongs_to_the_response_known(tmp_path: Path) -> None:
    talk = Conversation()
    talk.reply(id="msg_1", usage=usage(7, 3))
    talk.reply(id="msg_1", requestId=None, usage=usage(7, 4))
    assert [event.total for event in reported(tmp_path, talk)] == [11]


@pytest.mark.parametrize(
    ("given", "write", "long"),
    [
        (usage(0, 0, 30), 30, 0),
        (usage(0, 0, 30, cache_creation={"ephemeral_1h_input_tokens": 10}), 30, 10),
        (
            usage(cache_creation={"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 6}),
            11,
            6,
        ),
        (usage(0, 0, 30, cache_creation=None), 30, 0),
        (usage(0, 0, 30, cache_creation="much"), 30, 0),
    ],
)
def test_cache_writes_are_the_greater_of_the_sum_and_its_parts(
    tmp_path: Path, given: Any, write: int, long: int
) -> None:
    event = one(tmp_path, given)
    assert (event.cache_write_tokens, event.cache_write_1h_tokens) == (write, long)


@pytest.mark.parametrize("garbage", [None, "12", -5, True, [1], {"a": 1}, 1e30, 10**30])
def test_garbage_counts_as_nothing_and_the_rest_counts(tmp_path: Path, garbage: Any) -> None:
    event = one(tmp_path, usage(garbage, 9, garbage, garbage, iterations=garbage))
    assert event.total == event.output_tokens == 9


def test_usage_that_is_no_object_is_counted_as_bad_and_the_text_stays(tmp_path: Path) -> None:
    talk = Conversation()
    talk.reply("still here", usage=[1, 2])
    put(tmp_path, talk.data)
    source = ClaudeCode(tmp_path)
    assert "still here" in {getattr(draft.event, "text", "") for draft in pull(source)}
    assert source.status().warnings == {"bad_field:message.usage": 1}


def test_speed_and_reasoning_are_kept(tmp_path: Path) -> None:
    details = {"reasoning_tokens": 4}
    event = one(tmp_path, usage(1, 9, speed="fast", output_tokens_details=details))
    assert (event.speed, event.reasoning_tokens) == ("fast", 4)
    assert one(tmp_path, usage(1, 9, speed="standard")).speed == ""


def test_an_advisor_is_a_response_of_its_own_model(tmp_path: Path) -> None:
    talk = Conversation()
    advisor = {"type": "advisor_message", "model": "claude-opus-5", **usage(50, 5)}
    given = usage(10, 2, iterations=[{"type": "message", **usage(10, 2)}, advisor, advisor])
    talk.reply(id="msg_1", usage=given)
    talk.reply(id="msg_1", usage=given)
    found = {(e.response, e.model, e.total) for e in reported(tmp_path, talk)}
    assert found == {
        ("msg_1/req_msg_1", MODEL, 12),
        ("msg_1/req_msg_1/advisor/0", "claude-opus-5", 55),
        ("msg_1/req_msg_1/advisor/1", "claude-opus-5", 55),
    }


def test_usage_inside_progress_counts_for_the_subagent(tmp_path: Path) -> None:
    talk = Conversation()
    talk.full("progress", data=progress("msg_9", usage(3, 4)), parentToolUseID="toolu_1")
    talk.full("progress", data={"type": "hook_progress", "message": "running"})
    talk.full("progress", data="odd")
    (event,) = reported(tmp_path, talk)
    assert (event.subagent, event.response, event.total) == ("a1", "msg_9/req_9", 7)


def progress(message: str, used: Any) -> Any:
    inner = {"id": message, "model": MODEL, "content": [], "usage": used}
    return {
        "type": "agent_progress",
        "agentId": "a1",
        "message": {"type": "assistant", "requestId": "req_9", "message": inner},
    }


def test_usage_in_progress_and_in_the_subagents_own_file_is_one_response(tmp_path: Path) -> None:
    talk, child = Conversation(), Conversation(number=2, isSidechain=True, agentId="a1")
    talk.full("progress", data=progress("msg_9", usage(3, 4)), parentToolUseID="toolu_1")
    child.reply(id="msg_9", requestId="req_9", usage=usage(3, 4))
    put(tmp_path, talk.data)
    put(tmp_path, child.data, "-work-tide/s/subagents/agent-a1.jsonl")
    keys = {draft.key for draft in usages(pull(ClaudeCode(tmp_path)))}
    assert keys == {"claude_code/usage/msg_9/req_9/7"}
