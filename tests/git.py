"""Repositories made with git itself, with nothing of this machine's settings."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")

NOW = 1_790_000_000
"""Unix seconds at which the tests' commits are new."""

DAY = 86_400


class Repository:
    """One repository; `run` is git in it."""

    def __init__(self, path: Path, *, bare: bool = False) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.run("init", "-q", "-b", "main", *(["--bare"] if bare else []))

    def run(self, *words: str, at: int = NOW, check: bool = True) -> str:
        return self.feed(*words, given="", at=at, check=check)

    def feed(self, *words: str, given: str, at: int = NOW, check: bool = True) -> str:
        """The same with something on its standard input."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": "Sam Tide",
            "GIT_AUTHOR_EMAIL": "sam@example.org",
            "GIT_COMMITTER_NAME": "Kim Moon",
            "GIT_COMMITTER_EMAIL": "kim@example.org",
            "GIT_AUTHOR_DATE": f"{at} +0200",
            "GIT_COMMITTER_DATE": f"{at} +0200",
        }
        ended = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *words],
            cwd=self.path,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            check=check,
        )
        return ended.stdout.strip()

    def commit(self, name: str, content: str, *, at: int = NOW, message: str = "") -> str:
        """Write a file and commit it; the commit's hash."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        self.run("add", "-A")
        self.run("commit", "-q", "-m", message or f"change {name}", at=at)
        return self.run("rev-parse", "HEAD")
