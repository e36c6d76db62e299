-- What did each model cost altogether?
-- axis: time
-- grain: agent, model, counted_from
-- key: model
-- dirty: daily_usage.model
-- column agent: | claude_code or codex
-- column model: | as the transcript names it; several models or unknown where an upstream does not tell which
-- column responses: count | answers of the model's API, each counted once; 0 of a claim, which cannot tell them
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column reasoning_tokens: tokens | the part of output that was reasoning; 0 of a claim, which cannot tell it
-- column cost_microdollars: microdollars | null when the model has no known price, and of a claim
-- column unpriced_responses: count | responses without a known price; 0 of a claim
-- column cost_source: | whose price, of which version
-- column first_day: UTC | day of the first response; of claims, day that the first session began
-- column last_day: UTC | day of the last response; of claims, day that the last session began
-- column counted_from: | transcript; or upstream: its claims, which may count an answer twice, for sessions of which no transcript was read
SELECT
    agent,
    model,
    sum(responses)::BIGINT AS responses,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
    sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
    sum(cost_microdollars)::BIGINT AS cost_microdollars,
    sum(unpriced_responses)::BIGINT AS unpriced_responses,
    max(cost_source) AS cost_source,
    min(day) AS first_day,
    max(day) AS last_day,
    counted_from
FROM daily_usage
WHERE dirty(model)
GROUP BY agent, model, counted_from
