-- In which directories and on which branches did a session work?
-- axis: sessions
-- grain: session, cwd, branch
-- key: session
-- within: session
-- dirty: messages.session
-- dirty: tool_calls.session
-- dirty: responses.session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column cwd: | directory that was worked in, empty where no line tells
-- column branch: | branch that was checked out, empty where no line tells
-- column agent: | claude_code or codex
-- column first_at: UTC | first message, call, result or response there
-- column last_at: UTC | last message, call, result or response there
-- column messages: count | messages written there
-- column tool_calls: count | tools called there
-- column responses: count | answers of the model's API given there, each counted once
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column cost_microdollars: microdollars | of the responses whose price is known; null if none is
-- column unpriced_responses: count | responses of models without a known price
WITH work AS (
    SELECT
        session, cwd, branch, ts AS first_at, ts AS last_at,
        1 AS messages, 0 AS tool_calls, 0 AS responses,
        0 AS input_tokens, 0 AS output_tokens, 0 AS cache_write_tokens, 0 AS cache_read_tokens,
        NULL::BIGINT AS cost_microdollars, 0 AS unpriced
    FROM messages
    WHERE dirty(session)
    UNION ALL
    SELECT
        session, cwd, branch, coalesce(called_at, returned_at), coalesce(returned_at, called_at),
        0, (name IS NOT NULL)::INTEGER, 0, 0, 0, 0, 0, NULL, 0
    FROM tool_calls
    WHERE dirty(session)
    UNION ALL
    SELECT
        session, cwd, branch, ts, ts, 0, 0, 1,
        input_tokens, output_tokens, cache_write_tokens, cache_read_tokens,
        cost_microdollars, (cost_microdollars IS NULL)::INTEGER
    FROM responses
    WHERE dirty(session)
)
SELECT
    session,
    coalesce(cwd, '') AS cwd,
    coalesce(branch, '') AS branch,
    split_part(session, '/', 1) AS agent,
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
    sum(unpriced)::BIGINT AS unpriced_responses
FROM work
GROUP BY session, coalesce(cwd, ''), coalesce(branch, '')
