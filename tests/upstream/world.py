"""What a made-up upstream knows: sessions and repositories that are seeded, and can change."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from tests.upstream import records
from tests.upstream.records import Place, Record

SEED = 20_261_127
SESSIONS_PER_REPO = 25
RECENT = 15
"""Sessions and commits that `/` lists."""

ID_STEP = 100_003
"""Added to every id when ids are handed out anew."""

PIECE_BYTES = 65_536
"""About how much of a body is handed out at a time."""


class World:
    """`sessions` of them over `repos` repositories; the first have the uuids of `known`.

    The same seed and the same calls give the same content. `revision` tells how often anything
    changed.
    """

    def __init__(
        self, sessions: int, repos: int = 0, *, seed: int = SEED, known: Sequence[str] = ()
    ) -> None:
        self.seed = seed
        self.repos = repos or max(2, sessions // SESSIONS_PER_REPO)
        self.revision = 0
        self._known = tuple(known)
        self._sessions = [0] * sessions
        self._repos = [0] * self.repos
        self._renumbered = 0
        self._written: list[bytes | None] = [None] * sessions

    def __len__(self) -> int:
        return len(self._sessions)

    def change(self, count: int) -> list[str]:
        """Other content for `count` sessions; their uuids."""
        self.revision += 1
        dice = random.Random(f"{self.seed}/change/{self.revision}")
        chosen = sorted(dice.sample(range(len(self)), count))
        for number in chosen:
            self._sessions[number] += 1
            self._written[number] = None
        return [self.uuid(number) for number in chosen]

    def change_repos(self, count: int) -> list[str]:
        """Other counts for `count` repositories; their paths."""
        self.revision += 1
        dice = random.Random(f"{self.seed}/repos/{self.revision}")
        chosen = sorted(dice.sample(range(self.repos), count))
        for number in chosen:
            self._repos[number] += 1
        return [records.repo_path(number) for number in chosen]

    def add(self, count: int) -> list[str]:
        """`count` new sessions; their uuids."""
        self.revision += 1
        first = len(self)
        self._sessions += [0] * count
        self._written += [None] * count
        self.__dict__.pop("_session_counts", None)
        return [self.uuid(number) for number in range(first, len(self))]

    def renumber(self) -> None:
        """Every id is handed out anew, as after the cache was wiped; nothing else changes."""
        self.revision += 1
        self._renumbered += 1
        self._written = [None] * len(self)

    def uuid(self, number: int) -> str:
        if number < len(self._known):
            return self._known[number]
        return records.session_uuid(self.seed, number)

    def place(self, number: int) -> Place:
        return Place(self._ident(number), records.repo_name(number), records.repo_path(number))

    def places_of(self, number: int) -> list[Place]:
        """The repositories of session `number`."""
        found = records.repos_of(self.seed, number, self.repos)
        return [self.place(at) for at in found]

    def session(self, number: int) -> Record:
        return records.session(
            self.seed,
            number,
            self._sessions[number],
            self._ident(number),
            self.uuid(number),
            self.places_of(number),
        )

    def repo(self, number: int) -> Record:
        sessions = self._session_counts[number]
        return records.repo(self.seed, number, self._repos[number], self._ident(number), sessions)

    def entry(self, number: int) -> Record:
        """One item of `/api/sessions`."""
        links = [[place.number, place.name, place.path] for place in self.places_of(number)]
        return {"session": self.session(number), "repos": links}

    def pieces(self) -> list[bytes]:
        """The list of all sessions as JSON, newest first, without its brackets."""
        found, piece, size = [], list[bytes](), 0
        for number in reversed(range(len(self))):
            written = self._write(number)
            piece.append(written if number == len(self) - 1 else b"," + written)
            size += len(written)
            if size >= PIECE_BYTES:
                found.append(b"".join(piece))
                piece, size = [], 0
        return [*found, b"".join(piece)]

    def dashboard(self) -> Record:
        """What `/` answers, but for the scan."""
        newest = range(len(self) - 1, max(-1, len(self) - 1 - RECENT), -1)
        return {
            "repos": [self.repo(number) for number in range(self.repos)],
            "recent_sessions": [self.session(number) for number in newest],
            "recent_commits": [
                records.commit(self.seed, number, self.place(number % self.repos))
                for number in range(RECENT)
            ],
            "uncommitted_groups": [],
            "action_required": [],
            "banner": None,
            "counts": self._counts(),
            "earliest_session": records.FIRST_START,
        }

    def _counts(self) -> Record:
        links = sum(self._session_counts.values())
        return {"repos": self.repos, "sessions": len(self), "links": links, "commits": RECENT}

    def _write(self, number: int) -> bytes:
        written = self._written[number]
        if written is None:
            written = json.dumps(self.entry(number), separators=(",", ":")).encode()
            self._written[number] = written
        return written

    def _ident(self, number: int) -> int:
        """Not stable: after a renumbering the same number names something else."""
        return number + 1 + ID_STEP * self._renumbered

    @cached_property
    def _session_counts(self) -> Counter[int]:
        """Repository → how many sessions name it."""
        return Counter(
            repo
            for number in range(len(self))
            for repo in records.repos_of(self.seed, number, self.repos)
        )
