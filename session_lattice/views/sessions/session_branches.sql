-- On which branches of which repositories did a session work, and at what cost?
-- axis: sessions
-- grain: session, repo, branch
-- key: session
-- dirty: session_places.session
-- dirty: checkouts.cwd -> session_places.session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column repo: | repository: its main checkout's directory, or the directory worked in; empty where no line tells
-- column branch: | branch that was checked out when it worked, empty where no line tells
-- column agent: | claude_code or codex
-- column worktrees: | checkouts of the repository that it worked in
-- column first_at: UTC | first work there
-- column last_at: UTC | last work there
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
    p.session,
    coalesce(c.repo, p.cwd) AS repo,
    p.branch,
    any_value(p.agent) AS agent,
    coalesce(
        list(DISTINCT coalesce(c.worktree, p.cwd) ORDER BY coalesce(c.worktree, p.cwd))
            FILTER (WHERE p.cwd <> ''),
        []
    ) AS worktrees,
    min(p.first_at) AS first_at,
    max(p.last_at) AS last_at,
    sum(p.messages)::BIGINT AS messages,
    sum(p.tool_calls)::BIGINT AS tool_calls,
    sum(p.responses)::BIGINT AS responses,
    sum(p.input_tokens)::BIGINT AS input_tokens,
    sum(p.output_tokens)::BIGINT AS output_tokens,
    sum(p.cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(p.cache_read_tokens)::BIGINT AS cache_read_tokens,
    sum(p.cost_microdollars)::BIGINT AS cost_microdollars,
    sum(p.unpriced_responses)::BIGINT AS unpriced_responses
FROM session_places AS p
LEFT JOIN checkouts AS c ON c.cwd = p.cwd
WHERE dirty(p.session)
GROUP BY p.session, coalesce(c.repo, p.cwd), p.branch
