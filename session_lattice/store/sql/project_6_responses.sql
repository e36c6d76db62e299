-- of: usage.reported
-- Of several reports on one response the greatest total counts; session, time and place are
-- the first one's. Costs follow in a statement of their own, from the row as merged.
MERGE INTO responses AS r
USING (
    WITH counted AS (
        SELECT * REPLACE (
            coalesce(input_tokens, 0) AS input_tokens,
            coalesce(output_tokens, 0) AS output_tokens,
            coalesce(cache_write_tokens, 0) AS cache_write_tokens,
            coalesce(cache_write_1h_tokens, 0) AS cache_write_1h_tokens,
            coalesce(cache_read_tokens, 0) AS cache_read_tokens,
            coalesce(reasoning_tokens, 0) AS reasoning_tokens
        )
        FROM batch
        WHERE type = 'usage.reported'
    ),
    reports AS (
        SELECT
            *,
            input_tokens + output_tokens + cache_write_tokens + cache_read_tokens AS total,
            first_value(position) OVER same AS first_position
        FROM counted
        WINDOW same AS (PARTITION BY agent, response ORDER BY position)
    ),
    greatest_reports AS (
        SELECT * FROM reports
        QUALIFY row_number() OVER (PARTITION BY first_position ORDER BY total DESC, position) = 1
    )
    SELECT
        f.response, f.agent, f.session, f.subagent, f.ts, f.ts::DATE AS day,
        f.model, coalesce(g.speed, '') AS speed,
        g.input_tokens, g.output_tokens, g.cache_write_tokens, g.cache_write_1h_tokens,
        g.cache_read_tokens, g.reasoning_tokens, g.total,
        f.cwd, f.branch, f.origin, greatest(f.position, g.position) AS changed
    FROM greatest_reports AS g
    JOIN batch AS f ON f.position = g.first_position
) AS b
ON r.agent = b.agent AND r.response = b.response
WHEN MATCHED AND b.total > r.input_tokens + r.output_tokens + r.cache_write_tokens + r.cache_read_tokens
THEN UPDATE SET
    speed = b.speed,
    input_tokens = b.input_tokens,
    output_tokens = b.output_tokens,
    cache_write_tokens = b.cache_write_tokens,
    cache_write_1h_tokens = b.cache_write_1h_tokens,
    cache_read_tokens = b.cache_read_tokens,
    reasoning_tokens = b.reasoning_tokens,
    changed = b.changed
WHEN NOT MATCHED THEN INSERT (
    response, agent, session, subagent, ts, day, model, speed,
    input_tokens, output_tokens, cache_write_tokens, cache_write_1h_tokens,
    cache_read_tokens, reasoning_tokens, cwd, branch, origin, changed
) VALUES (
    b.response, b.agent, b.session, b.subagent, b.ts, b.day, b.model, b.speed,
    b.input_tokens, b.output_tokens, b.cache_write_tokens, b.cache_write_1h_tokens,
    b.cache_read_tokens, b.reasoning_tokens, b.cwd, b.branch, b.origin, b.changed
)
