"""Claude Code's transcripts below its home: `projects/**/*.jsonl`."""

from pathlib import Path, PurePath

from session_lattice.sources import claude_memo
from session_lattice.sources.claude_context import AGENT
from session_lattice.sources.claude_lines import Line
from session_lattice.sources.claude_parser import ClaudeParser
from session_lattice.sources.files import Rules
from session_lattice.sources.tail import Out, Place, TailingSource

FOLDER = "projects"
SUBAGENTS = "subagents"
AGENT_FILE = "agent-"
_NOT_TRANSCRIPTS = frozenset({"journal.jsonl"})
_NOT_ENTERED = frozenset({"memory", "tool-results"})


class ClaudeCode(TailingSource[Line]):
    """The source of one Claude Code home, such as `~/.claude`.

    A session is a file's name, or for a subagent's file the directory that it lies in.
    `sample` marks every session as one that came with the program.
    """

    def __init__(self, root: Path, *, sample: bool = False) -> None:
        super().__init__(root, ClaudeFormat(sample=sample))


class ClaudeFormat:
    agent = AGENT
    record = Line

    def __init__(self, *, sample: bool) -> None:
        self._sample = sample
        self.rules = Rules(
            folders=(FOLDER,),
            wanted=_is_transcript,
            same=lambda path: place_of(path, ""),
            enter=lambda name: name not in _NOT_ENTERED,
        )

    def place(self, path: str, memo: bytes) -> Place:
        return place_of(path, claude_memo.decode(memo).session)

    def parser(self, path: str, place: Place, memo: bytes, out: Out) -> ClaudeParser:
        return ClaudeParser(path, place, claude_memo.decode(memo), out, sample=self._sample)


def place_of(path: str, session: str) -> Place:
    """A file's session and subagent.

    Nested agent files lie in `<session>/subagents/`, perhaps deeper. Flat ones name no
    session: it is `session`, which their lines told, or their own name until they did.
    """
    name = PurePath(path).stem
    if not name.startswith(AGENT_FILE):
        return Place(name)
    subagent = name.removeprefix(AGENT_FILE)
    folders = PurePath(path).parts[:-1]
    if SUBAGENTS in folders:
        at = len(folders) - 1 - folders[::-1].index(SUBAGENTS)
        return Place(folders[at - 1], subagent)
    return Place(session or name, subagent)


def _is_transcript(name: str) -> bool:
    return name.endswith(".jsonl") and name not in _NOT_TRANSCRIPTS
