"""Agents' homes made of the package's own sample sessions, as many times over as a test needs."""

import re
import shutil
from pathlib import Path
from uuid import UUID, uuid5

import session_lattice

SAMPLE = Path(session_lattice.__file__).parent / "sample"
SAMPLE_BYTES = sum(path.stat().st_size for path in SAMPLE.rglob("*.jsonl"))
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ID = re.compile(r'"(msg|toolu|req|call)_(\w+)"')


def copy_sample(target: Path, number: int = 0) -> list[Path]:
    """Write the sample's sessions under `target`/claude and /codex with ids of copy `number`."""
    written = []
    for source in sorted(path for path in SAMPLE.rglob("*") if path.is_file()):
        name = renamed(str(source.relative_to(SAMPLE)), number)
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(renamed(source.read_text("utf-8"), number), "utf-8")
        shutil.copystat(source, path)
        written.append(path)
    return written


def renamed(text: str, number: int) -> str:
    """The same text with every identity moved to copy `number`; copy 0 is the sample itself."""
    if number == 0:
        return text
    text = _UUID.sub(lambda match: str(uuid5(UUID(match[0]), str(number))), text)
    return _ID.sub(lambda match: f'"{match[1]}_{match[2]}x{number}"', text)
