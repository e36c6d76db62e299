-- What was used on each day, by agent and model?
-- axis: time
-- grain: day, agent, model, counted_from
-- key: day
-- dirty: session_usage.day
-- dirty: reported_usage.day
-- dirty: session_overview.session -> reported_usage.day
-- column day: UTC | day of the response; of an upstream's claim, the day that its session began
-- column agent: | claude_code or codex
-- column model: | as the transcript names it; several models or unknown where an upstream does not tell which
-- column sessions: count | sessions with a response on that day; of claims, sessions that began then
-- column responses: count | answers of the model's API, each counted once; 0 of a claim, which cannot tell them
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column reasoning_tokens: tokens | the part of output that was reasoning; 0 of a claim, which cannot tell it
-- column cost_microdollars: microdollars | null when the model has no known price, and of a claim
-- column unpriced_responses: count | responses without a known price; 0 of a claim
-- column cost_source: | whose price, of which version
-- column counted_from: | transcript; or upstream: its claims, which may count an answer twice, for sessions of which no transcript was read
SELECT
    day,
    agent,
    model,
    count(DISTINCT session) AS sessions,
    sum(responses)::BIGINT AS responses,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
    sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
    sum(cost_microdollars)::BIGINT AS cost_microdollars,
    sum(unpriced_responses)::BIGINT AS unpriced_responses,
    max(cost_source) AS cost_source,
    'transcript' AS counted_from
FROM session_usage
WHERE dirty(day)
GROUP BY day, agent, model
UNION ALL
SELECT
    u.day,
    u.agent,
    u.model,
    count(DISTINCT u.session),
    0,
    sum(u.input_tokens)::BIGINT,
    sum(u.output_tokens)::BIGINT,
    sum(u.cache_write_tokens)::BIGINT,
    sum(u.cache_read_tokens)::BIGINT,
    0,
    NULL,
    0,
    NULL,
    'upstream'
FROM reported_usage AS u
JOIN session_overview AS o ON o.session = u.session AND o.tokens_from = 'upstream'
WHERE dirty(u.day)
    AND greatest(u.input_tokens, u.output_tokens, u.cache_write_tokens, u.cache_read_tokens) > 0
GROUP BY u.day, u.agent, u.model
