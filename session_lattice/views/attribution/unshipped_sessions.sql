-- Which sessions changed files of a repository and left no commit there, and what did that cost?
-- axis: attribution
-- grain: session, repo
-- key: session
-- dirty: session_files.session
-- dirty: session_branches.session
-- dirty: commit_candidates.session
-- dirty: repo_remotes.repo -> session_files.session
-- column session: | agent and the agent's own id
-- column repo: | repository whose commits are known: its main checkout's directory
-- column files: count | files there that it edited
-- column edits: count | edits there that worked
-- column first_edit_at: UTC | the first of them
-- column last_edit_at: UTC | the last of them; one that may still be at work has a late one
-- column last_file: | the file that it edited last
-- column branches: | branches that it edited on
-- column weak_commits: count | commits that may be its own, but hardly more than the time and the file say so
-- column responses: count | answers of the model's API that it had in the repository
-- column cost_microdollars: microdollars | of these, of those whose price is known; null if none is
-- column unpriced_responses: count | responses of models without a known price
WITH edited AS (
    SELECT
        session,
        repo,
        count(DISTINCT file) AS files,
        sum(edits)::BIGINT AS edits,
        min(first_edit_at) AS first_edit_at,
        max(last_edit_at) AS last_edit_at,
        arg_max(file, (last_edit_at, file)) AS last_file,
        list_sort(list_distinct(flatten(list(branches)))) AS branches
    FROM session_files
    WHERE dirty(session) AND edits > 0 AND repo IN (SELECT repo FROM repo_remotes)
    GROUP BY session, repo
),
known AS (
    SELECT session, repo, min(rank) AS rank, count(*) AS commits
    FROM commit_candidates
    WHERE dirty(session)
    GROUP BY session, repo
),
spent AS (
    SELECT
        session,
        repo,
        sum(responses)::BIGINT AS responses,
        sum(cost_microdollars)::BIGINT AS cost_microdollars,
        sum(unpriced_responses)::BIGINT AS unpriced_responses
    FROM session_branches
    WHERE dirty(session)
    GROUP BY session, repo
)
SELECT
    e.*,
    coalesce(k.commits, 0) AS weak_commits,
    coalesce(s.responses, 0) AS responses,
    s.cost_microdollars,
    coalesce(s.unpriced_responses, 0) AS unpriced_responses
FROM edited AS e
LEFT JOIN known AS k ON k.session = e.session AND k.repo = e.repo
LEFT JOIN spent AS s ON s.session = e.session AND s.repo = e.repo
WHERE coalesce(k.rank, 6) > 4
