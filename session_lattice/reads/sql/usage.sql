-- What a session used, by model; a response counts once.
SELECT
    agent,
    model,
    count(*) AS responses,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
    sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
    sum(cost_microdollars)::BIGINT AS cost_microdollars,
    'transcript' AS counted_from
FROM responses
WHERE session = ?
GROUP BY agent, model
