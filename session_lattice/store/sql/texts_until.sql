-- Up to which time the next $limit texts go, of those that changed behind $position.
SELECT epoch_us(max(ts))
FROM (
    SELECT ts
    FROM (
        SELECT ts
        FROM messages
        WHERE changed > $position AND ts > make_timestamp($after)
        UNION ALL
        SELECT coalesce(called_at, returned_at) AS ts
        FROM tool_calls
        WHERE changed > $position AND coalesce(called_at, returned_at) > make_timestamp($after)
    )
    ORDER BY ts
    LIMIT $limit
)
