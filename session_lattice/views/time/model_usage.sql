-- What did each model cost altogether?
-- axis: time
-- grain: agent, model
-- key: model
-- dirty: responses.model
-- column agent: | claude_code or codex
-- column model: | as the transcript names it
-- column responses: count | answers of the model's API, each counted once
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column reasoning_tokens: tokens | the part of output that was reasoning
-- column cost_microdollars: microdollars | null when the model has no known price
-- column unpriced_responses: count | responses without a known price
-- column cost_source: | whose price, of which version
-- column first_day: UTC | day of the first response
-- column last_day: UTC | day of the last response
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
    max(day) AS last_day
FROM daily_usage
WHERE dirty(model)
GROUP BY agent, model
