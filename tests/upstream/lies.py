"""Misbehaviour of single records: fields that miss, are wrong, come twice or from the future.

Every third record lies, so that each list has others that are right; links and repositories keep
their paths, since whoever believes a path that nobody has keeps its row for ever.
"""

import copy
import json
from collections.abc import Callable
from typing import Any

from tests.upstream.exchange import Answer, Exchange

EVERY = 3
MILLISECONDS = 1000
YEAR_60000 = 1_831_328_000_000
"""In seconds, as everything else there."""

Record = dict[str, Any]
Twist = Callable[[Record], object]


def _lie(name: str, twist: Twist, repo: Twist = lambda _: None) -> Callable[[Exchange], None]:
    """Answers with every third session twisted, and every third repository where `repo` does."""

    def lie(exchange: Exchange) -> None:
        if exchange.sound.status != 200:
            exchange.reply(exchange.sound)
            return
        payload = exchange.sound.payload
        for item in payload.get("sessions", [])[::EVERY]:
            twist(item["session"])
        for item in payload.get("repos", [])[::EVERY]:
            repo(item)
        reply(exchange, payload)

    lie.__name__ = name
    return lie


def reply(exchange: Exchange, payload: object) -> None:
    body = json.dumps(payload).encode()
    exchange.reply(Answer(200, (body,), headers=exchange.sound.headers))


def _without(*names: str) -> Twist:
    return lambda record: [record.pop(name, None) for name in names]


def _with(**values: object) -> Twist:
    return lambda record: record.update(values)


def _scaled(factor: int) -> Twist:
    """Times in another unit."""

    def twist(record: Record) -> None:
        for name in ("started_at", "ended_at"):
            record[name] = record[name] and record[name] * factor

    return twist


def wrong_links(exchange: Exchange) -> None:
    """Links that are no triples; the sessions are right."""

    def twist(payload: Record) -> None:
        for item in payload.get("sessions", [])[::EVERY]:
            item["repos"] = [None, 7, "x", [], [1], [1, "name"], [1, 2, 3], {"path": "/x"}]

    _twisted(exchange, twist)


def entries_that_are_none(exchange: Exchange) -> None:
    """Items of other types between the right ones."""

    def twist(payload: Record) -> None:
        for name in ("sessions", "repos"):
            if name in payload:
                payload[name] += [None, 7, "x", [], {}, {"session": None}, {"session": []}]

    _twisted(exchange, twist)


def the_same_uuid_twice(exchange: Exchange) -> None:
    """With other content the second time."""

    def twist(payload: Record) -> None:
        again = copy.deepcopy(payload.get("sessions", [])[::EVERY])
        for item in again:
            item["session"]["message_count"] += 1
        payload.get("sessions", []).extend(again)

    _twisted(exchange, twist)


def _twisted(exchange: Exchange, twist: Callable[[Record], None]) -> None:
    if exchange.sound.status != 200:
        exchange.reply(exchange.sound)
        return
    payload = exchange.sound.payload
    twist(payload)
    reply(exchange, payload)


def from_the_future(exchange: Exchange) -> None:
    """Fields that nobody knows yet, at every level; all that is known is right."""
    if exchange.sound.status != 200:
        exchange.reply(exchange.sound)
        return
    payload = exchange.sound.payload
    for item in payload.get("sessions", []):
        item["session"]["mood"] = {"level": [1, 2, {"deep": None}]}
        item["weather"] = "fine"
        item["repos"] = [[*link, "submodule", {"x": 1}] for link in item["repos"]]
    for item in payload.get("repos", []):
        item["stale_branches"] = [{**branch, "owner": "kim"} for branch in item["stale_branches"]]
        item["planets"] = ["mars"]
    reply(exchange, {"api": {"version": 99}, **payload, "hints": ["new"]})


def nothing_listed(exchange: Exchange) -> None:
    """No session and no repository any more, at the same scan."""

    def twist(payload: Record) -> None:
        payload.update({name: [] for name in ("sessions", "repos") if name in payload})

    _twisted(exchange, twist)


COUNTS = ("message_count", "user_message_count", "assistant_message_count", "is_sidechain_count")
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
NULLABLE = (
    *("cwd", "started_at", "ended_at", "last_prompt", "duration_ms"),
    *("parent_uuid", "request_id", "message_id"),
)
REPO_NULLABLE = (
    *("head_ref", "in_progress_op", "deploy_workflow", "deploy_status"),
    *("deploy_last_success_ts", "remote_url", "default_branch"),
)
TEXTS = ("cwd", "last_prompt", "parent_uuid", "request_id", "message_id")
REPO_TEXTS = ("head_ref", "in_progress_op", "deploy_workflow", "deploy_status", "remote_url")
BOTH_JSON = ("tool_call_counts_json", "stop_reason_counts_json")

BROKEN = (
    _lie("no_uuid", _without("session_uuid"), _without("path")),
    _lie("uuid_that_is_none", _with(session_uuid="../../etc"), _with(path=7)),
    _lie("uuid_empty", _with(session_uuid=""), _with(path="")),
    _lie("no_counts", _without(*COUNTS), _without("name")),
    _lie("wrong_types", _with(message_count="many", models_used="x", cwd=7), _with(name=[])),
    _lie("times_that_are_texts", _with(started_at="2026-01-01T00:00:00Z", ended_at=True)),
    _lie("negative_counts", _with(**dict.fromkeys((*COUNTS, *TOKENS), -3)), _with(open_prs=-1)),
    _lie("huge_counts", _with(**dict.fromkeys(TOKENS, 10**30)), _with(commits_30d=2**63)),
    _lie("times_in_milliseconds", _scaled(MILLISECONDS)),
    _lie("times_in_year_60000", _with(started_at=YEAR_60000, ended_at=YEAR_60000 + 60)),
    _lie("times_before_1970", _with(started_at=-(10**15), ended_at=-(10**15))),
    _lie("json_malformed", _with(**dict.fromkeys(BOTH_JSON, '{"Bash":{"calls":3'))),
    _lie("json_of_other_shapes", _with(**dict.fromkeys(BOTH_JSON, '[{"Bash":null},3]'))),
    _lie("json_with_wrong_counts", _with(**dict.fromkeys(BOTH_JSON, '{"Bash":{"calls":-1}}'))),
    _lie("null_characters", _with(last_prompt="a\x00b", message_id="\x00")),
    wrong_links,
    entries_that_are_none,
    the_same_uuid_twice,
)
ODD = (
    _lie(
        "nulls_wherever_they_may_be",
        _with(**dict.fromkeys(NULLABLE)),
        _with(**dict.fromkeys(REPO_NULLABLE)),
    ),
    _lie(
        "empty_texts",
        _with(**dict.fromkeys((*TEXTS, *BOTH_JSON), "")),
        _with(**dict.fromkeys(REPO_TEXTS, "")),
    ),
    from_the_future,
    nothing_listed,
)
