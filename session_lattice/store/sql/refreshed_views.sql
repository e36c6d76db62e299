-- What refreshes with any work came to.
UPDATE catalog
SET
    rows = d.rows,
    duration_ms = d.duration_ms,
    refresh_interval_seconds = d.interval,
    costly = d.costly
FROM (
    SELECT
        unnest($names) AS name,
        unnest($rows) AS rows,
        unnest($durations) AS duration_ms,
        unnest($intervals) AS interval,
        unnest($costly) AS costly
) AS d
WHERE catalog.name = d.name
