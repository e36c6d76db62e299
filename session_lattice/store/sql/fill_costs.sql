-- Integer microdollars, rounded half up, of the responses that a batch touched.
UPDATE responses
SET
    cost_microdollars = (priced.picodollars + 500000) // 1000000,
    cache_read_cost_microdollars = (priced.read_picodollars + 500000) // 1000000,
    cache_write_cost_microdollars = (priced.write_picodollars + 500000) // 1000000,
    cost_source = priced.provenance
FROM (
    SELECT
        r.agent,
        r.response,
        p.provenance,
        r.cache_read_tokens * p.cache_read AS read_picodollars,
        (r.cache_write_tokens - r.cache_write_1h_tokens) * p.cache_write
        + r.cache_write_1h_tokens * p.cache_write_1h AS write_picodollars,
        r.input_tokens * p.input
        + r.output_tokens * p.output
        + read_picodollars
        + write_picodollars AS picodollars
    FROM responses AS r
    JOIN prices AS p ON p.model = r.model AND p.day = r.day AND p.fast = (r.speed = 'fast')
    WHERE r.changed > $since
        AND r.input_tokens + r.cache_read_tokens + r.cache_write_tokens > p.above_input_tokens
    QUALIFY row_number() OVER (
        PARTITION BY r.agent, r.response ORDER BY p.above_input_tokens DESC
    ) = 1
) AS priced
WHERE responses.agent = priced.agent
    AND responses.response = priced.response
    AND responses.changed > $since
