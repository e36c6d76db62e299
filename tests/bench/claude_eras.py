"""What changed between versions of Claude Code, as far as a reader can tell."""

from dataclasses import dataclass
from typing import Literal

MODELS = {
    "claude-opus-4-6": 30,
    "claude-sonnet-4-5-20250929": 25,
    "claude-opus-4-5-20251101": 20,
    "claude-sonnet-4-6": 12,
    "claude-haiku-4-5-20251001": 8,
    "glm-5": 5,
}


@dataclass(frozen=True, slots=True)
class Era:
    """How one span of versions writes. `placeholders`: share of answers that grow line by line."""

    version: str
    share: int
    placeholders: float
    stops: Literal["none", "last", "all"]
    subagents: Literal["inline", "flat", "nested"]
    titles: Literal["summary", "ai-title"]
    progress: bool = False
    attachments: bool = False
    meta_names_call: bool = False


ERAS = (
    Era("1.0.98", 1, 0.4, "none", "inline", "summary"),
    Era("2.0.55", 2, 0.4, "none", "flat", "summary"),
    Era("2.1.31", 4, 0.4, "none", "nested", "summary", progress=True),
    Era("2.1.131", 3, 0.3, "last", "nested", "ai-title", attachments=True),
    Era("2.1.220", 2, 0.0, "all", "nested", "ai-title", attachments=True, meta_names_call=True),
)
