"""What a repository's newest commits tell."""

from collections import OrderedDict

import pygit2
from pygit2.enums import SortMode

from session_lattice.sources.git import refs
from session_lattice.sources.git.facts import Commit, Facts
from session_lattice.sources.git.repository import plain

WINDOW_SECONDS = 30 * 86_400
"""How far back commits are counted."""

MAX_COMMITS = 2_000
"""Commits that are walked."""

MAX_COMPARED = 500
"""Commits of the window whose changed lines are counted."""

MAX_CHANGED_FILES = 1_000
"""A commit that changes more files is an import: its lines are not counted."""

RECENT_COMMITS = 15
"""Commits that are told whole."""

REMEMBERED = 50_000
"""Commits whose changed lines are remembered, the oldest forgotten first."""

NAME_CHARS = 200
SUBJECT_CHARS = 500
BODY_CHARS = 4_000
MAX_PARENTS = 16

_lines: OrderedDict[str, int] = OrderedDict()
"""Commit → lines added and removed; the same in every repository that has it."""


def history(repository: pygit2.Repository, facts: Facts, now: int) -> None:
    """Counts of the window and the newest commits, from what is checked out."""
    if repository.head_is_unborn:
        return
    authors = set()
    names = _names(repository)
    walked = repository.walk(repository.head.peel(pygit2.Commit).id, SortMode.TIME)
    for number, commit in enumerate(walked):
        within = commit.commit_time >= now - WINDOW_SECONDS
        if number >= MAX_COMMITS or not (within or number < RECENT_COMMITS):
            break
        if number < RECENT_COMMITS:
            facts.commits.append(_told(commit, names))
        if within:
            facts.commits_30d += 1
            authors.add(commit.author.raw_email)
            if facts.commits_30d <= MAX_COMPARED:
                facts.changed_lines_30d += _changed_lines(commit)
    facts.authors_30d = len(authors)


def _names(repository: pygit2.Repository) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name, tip in refs.tips(repository):
        names.setdefault(str(tip.id), []).append(plain(name, NAME_CHARS))
    return names


def _told(commit: pygit2.Commit, names: dict[str, list[str]]) -> Commit:
    # The raw bytes: a commit may name an encoding that is none.
    subject, _, body = commit.raw_message.partition(b"\n")
    author, committer = commit.author, commit.committer
    return Commit(
        sha=str(commit.id),
        author_name=plain(author.raw_name, NAME_CHARS),
        author_email=plain(author.raw_email, NAME_CHARS),
        authored_at=author.time,
        committer_name=plain(committer.raw_name, NAME_CHARS),
        committer_email=plain(committer.raw_email, NAME_CHARS),
        committed_at=commit.commit_time,
        offset_minutes=commit.commit_time_offset,
        subject=plain(subject.strip(), SUBJECT_CHARS),
        body=plain(body.strip(), BODY_CHARS),
        parents=[str(parent) for parent in commit.parent_ids[:MAX_PARENTS]],
        refs=names.get(str(commit.id), []),
    )


def _changed_lines(commit: pygit2.Commit) -> int:
    sha = str(commit.id)
    if sha not in _lines:
        _lines[sha] = _count_lines(commit)
        if len(_lines) > REMEMBERED:
            _lines.popitem(last=False)
    return _lines[sha]


def _count_lines(commit: pygit2.Commit) -> int:
    """Of a merge none: its parents' commits have them. Where a parent is missing none either."""
    if len(commit.parent_ids) > 1:
        return 0
    try:
        if commit.parent_ids:
            diff = commit.parents[0].tree.diff_to_tree(commit.tree, context_lines=0)
        else:
            diff = commit.tree.diff_to_tree(swap=True, context_lines=0)
    except KeyError:
        return 0
    if len(diff) > MAX_CHANGED_FILES:
        return 0
    return diff.stats.insertions + diff.stats.deletions
