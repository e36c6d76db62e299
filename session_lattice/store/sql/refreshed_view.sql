-- What a refresh with any work came to.
UPDATE catalog
SET rows = $rows, duration_ms = $duration, refresh_interval_seconds = $interval,
    costly = $costly
WHERE name = $name
