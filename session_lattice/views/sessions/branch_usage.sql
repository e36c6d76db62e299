-- What did the work on each branch take: sessions, tokens, money?
-- axis: sessions
-- grain: repo, branch
-- key: branch
-- dirty: session_branches.branch
-- column repo: | repository: its main checkout's directory, or the directory worked in; empty where no line tells
-- column branch: | branch that was checked out, empty where no line tells
-- column agents: | agents that worked there
-- column sessions: count | sessions that worked there; one on several branches counts on each
-- column worktrees: | checkouts that the work was done in
-- column first_at: UTC | first work
-- column last_at: UTC | last work
-- column messages: count | messages written there
-- column tool_calls: count | tools called there
-- column responses: count | answers of the model's API given there, each counted once
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column cost_microdollars: microdollars | of the responses whose price is known; null if none is
-- column unpriced_responses: count | responses of models without a known price
SELECT
    repo,
    branch,
    list(DISTINCT agent ORDER BY agent) AS agents,
    count(*) AS sessions,
    list_sort(list_distinct(flatten(list(worktrees)))) AS worktrees,
    min(first_at) AS first_at,
    max(last_at) AS last_at,
    sum(messages)::BIGINT AS messages,
    sum(tool_calls)::BIGINT AS tool_calls,
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
