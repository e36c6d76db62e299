-- What did this branch cost, and what came of it?
-- axis: attribution
-- grain: repo, branch
-- key: branch
-- dirty: session_branches.branch
-- dirty: commit_sessions.branch
-- dirty: session_pull_requests.branch
-- column repo: | repository: its main checkout's directory, or the directory worked in
-- column branch: | each call counts on the branch that it was made on; empty where that is unknown
-- column sessions: count | sessions that worked on it
-- column first_at: UTC | first work on it
-- column last_at: UTC | last work on it
-- column responses: count | answers of the model's API given on it
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column cost_microdollars: microdollars | of responses whose price is known; null if none is
-- column unpriced_responses: count | responses of models without a known price
-- column commits: count | commits made on it that are a session's: exact or strong
-- column additions: lines | added by these
-- column deletions: lines | taken away by these
-- column cost_per_commit_microdollars: microdollars | cost / commits; null without either
-- column pull_requests: | those that a session opened or linked on it: owner/repo#number
WITH spent AS (
    SELECT
        repo,
        branch,
        count(DISTINCT session) AS sessions,
        min(first_at) AS first_at,
        max(last_at) AS last_at,
        sum(responses)::BIGINT AS responses,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
        sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
        sum(cost_microdollars)::BIGINT AS cost_microdollars,
        sum(unpriced_responses)::BIGINT AS unpriced_responses
    FROM session_branches
    WHERE dirty(branch)
    GROUP BY repo, branch
),
made AS (
    SELECT
        repo,
        branch,
        count(*) AS commits,
        sum(additions)::BIGINT AS additions,
        sum(deletions)::BIGINT AS deletions
    FROM commit_sessions
    WHERE dirty(branch) AND confidence <> 'weak'
    GROUP BY repo, branch
),
linked AS (
    SELECT repo, branch, list_sort(list(DISTINCT slug || '#' || number)) AS pull_requests
    FROM session_pull_requests
    WHERE dirty(branch) AND confidence <> 'weak'
    GROUP BY repo, branch
)
SELECT
    s.*,
    coalesce(m.commits, 0) AS commits,
    coalesce(m.additions, 0) AS additions,
    coalesce(m.deletions, 0) AS deletions,
    (s.cost_microdollars / m.commits)::BIGINT AS cost_per_commit_microdollars,
    coalesce(l.pull_requests, []) AS pull_requests
FROM spent AS s
LEFT JOIN made AS m ON m.repo = s.repo AND m.branch = s.branch
LEFT JOIN linked AS l ON l.repo = s.repo AND l.branch = s.branch
