-- How well did a session use the prompt cache, and where was it written again?
-- axis: sessions
-- grain: session, model
-- key: session
-- within: session
-- dirty: responses.session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column model: | as the transcript names it
-- column agent: | claude_code or codex
-- column responses: count | answers of the model's API, subagents' too, each counted once
-- column input_tokens: tokens | read by the model anew, neither from nor to the cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column cache_write_5m_tokens: tokens | written to it for five minutes, or where no record tells for how long
-- column cache_write_1h_tokens: tokens | written to it for an hour
-- column read_ratio: ratio | cache_read_tokens of all that the model was given to read; null for nothing
-- column rewrites: count | responses that read less than half of what the thread's response before had in the cache, and took at least that half in anew
-- column rewrites_after_pause: count | of these, more than five minutes after that response
-- column rewritten_tokens: tokens | what had been in the cache and was not read from it by these responses
-- column rewritten_after_pause_tokens: tokens | of these, by those after a pause
-- column cache_read_cost_microdollars: microdollars | what the reads cost, of the responses whose price is known; null if none is, or if an earlier version priced them
-- column cache_write_cost_microdollars: microdollars | what the writes cost, of these
-- column cost_microdollars: microdollars | what these cost in all
-- column unpriced_responses: count | responses without a known price
-- column longest_pause_seconds: seconds | longest time from a response to the next one of the same thread and model; null for one response
WITH followed AS (
    SELECT
        session, model, input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens,
        cost_microdollars, cache_read_cost_microdollars, cache_write_cost_microdollars,
        lag(cache_read_tokens + cache_write_tokens) OVER thread AS cached_tokens,
        epoch(ts - lag(ts) OVER thread) AS pause_seconds
    FROM responses
    WHERE dirty(session)
    WINDOW thread AS (PARTITION BY session, subagent, model ORDER BY ts, response)
),
judged AS (
    SELECT
        *,
        coalesce(
            cache_read_tokens * 2 < cached_tokens
            AND (input_tokens + cache_write_tokens) * 2 >= cached_tokens,
            false
        ) AS rewrite,
        cached_tokens - cache_read_tokens AS lost_tokens,
        pause_seconds > 300 AS paused
    FROM followed
)
SELECT
    session,
    model,
    split_part(session, '/', 1) AS agent,
    count(*) AS responses,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
    sum(cache_write_tokens - cache_write_1h_tokens)::BIGINT AS cache_write_5m_tokens,
    sum(cache_write_1h_tokens)::BIGINT AS cache_write_1h_tokens,
    round(
        sum(cache_read_tokens)
        / nullif(sum(input_tokens + cache_read_tokens + cache_write_tokens), 0),
        6
    ) AS read_ratio,
    count(*) FILTER (WHERE rewrite) AS rewrites,
    count(*) FILTER (WHERE rewrite AND paused) AS rewrites_after_pause,
    coalesce(sum(lost_tokens) FILTER (WHERE rewrite), 0)::BIGINT AS rewritten_tokens,
    coalesce(sum(lost_tokens) FILTER (WHERE rewrite AND paused), 0)::BIGINT
        AS rewritten_after_pause_tokens,
    sum(cache_read_cost_microdollars)::BIGINT AS cache_read_cost_microdollars,
    sum(cache_write_cost_microdollars)::BIGINT AS cache_write_cost_microdollars,
    sum(cost_microdollars)::BIGINT AS cost_microdollars,
    count(*) FILTER (WHERE cost_microdollars IS NULL) AS unpriced_responses,
    max(pause_seconds) AS longest_pause_seconds
FROM judged
GROUP BY session, model
