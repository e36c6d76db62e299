"""The options before the command, and the settings that they make with a command's own."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import typer

from session_lattice import config
from session_lattice.config import PREFIX, Settings

SAMPLE = tuple(Path(__file__).parents[1] / "sample" / agent for agent in ("claude", "codex"))
"""The agents' homes that come with the program."""

SAMPLE_SUFFIX = "-sample"
"""What a home's name gets for the sample's own."""


def flags(context: typer.Context, **own: str | float | None) -> dict[str, str]:
    """Setting → what a flag said: those before the command, then the command's `own`."""
    before = context.find_root().params
    given = {name: before.get(name) for name in ("profile", *config.KEYS)} | own
    return {name: str(value) for name, value in given.items() if value is not None}


def settings(context: typer.Context, **own: str | float | None) -> Settings:
    """What this invocation runs with. Raises ConfigError."""
    return config.load(flags(context, **own))


def of_sample(settings: Settings) -> Settings:
    """The same for the sample sessions, in a home of their own beside the other one."""
    return replace(
        settings,
        home=settings.home.with_name(settings.home.name + SAMPLE_SUFFIX),
        transcripts=SAMPLE,
        repositories=(),
        repo_recall_url=None,
        log_url=None,
    )


def environment(flags: Mapping[str, str]) -> dict[str, str]:
    """The variables that say to a child process what `flags` said to this one."""
    return {PREFIX + name.upper(): value for name, value in flags.items()}
