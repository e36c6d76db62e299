"""Repositories as a Source: what sessions worked in, and what somebody named."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import msgspec

from session_lattice.events import Draft, RefsObserved
from session_lattice.sources.base import Batch, SourceStatus, count_warning
from session_lattice.sources.git import roots, told
from session_lattice.sources.git.gitdir import git_directory, small
from session_lattice.sources.git.portion import Portion
from session_lattice.sources.git.reader import GitReader
from session_lattice.sources.git.signature import signature
from session_lattice.sources.git.told import Told
from session_lattice.sources.text import digest

NAME = "git"

MAX_REPOSITORIES = 500
"""That are followed, those named in the settings first."""

RETRY_SECONDS = 900.0
"""After a repository has broken its reader or taken too long, before it is read again."""

CUT_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Due:
    repo: str
    place: str
    signature: str


class GitSource:
    """The Source protocol over repositories on disk; `look_at` says which.

    One that did not change costs a few stats and no process. What was told of one that has
    moved away or broken stays.
    """

    def __init__(
        self,
        directories: Sequence[Path] = (),
        *,
        reader: GitReader | None = None,
        sample_at: Path | None = None,
    ) -> None:
        """`sample_at`: make the sample's repository there and read it as the sample has it."""
        self._directories = directories
        self._sample_at = sample_at
        self._reader = reader or GitReader()
        self._repos: tuple[str, ...] = ()
        self._told: dict[str, Told] = {}
        self._due: list[_Due] = []
        self._broken: dict[str, float] = {}
        self._missing = 0
        self._left_out = 0
        self._found = 0

    @property
    def name(self) -> str:
        return NAME

    @property
    def roots(self) -> tuple[Path, ...]:
        return ()

    def look_at(self, repos: Iterable[str]) -> None:
        """Main checkouts that the next `pending` is to look at."""
        self._repos = tuple(repos)

    def load(self, checkpoints: Mapping[str, bytes]) -> None:
        decoded = ((repo, told.decode(data)) for repo, data in checkpoints.items())
        self._told = {repo: found for repo, found in decoded if found is not None}

    def pending(self) -> int:
        """Look for what changed; how much there is to read is not known before: 0."""
        if self._sample_at:
            return self._pending_sample(self._sample_at)
        named = dict.fromkeys(chain(roots.repositories(self._directories), self._repos))
        repos = list(named)[:MAX_REPOSITORIES]
        self._left_out = len(named) - len(repos)
        self._due, self._missing, self._found = [], 0, 0
        for repo in repos:
            self._look(repo, repo)
        return 0

    def _pending_sample(self, place: Path) -> int:
        # Needs libgit2, which no other puller has to load.
        from session_lattice.sources.git import sample

        sample.build(place)
        self._due, self._found = [], 0
        self._look(sample.REPOSITORY, str(place))
        return 0

    def _look(self, repo: str, place: str) -> None:
        found = signature(place)
        if found is None:
            self._missing += 1
            return
        self._found += 1
        if found != self._of(repo).signature and self._may_be_read(repo):
            self._due.append(_Due(repo, place, found))

    def batches(self) -> Iterator[Batch]:
        due, self._due = self._due, []
        for one in due:
            if self._sample_at:
                yield self._checkout()
            yield from self._read(one)
        if due:
            self._reader.reap()

    def abandon(self) -> None:
        self._reader.interrupt()

    def close(self) -> None:
        self._reader.close()
        self._reader.reap()

    def status(self) -> SourceStatus:
        warnings: dict[str, int] = {}
        for known in list(self._told.values()):
            for kind, count in known.warnings.items():
                count_warning(warnings, kind, count)
        for kind, count in (
            ("missing_repository", self._missing),
            ("repository_left_out", self._left_out),
            ("reading_broke_off", len(self._broken)),
        ):
            if count:
                count_warning(warnings, kind, count)
        return SourceStatus(NAME, "ok", "", repositories=self._found, warnings=warnings)

    def _of(self, repo: str) -> Told:
        return self._told.get(repo) or Told()

    def _may_be_read(self, repo: str) -> bool:
        broken_at = self._broken.get(repo)
        return broken_at is None or time.monotonic() - broken_at >= RETRY_SECONDS

    def _read(self, due: _Due) -> Iterator[Batch]:
        """Portion by portion, each with the checkpoint that holds once it is in the log."""
        repo, known = due.repo, self._of(due.repo)
        now = time.time_ns() // 1000
        cut = _cut(due.place)
        if cut != known.cut:
            # What lay behind the end of a shallow history was never told.
            known = msgspec.structs.replace(known, cut=cut, tips=[])
        known = msgspec.structs.replace(known, warnings={})
        for portion in self._reader.since(due.place, repo, known.tips, known.marks):
            if portion is None:
                self._broken[repo] = time.monotonic()
                return
            before, known = known, _after(known, portion)
            drafts = list(_drafts(repo, portion))
            if portion.standing and known.standing != before.standing:
                drafts.append(_standing(repo, known, portion.standing, now))
            if drafts or known != before:
                yield self._batch(repo, drafts, known)
        self._broken.pop(repo, None)
        yield self._batch(repo, [], msgspec.structs.replace(known, signature=due.signature))

    def _checkout(self) -> Batch:
        from session_lattice.sources.git import sample

        return Batch([sample.checkout(time.time_ns() // 1000)], {})

    def _batch(self, repo: str, drafts: list[Draft], known: Told) -> Batch:
        self._told[repo] = known
        return Batch(drafts, {repo: msgspec.json.encode(known)})


def _after(known: Told, portion: Portion) -> Told:
    """What is told once the portion is."""
    warnings = dict(known.warnings)
    for kind, count in portion.warnings.items():
        count_warning(warnings, kind, count)
    seen, standing = known.seen, known.standing
    if portion.standing:
        content = digest(msgspec.json.encode(portion.standing).decode())
        if content != seen:
            # What was seen before is in it: to come back to an earlier state is news too.
            seen, standing = content, digest(standing, content)
    return msgspec.structs.replace(
        known,
        tips=known.tips if portion.tips is None else portion.tips,
        marks={**known.marks, **portion.marks},
        standing=standing,
        seen=seen,
        warnings=warnings,
    )


def _drafts(repo: str, portion: Portion) -> Iterator[Draft]:
    name = digest(repo)
    for commit in portion.commits:
        yield Draft(f"repo/{name}", f"commit/{name}/{commit.sha}", commit.committed_at, commit)
    for move in portion.moves:
        event = move.event
        place = digest(event.worktree, str(move.ts), event.former_sha, event.sha, event.branch)
        yield Draft(f"repo/{name}", f"head/{name}/{place}", move.ts, event)


def _standing(repo: str, known: Told, event: RefsObserved, now: int) -> Draft:
    name = digest(repo)
    return Draft(f"repo/{name}", f"refs/{name}/{known.standing}", now, event)


def _cut(repo: str) -> str:
    directory = git_directory(repo)
    shallow = small(f"{directory}/shallow", CUT_BYTES) if directory else ""
    return digest(shallow) if shallow else ""
