"""Made-up records in the shape of the upstream's API, each a function of its seed and number."""

import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIRST_START = 1_767_225_600
"""2026-01-01T00:00:00Z, when session 0 begins."""

STEP_SECONDS = 90
"""Between two sessions' beginnings."""

PROMPT_CHARS = 200
REPO_PATH = "/home/kim/code/{name}"
SOURCE_FILE = "/home/kim/.claude/projects/{folder}/{uuid}.jsonl"
MODELS = ("claude-opus-4-6", "claude-sonnet-4-5", "claude-haiku-4-5")
TOOLS = ("Bash", "Edit", "Glob", "Grep", "Read", "Task", "TodoWrite", "WebFetch", "Write")
STOPS = ("end_turn", "tool_use", "max_tokens", "stop_sequence")
WORDS = (
    "add", "after", "before", "build", "cache", "check", "cursor", "deploy", "export", "failing",
    "fix", "import", "index", "lattice", "limit", "migration", "parser", "please", "refactor",
    "release", "rename", "retry", "schema", "slow", "split", "stream", "table", "test", "the",
    "timeout", "tokens", "view", "why", "window", "with",
)  # fmt: skip

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A repository's unstable number and its stable name and path."""

    number: int
    name: str
    path: str


def repo_name(number: int) -> str:
    return f"{WORDS[number % len(WORDS)]}-{number}"


def repo_path(number: int) -> str:
    """Every seventh lies inside the one before it, so that the longest prefix matters."""
    path = REPO_PATH.format(name=repo_name(number))
    return f"{repo_path(number - 1)}/vendor/{repo_name(number)}" if number % 7 == 6 else path


def session_uuid(seed: int, number: int) -> str:
    return str(uuid.UUID(int=random.Random(f"{seed}/uuid/{number}").getrandbits(128), version=4))


def repos_of(seed: int, number: int, repos: int) -> list[int]:
    """The repositories that a session has to do with: mostly one, some none, some two."""
    dice = random.Random(f"{seed}/repos/{number}")
    count = min(repos, dice.choices((0, 1, 2), (10, 75, 15))[0])
    return dice.sample(range(repos), count)


def session(
    seed: int, number: int, revision: int, ident: int, key: str, places: list[Place]
) -> Record:
    """About 1.2 KB of JSON with its links; every revision has other counts and another prompt."""
    dice = random.Random(f"{seed}/session/{number}")
    later = random.Random(f"{seed}/session/{number}/{revision}")
    cwd = _cwd(dice, places)
    started = FIRST_START + number * STEP_SECONDS if number % 50 != 49 else None
    user, assistant = dice.randrange(1, 40) + revision, dice.randrange(1, 300) + revision
    counts = _tool_counts(dice, revision)
    lasted = dice.randrange(5, 7200) + 60 * revision
    folder = (cwd or "/home/kim").replace("/", "-")
    return {
        "id": ident,
        "session_uuid": key,
        "cwd": cwd,
        "started_at": started,
        "ended_at": None if started is None else started + lasted,
        "message_count": user + assistant,
        "user_message_count": user,
        "assistant_message_count": assistant,
        "last_prompt": prompt(later) if number % 25 else None,
        "source_file": SOURCE_FILE.format(folder=folder, uuid=key),
        "duration_ms": None if started is None else lasted * 1000 + dice.randrange(1000),
        "input_tokens": dice.randrange(90_000) + 11 * revision,
        "output_tokens": dice.randrange(200_000) + 7 * revision,
        "cache_read_tokens": dice.randrange(9_000_000) + 1000 * revision,
        "cache_creation_tokens": dice.randrange(700_000) + 100 * revision,
        **_last_line(later, number),
        "is_sidechain_count": dice.choice((0, 0, 0, dice.randrange(1, 60))),
        "models_used": dice.sample(MODELS, dice.choice((1, 1, 1, 2))),
        "tools_used": sorted(counts),
        "tool_call_counts_json": json.dumps(counts) if counts else "",
        "stop_reason_counts_json": json.dumps(_stop_counts(dice, assistant)),
    }


