-- What did a session use of each model, hour by hour?
-- axis: sessions
-- grain: session, hour, model
-- key: session
-- within: session
-- dirty: responses.session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column hour: UTC | its beginning
-- column model: | as the transcript names it
-- column agent: | claude_code or codex
-- column day: UTC | day of the hour
-- column responses: count | answers of the model's API, subagents' too, each counted once
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column reasoning_tokens: tokens | the part of output that was reasoning
-- column cost_microdollars: microdollars | of the responses whose price is known; null if none is
-- column unpriced_responses: count | responses without a known price
-- column cost_source: | whose price, of which version
-- column first_at: UTC | first response
-- column last_at: UTC | last response
SELECT
    session,
    date_trunc('hour', ts) AS hour,
    model,
    any_value(agent) AS agent,
    any_value(day) AS day,
    count(*) AS responses,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
    sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
    sum(cost_microdollars)::BIGINT AS cost_microdollars,
    count(*) FILTER (WHERE cost_microdollars IS NULL) AS unpriced_responses,
    max(cost_source) AS cost_source,
    min(ts) AS first_at,
    max(ts) AS last_at
FROM responses
WHERE dirty(session)
GROUP BY session, hour, model
