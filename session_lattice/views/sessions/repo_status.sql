-- Which repositories are known, and in what state are they?
-- axis: sessions
-- grain: repo
-- key: repo
-- dirty: repos.repo
-- dirty: repo_sessions.repo
-- dirty: git_repos.repo
-- dirty: commits.repo
-- column repo: | its main checkout's directory
-- column name: | as the upstream names it; else the name of its directory
-- column remote_url: | where it is pushed to
-- column default_branch: | branch that others start from
-- column head: | branch that is checked out, or detached
-- column in_progress: | operation that waits for an end, such as rebase
-- column uncommitted_files: count | files that are modified or not tracked
-- column modified_files: count | files that git tracks and that differ from the last commit
-- column untracked_files: count | files that git does not track
-- column commits_ahead: count | commits that the remote does not have
-- column commits_behind: count | commits that only the remote has
-- column stashes: count | changes put aside
-- column stale_branches: | branches that nobody has committed to for long
-- column commits_30d: count | commits of the 30 days before observed_at
-- column changed_lines_30d: count | lines added or removed in those days
-- column authors_30d: count | people who committed in those days
-- column open_prs: count | pull requests that are open
-- column draft_prs: count | of these, drafts
-- column open_issues: count | issues that are open
-- column prs_awaiting_my_review: count | pull requests that wait for a review by the upstream's user
-- column prs_mine_awaiting_review: count | pull requests of that user that wait for a review
-- column prs_mine_no_reviewer: count | pull requests of that user that nobody was asked to review
-- column my_draft_prs: count | drafts of that user
-- column issues_assigned_to_me: count | issues that are assigned to that user
-- column deploy_workflow: | workflow that deploys it
-- column deploy_status: | how that workflow last went
-- column deployed_at: UTC | when it last succeeded
-- column sessions: count | sessions that worked there or that the upstream links to it
-- column observed_at: UTC | when this was told
-- column upstream: | who told it; null where the repository was read here: then only remote_url, branches, commits, lines and authors are known
WITH recent AS (
    SELECT
        c.repo,
        count(*) AS commits_30d,
        coalesce(sum(c.additions + c.deletions), 0)::BIGINT AS changed_lines_30d,
        count(DISTINCT c.author_email) AS authors_30d
    FROM commits AS c
    JOIN git_repos AS g ON g.repo = c.repo
    WHERE dirty(c.repo)
        AND c.committed_at BETWEEN g.observed_at - INTERVAL 30 DAY AND g.observed_at
    GROUP BY c.repo
),
known AS (
    SELECT * FROM repos WHERE dirty(repo)
    UNION ALL BY NAME
    SELECT
        g.repo, parse_filename(g.repo) AS name, g.remote_url, g.default_branch, g.head,
        coalesce(c.commits_30d, 0) AS commits_30d,
        coalesce(c.changed_lines_30d, 0) AS changed_lines_30d,
        coalesce(c.authors_30d, 0) AS authors_30d, g.observed_at
    FROM git_repos AS g
    LEFT JOIN recent AS c ON c.repo = g.repo
    WHERE dirty(g.repo) AND g.repo NOT IN (SELECT repo FROM repos WHERE dirty(repo))
)
SELECT
    r.repo,
    r.name,
    r.remote_url,
    r.default_branch,
    r.head,
    r.in_progress,
    r.modified_files + r.untracked_files AS uncommitted_files,
    r.modified_files,
    r.untracked_files,
    r.commits_ahead,
    r.commits_behind,
    r.stashes,
    r.stale_branches,
    r.commits_30d,
    r.changed_lines_30d,
    r.authors_30d,
    r.open_prs,
    r.draft_prs,
    r.open_issues,
    r.prs_awaiting_my_review,
    r.prs_mine_awaiting_review,
    r.prs_mine_no_reviewer,
    r.my_draft_prs,
    r.issues_assigned_to_me,
    r.deploy_workflow,
    r.deploy_status,
    r.deployed_at,
    coalesce(s.sessions, 0) AS sessions,
    r.observed_at,
    r.upstream
FROM known AS r
LEFT JOIN (
    SELECT repo, count(*) AS sessions
    FROM repo_sessions
    WHERE dirty(repo)
    GROUP BY repo
) AS s ON s.repo = r.repo