def prompt(dice: random.Random) -> str:
    text = " ".join(dice.choices(WORDS, k=dice.randrange(14, 44)))
    return text[:PROMPT_CHARS].strip()


def _cwd(dice: random.Random, places: list[Place]) -> str | None:
    """In the first repository, in a folder of it, or where no repository is."""
    if not places:
        return dice.choice((None, "/home/kim", "/tmp/scratch"))
    return places[0].path + dice.choice(("", "", "/src", "/docs/notes"))


def _last_line(dice: random.Random, number: int) -> Record:
    """What names the last line's parent, request and message; null where there is none."""
    if number % 10 == 3:
        return {"parent_uuid": None, "request_id": None, "message_id": None}
    return {
        "parent_uuid": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "request_id": f"req_{dice.getrandbits(96):024x}",
        "message_id": f"msg_{dice.getrandbits(96):024x}",
    }


def _tool_counts(dice: random.Random, revision: int) -> Record:
    tools = dice.sample(TOOLS, dice.choice((0, 2, 3, 4, 5, 6)))
    return {
        name: {"calls": (calls := dice.randrange(1, 90) + revision), "errors": calls // 9}
        for name in tools
    }


def _stop_counts(dice: random.Random, answers: int) -> Mapping[str, int]:
    return {reason: answers // (at + 1) for at, reason in enumerate(dice.sample(STOPS, 2))}


def repo(seed: int, number: int, revision: int, ident: int, sessions: int) -> Record:
    """One repository as `/` lists it; every revision has another count of commits."""
    dice = random.Random(f"{seed}/repo/{number}")
    forge = dice.random() < 0.7
    names = ("open_prs", "draft_prs", "open_issues", "prs_awaiting_my_review",
             "prs_mine_awaiting_review", "prs_mine_no_reviewer", "my_draft_prs",
             "issues_assigned_to_me")  # fmt: skip
    return {
        "id": ident,
        "path": repo_path(number),
        "name": repo_name(number),
        "session_count": sessions,
        "commits_30d": dice.randrange(200) + revision,
        "loc_churn_30d": dice.randrange(40_000),
        "untracked_files": dice.randrange(5),
        "modified_files": dice.randrange(9),
        "authors_30d": dice.randrange(1, 6),
        "commits_ahead": dice.randrange(4),
        "commits_behind": dice.randrange(12),
        "stash_count": dice.randrange(3),
        "head_ref": dice.choice(("main", "fix/parser", None)),
        "in_progress_op": dice.choice((None, None, "rebase", "merge")),
        "stale_branches": [
            {"name": f"old/{word}", "tip_age_secs": 86_400 * dice.randrange(30, 300)}
            for word in dice.sample(WORDS, dice.randrange(3))
        ],
        **{name: dice.randrange(8) if forge else 0 for name in names},
        "deploy_workflow": "deploy.yml" if forge else None,
        "deploy_status": dice.choice(("success", "failure")) if forge else None,
        "deploy_last_success_ts": FIRST_START + dice.randrange(10**6) if forge else None,
        "remote_url": f"https://git.example.com/kim/{repo_name(number)}.git" if forge else None,
        "default_branch": "main" if forge else None,
        "action_required": dice.random() < 0.3,
        "action_signals": dice.sample(("dirty", "behind", "stale_branch"), dice.randrange(3)),
        "activity_score": round(dice.random() * 100, 3),
    }


def commit(seed: int, number: int, place: Place) -> Record:
    """One of the `recent_commits`."""
    dice = random.Random(f"{seed}/commit/{number}")
    at = FIRST_START + number * 3600
    return {
        "id": number + 1,
        "repo_id": place.number,
        "sha": f"{dice.getrandbits(160):040x}",
        "author_name": "Kim",
        "author_email": "kim@example.com",
        "timestamp": at,
        "subject": prompt(dice)[:60],
        "committer_name": "Kim",
        "committer_email": "kim@example.com",
        "committer_date_iso": f"2026-01-01T{number % 24:02d}:00:00+00:00",
        "parents": f"{dice.getrandbits(160):040x} {dice.getrandbits(160):040x}",
        "refs": "",
        "body": "",
    }
