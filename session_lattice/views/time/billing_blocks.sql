-- What was used in each five-hour billing block of an agent, and is one open?
-- axis: time
-- grain: agent, started_at
-- key: started_at
-- dirty: block_hours.started_at
-- dirty: SELECT b.started_at FROM changed(session_usage) AS u
--   JOIN block_hours AS b ON b.agent = u.agent AND b.hour = u.hour
-- expires: open_until
-- column agent: | claude_code or codex; only Claude Code's plans are known to be billed so
-- column started_at: UTC | full hour of the first response that no block before it covers
-- column ended_at: UTC | five hours later
-- column open_until: UTC | ended_at of the block that is open now; null for one that is over
-- column first_at: UTC | first response
-- column last_at: UTC | last response
-- column sessions: count | sessions with a response in it
-- column models: | models that answered
-- column responses: count | answers of the model's API, each counted once
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column total_tokens: tokens | the four together
-- column tokens_per_minute: tokens/minute | of all four, from the first response to the last; null where these are one
-- column cost_microdollars: microdollars | of the responses whose price is known; null if none is
-- column unpriced_responses: count | responses of models without a known price
SELECT
    b.agent,
    b.started_at,
    b.started_at + INTERVAL 5 HOURS AS ended_at,
    if(b.started_at + INTERVAL 5 HOURS > clock(), b.started_at + INTERVAL 5 HOURS, NULL)
        AS open_until,
    min(u.first_at) AS first_at,
    max(u.last_at) AS last_at,
    count(DISTINCT u.session) AS sessions,
    list(DISTINCT u.model ORDER BY u.model) AS models,
    sum(u.responses)::BIGINT AS responses,
    sum(u.input_tokens)::BIGINT AS input_tokens,
    sum(u.output_tokens)::BIGINT AS output_tokens,
    sum(u.cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(u.cache_read_tokens)::BIGINT AS cache_read_tokens,
    sum(u.input_tokens + u.output_tokens + u.cache_write_tokens + u.cache_read_tokens)::BIGINT
        AS total_tokens,
    round(
        sum(u.input_tokens + u.output_tokens + u.cache_write_tokens + u.cache_read_tokens)
        / nullif(epoch(max(u.last_at) - min(u.first_at)) / 60, 0),
        3
    ) AS tokens_per_minute,
    sum(u.cost_microdollars)::BIGINT AS cost_microdollars,
    sum(u.unpriced_responses)::BIGINT AS unpriced_responses
FROM block_hours AS b
JOIN session_usage AS u ON u.agent = b.agent AND u.hour = b.hour
WHERE dirty(b.started_at)
GROUP BY b.agent, b.started_at
