"""Whose words a text in a rollout is."""

import re

from session_lattice.events import MessageKind

PROBE_CHARS = 200
"""Characters at the beginning of a text that tell what it is."""

REQUEST = "## My request for Codex:"
"""What an editor's extension puts before the prompt, below what it tells of itself."""

_TAG = re.compile(r"<([A-Za-z_][\w-]*)[\s>]")
_TAGS: dict[str, MessageKind] = {
    "subagent_notification": "notification",
    "user_shell_command": "command",
}
_HARNESS_TAGS = frozenset(
    {
        "apps_instructions",
        "collaboration_mode",
        "environment_context",
        "goal_context",
        "hook_prompt",
        "instructions",
        "model_switch",
        "permissions",
        "personality_spec",
        "plugins_instructions",
        "recommended_plugins",
        "skill",
        "skills_instructions",
        "token_budget",
        "turn_aborted",
        "user_action",
        "user_instructions",
    }
)
_HARNESS_TEXTS = ("# AGENTS.md instructions", "# Context from my IDE setup")
_CWD = re.compile(r"(?:<cwd>|Current working directory: )([^<\n]+)")


def injected_kind(text: str) -> MessageKind | None:
    """The kind of a text of role "user" that no person typed; None for one that may be typed."""
    beginning = text[:PROBE_CHARS].lstrip()
    if beginning.startswith("<"):
        tag = _TAG.match(beginning)
        name = tag[1].lower() if tag else ""
        return _TAGS.get(name) or ("injected" if name in _HARNESS_TAGS else None)
    return "injected" if beginning.startswith(_HARNESS_TEXTS) else None


def told_cwd(text: str) -> str:
    """The working directory that an environment context tells, or ""."""
    if "<environment_context>" not in text[:PROBE_CHARS]:
        return ""
    found = _CWD.search(text)
    return found[1].strip() if found else ""


def asked(prompt: str) -> str:
    """The part of a prompt that makes a title."""
    _, marked, request = prompt.partition(REQUEST)
    return request if marked and request.strip() else prompt
