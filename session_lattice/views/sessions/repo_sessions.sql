-- Which sessions worked in this repository, on which branches, at what cost?
-- axis: sessions
-- grain: repo, session
-- key: session
-- dirty: messages.session
-- dirty: tool_calls.session
-- dirty: responses.session
-- dirty: sessions.session
-- dirty: checkouts.cwd -> messages.session
-- dirty: checkouts.cwd -> tool_calls.session
-- dirty: checkouts.cwd -> responses.session
-- column repo: | repository: its main checkout's directory, or the directory worked in
-- column session: | agent and the agent's own id
-- column agent: | claude_code or codex
-- column title: | the session's title
-- column worktrees: | checkouts of the repository that the session worked in
-- column branches: | branches that it worked on there
-- column first_at: UTC | first work there
-- column last_at: UTC | last work there
-- column messages: count | messages written there
-- column tool_calls: count | tools called there
-- column responses: count | answers of the model's API given there
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column cost_microdollars: microdollars | of the responses whose price is known; null if none is
-- column unpriced_responses: count | responses of models without a known price
WITH work AS (
    SELECT
        session, cwd, branch, ts, 1 AS messages, 0 AS tool_calls, 0 AS responses,
        0 AS input_tokens, 0 AS output_tokens, 0 AS cache_write_tokens, 0 AS cache_read_tokens,
        NULL::BIGINT AS cost_microdollars, 0 AS unpriced
    FROM messages
    WHERE dirty(session) AND cwd IS NOT NULL
    UNION ALL
    SELECT session, cwd, branch, called_at, 0, 1, 0, 0, 0, 0, 0, NULL, 0
    FROM tool_calls
    WHERE dirty(session) AND cwd IS NOT NULL AND name IS NOT NULL
    UNION ALL
    SELECT
        session, cwd, branch, ts, 0, 0, 1,
        input_tokens, output_tokens, cache_write_tokens, cache_read_tokens,
        cost_microdollars, (cost_microdollars IS NULL)::INTEGER
    FROM responses
    WHERE dirty(session) AND cwd IS NOT NULL
)
SELECT
    coalesce(c.repo, w.cwd) AS repo,
    w.session,
    any_value(s.agent) AS agent,
    any_value(s.title) AS title,
    list(DISTINCT coalesce(c.worktree, w.cwd) ORDER BY coalesce(c.worktree, w.cwd)) AS worktrees,
    coalesce(list(DISTINCT w.branch ORDER BY w.branch) FILTER (WHERE w.branch IS NOT NULL), []) AS branches,
    min(w.ts) AS first_at,
    max(w.ts) AS last_at,
    sum(w.messages)::BIGINT AS messages,
    sum(w.tool_calls)::BIGINT AS tool_calls,
    sum(w.responses)::BIGINT AS responses,
    sum(w.input_tokens)::BIGINT AS input_tokens,
    sum(w.output_tokens)::BIGINT AS output_tokens,
    sum(w.cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(w.cache_read_tokens)::BIGINT AS cache_read_tokens,
    sum(w.cost_microdollars)::BIGINT AS cost_microdollars,
    sum(w.unpriced)::BIGINT AS unpriced_responses
FROM work AS w
LEFT JOIN checkouts AS c ON c.cwd = w.cwd
LEFT JOIN sessions AS s ON s.session = w.session
GROUP BY 1, 2
