"""Makes the page of `/` of what a generation lists and what the repositories on disk tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import msgspec

from session_lattice.recall import signals
from session_lattice.recall.records import (
    Commit,
    CommitWithRepo,
    Counts,
    Page,
    Repo,
    StaleBranch,
    UncommittedGroup,
    identity,
    link,
)
from session_lattice.recall.sessions import Listed
from session_lattice.sources.git import facts as git
from session_lattice.sources.git.facts import Facts

RECENT_COMMITS = 15
UNCOMMITTED_GROUPS = 6


@dataclass(frozen=True, slots=True)
class Content:
    """What one generation lists: `repos` are (path, sessions), `earliest` is unix seconds."""

    listed: Listed
    repos: Sequence[tuple[str, int]]
    sessions: int
    earliest: int | None


def page(content: Content, facts: Mapping[str, Facts], at: int) -> Page:
    """`at` is the scan's time, unix seconds, from which ages count."""
    repos = [_repo(path, sessions, facts.get(path), at) for path, sessions in content.repos]
    actions = [action for repo in repos for action in signals.actions(repo)]
    _score(repos)
    repos.sort(key=lambda repo: (-repo.activity_score, repo.path))
    return Page(
        repos=repos,
        recent_sessions=[msgspec.Raw(session) for session in content.listed.recent],
        recent_commits=_recent_commits(repos, facts),
        uncommitted_groups=_uncommitted(repos, facts),
        action_required=actions,
        banner=signals.banner(repos),
        counts=_counts(content, repos),
        earliest_session=content.earliest,
    )


def _repo(path: str, sessions: int, facts: Facts | None, at: int) -> Repo:
    number, name, _ = link(path)
    repo = Repo(id=number, path=path, name=name, session_count=sessions)
    if facts is None:
        return repo
    repo.commits_30d = facts.commits_30d
    repo.loc_churn_30d = facts.changed_lines_30d
    repo.untracked_files = facts.untracked_files
    repo.modified_files = facts.modified_files
    repo.authors_30d = facts.authors_30d
    repo.commits_ahead = facts.ahead
    repo.commits_behind = facts.behind
    repo.stash_count = facts.stashes
    repo.head_ref = facts.head
    repo.in_progress_op = facts.operation
    repo.stale_branches = [StaleBranch(one.name, at - one.tip_at) for one in facts.stale_branches]
    repo.remote_url = facts.remote_url
    repo.default_branch = facts.default_branch
    return repo


def _score(repos: Sequence[Repo]) -> None:
    """From 0 to 1: the mean of a repository's shares of the most sessions, commits and lines."""
    measures = [
        [float(repo.session_count), float(repo.commits_30d), float(repo.loc_churn_30d)]
        for repo in repos
    ]
    most = [max(column) or 1.0 for column in zip(*measures, strict=True)]
    for repo, own in zip(repos, measures, strict=True):
        shares = [value / top for value, top in zip(own, most, strict=True)]
        repo.activity_score = round(sum(shares) / len(shares), 4)


def _recent_commits(repos: Sequence[Repo], facts: Mapping[str, Facts]) -> list[CommitWithRepo]:
    found = [
        CommitWithRepo(_commit(commit, repo), repo.id, repo.name, repo.path, repo.remote_url)
        for repo in repos
        if repo.path in facts
        for commit in facts[repo.path].commits
    ]
    found.sort(key=lambda one: (-one.commit.timestamp, one.repo_path, one.commit.sha))
    return found[:RECENT_COMMITS]


def _commit(commit: git.Commit, repo: Repo) -> Commit:
    return Commit(
        id=identity(repo.path, commit.sha),
        repo_id=repo.id,
        sha=commit.sha,
        author_name=commit.author_name,
        author_email=commit.author_email,
        timestamp=commit.authored_at,
        subject=commit.subject,
        committer_name=commit.committer_name,
        committer_email=commit.committer_email,
        committer_date_iso=_iso(commit.committed_at, commit.offset_minutes),
        parents=" ".join(commit.parents),
        refs=", ".join(commit.refs),
        body=commit.body,
    )


def _iso(seconds: int, offset_minutes: int) -> str:
    """As ISO 8601, in the committer's own zone if there is such a one; "" for no time at all."""
    try:
        zone = timezone(timedelta(minutes=offset_minutes))
    except ValueError:
        zone = UTC
    try:
        return datetime.fromtimestamp(seconds, zone).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _uncommitted(repos: Sequence[Repo], facts: Mapping[str, Facts]) -> list[UncommittedGroup]:
    return [
        UncommittedGroup(
            repo.id,
            repo.name,
            repo.path,
            repo.remote_url,
            repo.untracked_files + repo.modified_files,
            facts[repo.path].changes,
        )
        for repo in repos
        if repo.untracked_files + repo.modified_files
    ][:UNCOMMITTED_GROUPS]


def _counts(content: Content, repos: Sequence[Repo]) -> Counts:
    commits = sum(repo.commits_30d for repo in repos)
    return Counts(len(repos), content.sessions, content.listed.links, commits)
