-- The views of the generation, as last refreshed.
SELECT
    name, axis, question, grain, columns, refresh_interval_seconds,
    origin, reads, materialized_at, duration_ms, costly, rows, error
FROM catalog
ORDER BY axis, name
