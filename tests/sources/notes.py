"""The simplest format of transcripts, to test what is the same for all: lines {"note": text}."""

from pathlib import Path

import msgspec

from session_lattice.events import MessageUser, TranscriptChanged, session_stream
from session_lattice.sources.base import Batch
from session_lattice.sources.files import Rules
from session_lattice.sources.tail import Out, Place, TailingSource
from tests.sources.samples import of


class Note(msgspec.Struct):
    note: str = ""


class NotesParser:
    """One message per line, keyed by its place; the memo counts them."""

    def __init__(self, place: Place, memo: bytes, out: Out) -> None:
        self._place = place
        self._out = out
        self.count = msgspec.json.decode(memo, type=int | None) or 0

    def feed(self, record: Note, line: int, part: int, /) -> None:
        self.count += 1
        session = self._place.session
        event = MessageUser(
            agent="notes",
            session=session,
            message=str(self.count),
            kind="prompt",
            text=record.note,
            text_bytes=len(record.note),
        )
        key = f"notes/{session}/{line}/{part}"
        self._out.add(session_stream("notes", session), key, self._out.now, event)

    def pause(self) -> None:
        pass

    def memo(self) -> int:
        return self.count


class NotesFormat:
    agent = "notes"
    record = Note
    rules = Rules(
        folders=("open", "shelf"),
        wanted=lambda name: name.endswith((".jsonl", ".jsonl.zst")),
        same=lambda path: Path(path).name.split(".")[0],
        enter=lambda name: name != "private",
        shadowed=lambda paths: [f"{path}.zst" for path in paths if f"{path}.zst" in paths],
    )

    def place(self, path: str, memo: bytes) -> Place:
        return Place(Path(path).name.split(".")[0], archived="/shelf/" in path)

    def parser(self, path: str, place: Place, memo: bytes, out: Out) -> NotesParser:
        return NotesParser(place, memo, out)


def notes(root: Path) -> TailingSource[Note]:
    return TailingSource(root, NotesFormat())


def lines(*texts: str) -> bytes:
    return b"".join(msgspec.json.encode({"note": text}) + b"\n" for text in texts)


class Desk:
    """A root with a source over it, and the checkpoints as a log would keep them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.source: TailingSource[Note] = notes(root)
        self.log: dict[str, bytes] = {}

    def file(self, name: str, *texts: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lines(*texts))
        return path

    def add(self, path: Path, *texts: str) -> None:
        with path.open("ab") as file:
            file.write(lines(*texts))

    def pull(self) -> tuple[list[str], list[tuple[str, str]]]:
        """The texts that came, and (session, state) of what changed."""
        self.source.pending()
        drafts = []
        for batch in self.source.batches():
            drafts += batch.drafts
            self.keep(batch)
        texts = [event.text for event in of(drafts, MessageUser)]
        return texts, [(event.session, event.state) for event in of(drafts, TranscriptChanged)]

    def keep(self, batch: Batch) -> None:
        for path, checkpoint in batch.checkpoints.items():
            if checkpoint is None:
                self.log.pop(path, None)
            else:
                self.log[path] = checkpoint

    def restart(self) -> None:
        self.source = notes(self.root)
        self.source.load(self.log)
