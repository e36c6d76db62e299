-- Number of the last of the next :limit events after :after, and the size of them all. The
-- number is the position, or the seq where one stream is read.
-- length() of a blob is known without reading it.
SELECT coalesce(max(number), 0), coalesce(sum(bytes), 0)
FROM (
    SELECT /* number */ position AS number, length(data) AS bytes
    FROM events
    WHERE /* stream */ /* number */ position > :after
    ORDER BY number
    LIMIT :limit
)
