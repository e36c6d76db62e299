"""The programs that session-lattice is measured against, each in an environment of its own."""

import json
import os
import shutil
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.history import History
from tests.bench.measure import BenchError, SkipError, Spent, run

ANALYTICS_NEEDS = ("agent-session-analytics==0.2.1", "duckdb-cli")
CCUSAGE = "20.0.24"
INSTALL_TIMEOUT_SECONDS = 300.0
REPORT_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Analytics:
    """agent-session-analytics: ingests the same transcripts into a DuckDB file."""

    bin: Path

    @classmethod
    def installed(cls, cache: Path) -> "Analytics":
        """Its environment below `cache`, made on first use; SkipError when it cannot be."""
        root = cache / "peer-agent-session-analytics-0.2.1"
        marker = root / "installed"
        if not marker.is_file():
            shutil.rmtree(root, ignore_errors=True)
            venv.create(root, with_pip=True)
            _install([str(root / "bin/python"), "-m", "pip", "install", "-q", *ANALYTICS_NEEDS])
            marker.touch()
        return cls(root / "bin")

    def ingest(self, history: History, work: Path) -> Spent:
        """A whole first ingest; the database is `work`/peer.duckdb afterwards."""
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        (work / ".claude").symlink_to(history.claude)
        (work / ".codex").symlink_to(history.codex)
        env = {
            "HOME": str(work),
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "SESSIONS_DB": str(work / "peer.duckdb"),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
        }
        return run([str(self.bin / "agent-session-analytics"), "ingest", "--force"], env, work)


@dataclass(frozen=True, slots=True)
class Ccusage:
    """ccusage: sums what transcripts say of tokens and costs."""

    program: Path

    @classmethod
    def installed(cls, cache: Path) -> "Ccusage":
        """Its packages below `cache`, fetched on first use; SkipError when they cannot be."""
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            raise SkipError("node and npm are not installed")
        root = cache / f"peer-ccusage-{CCUSAGE}"
        program = root / "node_modules/.bin/ccusage"
        if not program.exists():
            root.mkdir(parents=True, exist_ok=True)
            quiet = ("--no-audit", "--no-fund", "--prefix", str(root))
            _install([npm, "install", *quiet, f"ccusage@{CCUSAGE}"])
        return cls(program)

    def report(self, transcripts: Path, *report: str) -> dict[str, Any]:
        """One of its reports over `transcripts`, claude and codex, in UTC, prices as shipped."""
        env = {
            "HOME": str(self.program.parent),
            "PATH": os.environ["PATH"],
            "CLAUDE_CONFIG_DIR": str(transcripts / "claude"),
            "CODEX_HOME": str(transcripts / "codex"),
        }
        command = [str(self.program), *report, "--json", "--offline", "--timezone", "UTC"]
        ended = subprocess.run(
            command, env=env, capture_output=True, timeout=REPORT_TIMEOUT_SECONDS, check=False
        )
        if ended.returncode:
            said = ended.stderr.decode("utf-8", "replace")[-300:]
            raise BenchError(f"ccusage ended with {ended.returncode}: {said}")
        told: dict[str, Any] = json.loads(ended.stdout)
        return told


def _install(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_TIMEOUT_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or b"").decode("utf-8", "replace")[-300:]
        raise SkipError(f"a peer could not be installed here: {said or error}") from error
