-- Position of the last of the next :limit events after :after, and the size of them all.
-- length() of a blob is known without reading it.
SELECT coalesce(max(position), 0), coalesce(sum(bytes), 0)
FROM (
    SELECT position, length(data) AS bytes
    FROM events
    WHERE /* stream = :stream AND */ position > :after
    ORDER BY position
    LIMIT :limit
)
