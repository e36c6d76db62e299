"""What in a repository somebody should see to, from its facts."""

from collections.abc import Iterator

from session_lattice.recall.records import Action, Banner, Repo
from session_lattice.sources.git.refs import DETACHED

DIRTY = "dirty_tree"
OPERATION = "in_progress_op"
DETACHED_HEAD = "detached_head"
PUSH = "push"
STALE = "stale_branch"


def signals(repo: Repo) -> Iterator[tuple[str, str]]:
    """(signal, what it means here)."""
    dirty = repo.modified_files + repo.untracked_files
    if dirty:
        yield (
            DIRTY,
            f"{dirty} not committed: {repo.modified_files} modified,"
            f" {repo.untracked_files} untracked",
        )
    if repo.in_progress_op:
        yield OPERATION, f"a {repo.in_progress_op} is under way"
    if repo.head_ref == DETACHED:
        yield DETACHED_HEAD, "no branch is checked out"
    if repo.commits_ahead:
        yield PUSH, f"commits that the upstream branch has not: {repo.commits_ahead}"
    if repo.stale_branches:
        names = ", ".join(branch.name for branch in repo.stale_branches)
        yield STALE, f"branches without a commit for 30 days: {names}"


def actions(repo: Repo) -> list[Action]:
    """One for each signal; the repository's own fields are set by the way."""
    found = [
        Action(
            f"{repo.id}:{signal}", repo.id, repo.name, repo.path, repo.remote_url, signal, detail
        )
        for signal, detail in signals(repo)
    ]
    repo.action_signals = [action.signal for action in found]
    repo.action_required = bool(found)
    return found


def banner(repos: list[Repo]) -> Banner:
    def showing(signal: str) -> int:
        return sum(signal in repo.action_signals for repo in repos)

    return Banner(
        dirty_repos=showing(DIRTY),
        in_progress_ops=showing(OPERATION),
        detached_heads=showing(DETACHED_HEAD),
        push=showing(PUSH),
    )
