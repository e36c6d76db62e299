-- How much of what each model reads comes from the prompt cache, and how much is lost to pauses?
-- axis: time
-- grain: agent, model
-- key: model
-- dirty: session_cache.model
-- column agent: | claude_code or codex
-- column model: | as the transcript names it
-- column sessions: count | sessions in which it answered
-- column responses: count | answers of the model's API, each counted once
-- column input_tokens: tokens | read by the model anew, neither from nor to the cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column cache_write_5m_tokens: tokens | written to it for five minutes, or where no record tells for how long
-- column cache_write_1h_tokens: tokens | written to it for an hour
-- column read_ratio: ratio | cache_read_tokens of all that the model was given to read; null for nothing
-- column reads_per_write: ratio | tokens read from the cache for each one written to it; null where writes are not told
-- column rewrites: count | responses that found less than half of what had been in the cache, and took at least that half in anew
-- column rewrites_after_pause: count | of these, more than five minutes after the response before
-- column rewritten_tokens: tokens | what had been in the cache and was not read from it by these responses
-- column rewritten_after_pause_tokens: tokens | of these, by those after a pause
-- column cache_read_cost_microdollars: microdollars | what the reads cost, of the responses whose price is known; null if none is, or if an earlier version priced them
-- column cache_write_cost_microdollars: microdollars | what the writes cost, of these
-- column cost_microdollars: microdollars | what these cost in all
-- column unpriced_responses: count | responses without a known price
SELECT
    agent,
    model,
    count(*) AS sessions,
    sum(responses)::BIGINT AS responses,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
    sum(cache_write_5m_tokens)::BIGINT AS cache_write_5m_tokens,
    sum(cache_write_1h_tokens)::BIGINT AS cache_write_1h_tokens,
    round(
        sum(cache_read_tokens)
        / nullif(
            sum(input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens), 0
        ),
        6
    ) AS read_ratio,
    round(
        sum(cache_read_tokens) / nullif(sum(cache_write_5m_tokens + cache_write_1h_tokens), 0), 3
    ) AS reads_per_write,
    sum(rewrites)::BIGINT AS rewrites,
    sum(rewrites_after_pause)::BIGINT AS rewrites_after_pause,
    sum(rewritten_tokens)::BIGINT AS rewritten_tokens,
    sum(rewritten_after_pause_tokens)::BIGINT AS rewritten_after_pause_tokens,
    sum(cache_read_cost_microdollars)::BIGINT AS cache_read_cost_microdollars,
    sum(cache_write_cost_microdollars)::BIGINT AS cache_write_cost_microdollars,
    sum(cost_microdollars)::BIGINT AS cost_microdollars,
    sum(unpriced_responses)::BIGINT AS unpriced_responses
FROM session_cache
WHERE dirty(model)
GROUP BY agent, model
